/**
 * The way into libseagate_ilm: its symbols, opening it, and memory that stays where it is while
 * another thread uses it.
 *
 * @module
 */

/** The name under which the loader finds the library. */
export const LIBRARY = "libseagate_ilm.so.0";

/** Every call waits for the manager's answer: not on the thread of the event loop. */
const waits = <const P extends Deno.NativeType[]>(...parameters: P) => ({
  parameters,
  result: "i32" as const,
  nonblocking: true as const,
});

const symbols = {
  ilm_connect: waits("buffer"),
  ilm_disconnect: waits("i32"),
  ilm_lock: waits("i32", "buffer", "buffer"),
  ilm_unlock: waits("i32", "buffer"),
  ilm_convert: waits("i32", "buffer", "u32"),
  ilm_write_lvb: waits("i32", "buffer", "buffer", "i32"),
  ilm_read_lvb: waits("i32", "buffer", "buffer", "i32"),
  ilm_set_killpath: waits("i32", "buffer", "buffer"),
  ilm_get_host_count: waits("i32", "buffer", "buffer", "buffer", "buffer"),
} as const;

export type IlmSymbols = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** The library is not installed, or not the one that it should be. */
export class LibraryMissing extends Error {
  override name = "LibraryMissing";

  constructor(file: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the library ${file} cannot be used. It is the client library of Seagate Propeller, the IDM ` +
        `lock manager: install it with its daemon seagate_ilm. The loader says: ${why}`,
      { cause },
    );
  }
}

/** Opens the library. @throws {LibraryMissing} with what to install and the loader's own words. */
export function openLibrary(file = LIBRARY): IlmSymbols {
  try {
    const library = Deno.dlopen(file, symbols).symbols;
    // The library writes to connections that may have ended.
    libc().signal(SIGPIPE, SIG_IGN);
    return library;
  } catch (error) {
    throw new LibraryMissing(file, error);
  }
}

const SIGPIPE = 13;
const SIG_IGN = Deno.UnsafePointer.create(1n);

const openLibc = () =>
  Deno.dlopen("libc.so.6", {
    signal: { parameters: ["i32", "pointer"], result: "pointer" },
    close: { parameters: ["i32"], result: "i32" },
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
    poll_later: {
      name: "poll",
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
      nonblocking: true,
    },
  }).symbols;

let libcCalls: ReturnType<typeof openLibc> | undefined;

/** libc, opened when it is first needed. */
export function libc(): ReturnType<typeof openLibc> {
  libcCalls ??= openLibc();
  return libcCalls;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** A program that this process starts must not keep the connection open. */
export function closeOnExec(fd: number): void {
  libc().fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** Memory that calls under way use. The runtime itself keeps no reference to it. */
const inUse = new Set<readonly (BufferSource | ArrayBuffer)[]>();

/** Makes a call and keeps the memory that it uses until it is done. */
export async function holding<T>(
  memory: readonly (BufferSource | ArrayBuffer)[],
  native: () => Promise<T>,
): Promise<T> {
  inUse.add(memory);
  try {
    return await native();
  } finally {
    inUse.delete(memory);
  }
}
