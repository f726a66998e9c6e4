/**
 * The few libc calls the driver needs to talk to a daemon synchronously: Unix stream sockets, poll,
 * the abstract datagram socket that state listings arrive on, and entering a network namespace for
 * the moment in which that socket is bound. Everything runs on the calling thread.
 *
 * @module
 */

const lib = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  ppoll: { parameters: ["buffer", "usize", "buffer", "pointer"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});
const c = lib.symbols;

const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1, SO_RCVTIMEO = 20, SO_RCVBUFFORCE = 33;
const SIOCOUTQ = 0x5411n, CLONE_NEWNET = 0x40000000, O_CLOEXEC = 0o2000000;
const EINTR = 4, EAGAIN = 11;
const POLLIN = 1;

function errno(): number {
  const where = c.__errno_location();
  return where === null ? 0 : new Deno.UnsafePointerView(where).getInt32();
}

/** Passes on a result that is not negative, else throws with what failed and its errno. */
function check(result: number, what: string): number {
  if (result < 0) throw new Error(`${what} failed: errno ${errno()}`);
  return result;
}

/** One byte a character, as the protocol treats its text. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The reverse of {@link toBytes}. */
export function toText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return text;
}

function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const bytes = toBytes(path);
  const address = new Uint8Array(2 + bytes.length);
  address[0] = AF_UNIX;
  address.set(bytes, 2);
  return address;
}

/** Connects to a Unix stream socket; throws if nobody listens. */
export function connect(path: string): number {
  const fd = check(c.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const address = unixAddress(path + "\0");
  if (c.connect(fd, address, address.length) < 0) {
    const why = errno();
    c.close(fd);
    throw new Error(`connect to ${path} failed: errno ${why}`);
  }
  return fd;
}

/** Closes a descriptor. */
export function close(fd: number): void {
  c.close(fd);
}

/** Writes everything; false when the peer is gone. */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  for (let done = 0; done < bytes.length;) {
    const part = bytes.subarray(done);
    const sent = Number(c.send(fd, part, BigInt(part.length), MSG_NOSIGNAL));
    if (sent > 0) done += sent;
    else if (errno() !== EINTR) return false;
  }
  return true;
}

const receiveBuffer = new Uint8Array(1 << 17);

/** What has arrived, at most 128 KiB: `undefined` when nothing is there, empty at the end. */
export function receive(fd: number): Uint8Array | undefined {
  const got = Number(c.recv(fd, receiveBuffer, BigInt(receiveBuffer.length), MSG_DONTWAIT));
  if (got >= 0) return receiveBuffer.slice(0, got);
  const why = errno();
  if (why === EAGAIN || why === EINTR) return undefined;
  return new Uint8Array(0);
}

/** Waits for one datagram; `undefined` after the socket's receive timeout. */
export function receiveDatagram(fd: number): Uint8Array | undefined {
  for (;;) {
    const got = Number(c.recv(fd, receiveBuffer, BigInt(receiveBuffer.length), 0));
    if (got >= 0) return receiveBuffer.slice(0, got);
    if (errno() !== EINTR) return undefined;
  }
}

/**
 * Waits until one of the sockets has something to read (or its end).
 * @param microseconds longest wait, 0 to look only, below 0 for ever
 * @returns those that have
 */
export function waitReadable(fds: readonly number[], microseconds: number): number[] {
  const set = new Int32Array(fds.length * 2);
  fds.forEach((fd, i) => {
    set[2 * i] = fd;
    set[2 * i + 1] = POLLIN;
  });
  const timeout = microseconds < 0 ? null : new BigInt64Array([
    BigInt(Math.floor(microseconds / 1e6)),
    BigInt(Math.floor(microseconds % 1e6) * 1000),
  ]);
  const ready = c.ppoll(set, BigInt(fds.length), timeout, null);
  if (ready <= 0) return [];
  return fds.filter((_, i) => (set[2 * i + 1]! >>> 16) !== 0);
}

const outstanding = new Int32Array(1);

/** Bytes that the peer of a stream socket has not read yet. */
export function unread(fd: number): number {
  check(c.ioctl(fd, SIOCOUTQ, outstanding), "ioctl SIOCOUTQ");
  return outstanding[0]!;
}

/**
 * Binds the abstract datagram socket that listings are sent to, inside the network namespace of
 * another process, and returns its descriptor. Needs root.
 * @param seconds receive timeout
 */
export function bindDumpSocket(pid: number, seconds: number): number {
  const ours = openFile("/proc/thread-self/ns/net");
  const theirs = openFile(`/proc/${pid}/ns/net`);
  try {
    check(c.setns(theirs, CLONE_NEWNET), "setns");
    const fd = check(c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    const address = unixAddress("\0lvmlockd-dump.sock");
    check(c.bind(fd, address, address.length), "bind of the dump socket");
    const timeout = new BigInt64Array([BigInt(seconds), 0n]);
    check(c.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, 16), "setsockopt");
    c.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, new Int32Array([1 << 22]), 4);
    return fd;
  } finally {
    c.setns(ours, CLONE_NEWNET);
    c.close(ours);
    c.close(theirs);
  }
}

function openFile(path: string): number {
  return check(c.open(toBytes(path + "\0"), O_CLOEXEC), `open ${path}`);
}
