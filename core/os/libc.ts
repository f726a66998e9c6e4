/**
 * The few libc calls that Deno has no API for, through FFI: peer credentials, fcntl locks, abstract
 * datagrams, sessions, process name, limits. All are short and made synchronously, so that errno can
 * be read after them.
 *
 * @module
 */

const symbols = {
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  // The lengths are size_t and ssize_t, but these fit, and 32 bit numbers are no BigInts.
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  epollWaiting: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  // glibc 2.35
  epoll_pwait2: {
    parameters: ["i32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
    optional: true,
  },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  ppoll: { parameters: ["buffer", "u32", "buffer", "pointer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  setDescriptorFlags: { name: "fcntl", parameters: ["i32", "i32", "i32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  setsid: { parameters: [], result: "i32" },
  prctl: { parameters: ["i32", "buffer", "usize", "usize", "usize"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  openlog: { parameters: ["buffer", "i32", "i32"], result: "void" },
  syslog: { parameters: ["i32", "buffer", "buffer"], result: "void" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Calls = Deno.DynamicLibrary<typeof symbols>["symbols"];

let calls: Calls | undefined;
let errnoView: Deno.UnsafePointerView | undefined;

/** libc, opened when it is first needed. */
export function libc(): Calls {
  calls ??= Deno.dlopen("libc.so.6", symbols).symbols;
  return calls;
}

/** errno of the last synchronous call. */
export function errno(): number {
  if (errnoView === undefined) {
    const location = libc().__errno_location();
    if (location === null) throw new Error("libc gave no address for errno");
    errnoView = new Deno.UnsafePointerView(location);
  }
  return errnoView.getInt32();
}

/** The system's words for an errno. */
export function strerror(number: number): string {
  const text = libc().strerror(number);
  return text === null ? `errno ${number}` : new Deno.UnsafePointerView(text).getCString();
}

/** NUL-terminated bytes of a text, for a `const char *`. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}
