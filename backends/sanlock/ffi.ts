/**
 * The way into sanlock's client library: its symbols, opening it, and what calls from another thread
 * need: memory that stays, a process that SIGPIPE does not end.
 *
 * @module
 */
import { alloc, decodeArray, type Decoder } from "./structs.ts";

/** The name under which the loader finds the library. */
export const LIBRARY = "libsanlock_client.so.1";

/** Every call waits for the sanlock daemon, so none is made on the thread of the event loop. */
const call = <const P extends Deno.NativeType[]>(...parameters: P) => ({
  parameters,
  result: "i32" as const,
  nonblocking: true as const,
});

const required = {
  sanlock_version: call("u32", "buffer", "buffer"),
  sanlock_register: call(),
  sanlock_killpath: call("i32", "u32", "buffer", "buffer"),
  sanlock_restrict: call("i32", "u32"),
  sanlock_add_lockspace_timeout: call("buffer", "u32", "u32"),
  sanlock_rem_lockspace: call("buffer", "u32"),
  sanlock_set_config: call("buffer", "u32", "u32", "pointer"),
  sanlock_get_hosts: call("buffer", "u64", "buffer", "buffer", "u32"),
  sanlock_get_lockspaces: call("buffer", "buffer", "u32"),
  sanlock_align: call("buffer"),
  sanlock_write_lockspace: call("buffer", "i32", "u32", "u32"),
  sanlock_read_lockspace: call("buffer", "u32", "buffer"),
  sanlock_write_resource: call("buffer", "i32", "i32", "u32"),
  sanlock_read_resource: call("buffer", "u32"),
  sanlock_read_resource_owners: call("buffer", "u32", "buffer", "buffer"),
  sanlock_acquire: call("i32", "i32", "u32", "i32", "buffer", "buffer"),
  sanlock_release: call("i32", "i32", "u32", "i32", "buffer"),
  sanlock_convert: call("i32", "i32", "u32", "buffer"),
  sanlock_set_lvb: call("u32", "buffer", "buffer", "i32"),
  sanlock_get_lvb: call("u32", "buffer", "buffer", "i32"),
};

/** Of sanlock 4 and later. Looked for but never called, so that their parameters do not matter. */
const later = { parameters: [], result: "void", optional: true } as const;
const optional = {
  sanlock_acquire2: later,
  sanlock_read_lockspace_host: later,
  sanlock_init_lockspace_host: later,
  sanlock_set_host: later,
} as const;

const symbols = { ...required, ...optional };

export type Symbols = Deno.DynamicLibrary<typeof symbols>["symbols"];
export type Feature = keyof typeof optional;

/** sanlock's client library is not installed, or not the one that it should be. */
export class LibraryMissing extends Error {
  override name = "LibraryMissing";

  constructor(file: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `sanlock's client library ${file} cannot be used. ` +
        `Install libsanlock-client1 (Debian) or sanlock-lib (RPM). The loader says: ${why}`,
      { cause },
    );
  }
}

/** Opens the library. @throws {LibraryMissing} with what to install and the loader's own words. */
export function openLibrary(file = LIBRARY): Symbols {
  try {
    return Deno.dlopen(file, symbols).symbols;
  } catch (error) {
    throw new LibraryMissing(file, error);
  }
}

/** Which functions of later versions an opened library has. */
export function featuresOf(library: Symbols): Record<Feature, boolean> {
  const names = Object.keys(optional) as Feature[];
  return Object.fromEntries(names.map((name) => [name, library[name] !== null])) as Record<
    Feature,
    boolean
  >;
}

const openLibc = () =>
  Deno.dlopen("libc.so.6", {
    free: { parameters: ["pointer"], result: "void" },
    close: { parameters: ["i32"], result: "i32" },
    fcntl: { parameters: ["i32", "i32", "usize"], result: "i32" },
    signal: { parameters: ["i32", "usize"], result: "usize" },
  }).symbols;

let libcCalls: ReturnType<typeof openLibc> | undefined;

/** libc, opened when it is first needed. */
export function libc(): ReturnType<typeof openLibc> {
  libcCalls ??= openLibc();
  return libcCalls;
}

const SIGPIPE = 13;
const SIG_IGN = 1n;

/**
 * The library writes to its socket without asking to be spared SIGPIPE: if the sanlock daemon has
 * ended and nobody ignores or handles that signal, it ends this process. The runtime ignores it, but
 * whoever removed a handler may have restored the default.
 */
export function surviveSigpipe(): void {
  const status = Deno.readTextFileSync("/proc/self/status");
  for (const [, mask] of status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)) {
    if (BigInt(`0x${mask}`) >> BigInt(SIGPIPE - 1) & 1n) return;
  }
  libc().signal(SIGPIPE, SIG_IGN);
}

/** Memory that calls under way use. The runtime itself keeps no reference to it. */
const inUse = new Set<readonly BufferSource[]>();

/** Makes a call and keeps the memory that it uses until it is done. */
export async function holding(
  memory: readonly BufferSource[],
  native: () => Promise<number>,
): Promise<number> {
  inUse.add(memory);
  try {
    return await native();
  } finally {
    inUse.delete(memory);
  }
}

/** An array of pointers to structures, which the caller has to keep as well. */
export function pointersTo(structs: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const pointers = alloc(structs.length * 8);
  const view = new DataView(pointers.buffer);
  structs.forEach((struct, i) => {
    view.setBigUint64(i * 8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(struct)), true);
  });
  return pointers;
}

/** Memory in which a call puts the address and the number of structures that it has allocated. */
export function arrayOut() {
  const address = new BigUint64Array(new ArrayBuffer(8));
  const count = new Int32Array(new ArrayBuffer(4));

  /**
   * Copies, frees and decodes them. There can be an address without any structures; after a failure
   * there is none.
   */
  function take<T>(result: number, size: number, decode: Decoder<T>): T[] {
    const pointer = result < 0 ? null : Deno.UnsafePointer.create(address[0]!);
    if (pointer === null) return [];
    const bytes = alloc(Math.max(count[0]!, 0) * size);
    if (bytes.length > 0) Deno.UnsafePointerView.copyInto(pointer, bytes);
    libc().free(pointer);
    return decodeArray(bytes, size, decode);
  }

  return { address, count, take };
}
