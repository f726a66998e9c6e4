/**
 * The way into libdlm and libdlmcontrol: their symbols, opening them, and memory that stays where it
 * is while another thread or the kernel uses it.
 *
 * @module
 */
import { cText } from "./structs.ts";

/** The names under which the loader finds the libraries. */
export const LOCK_LIBRARY = "libdlm_lt.so.3";
export const CONTROL_LIBRARY = "libdlmcontrol.so.3";

/** A call that may wait for other nodes: not on the thread of the event loop. */
const waits = <const P extends Deno.NativeType[], const R extends Deno.NativeResultType>(
  parameters: P,
  result: R,
) => ({ parameters, result, nonblocking: true as const });

/** The flavour without threads of its own: a completion is read by the call that waits for it. */
const lockSymbols = {
  dlm_kernel_version: waits(["buffer", "buffer", "buffer"], "i32"),
  dlm_new_lockspace: waits(["buffer", "u32", "u32"], "pointer"),
  dlm_open_lockspace: waits(["buffer"], "pointer"),
  dlm_close_lockspace: waits(["pointer"], "i32"),
  dlm_release_lockspace: waits(["buffer", "pointer", "i32"], "i32"),
  // handle, mode, lksb, flags, name, namelen, parent, bastarg, bastaddr, range
  dlm_ls_lock_wait: waits(
    ["pointer", "u32", "pointer", "u32", "pointer", "u32", "u32", "pointer", "pointer", "pointer"],
    "i32",
  ),
  dlm_ls_unlock_wait: waits(["pointer", "u32", "u32", "pointer"], "i32"),
  // Looks in a list of this host only. On the calling thread, because it reports through errno.
  // The same up to parent, then astaddr, astarg, bastaddr, xid, timeout
  dlm_ls_lockx: {
    parameters: [
      "pointer",
      "u32",
      "pointer",
      "u32",
      "pointer",
      "u32",
      "u32",
      "pointer",
      "pointer",
      "pointer",
      "pointer",
      "pointer",
    ],
    result: "i32",
  },
} as const;

const controlSymbols = {
  dlmc_run_start: waits(["buffer", "i32", "i32", "u32", "buffer"], "i32"),
  dlmc_run_check: waits(["buffer", "i32", "i32", "u32", "buffer"], "i32"),
  dlmc_lockspace_info: waits(["buffer", "buffer"], "i32"),
} as const;

export type LockSymbols = Deno.DynamicLibrary<typeof lockSymbols>["symbols"];
export type ControlSymbols = Deno.DynamicLibrary<typeof controlSymbols>["symbols"];

/** A library of the DLM is not installed, or not the one that it should be. */
export class LibraryMissing extends Error {
  override name = "LibraryMissing";

  constructor(file: string, packages: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the DLM's library ${file} cannot be used. Install ${packages}. The loader says: ${why}`,
      { cause },
    );
  }
}

/** Opens libdlm. @throws {LibraryMissing} with what to install and the loader's own words. */
export function openLockLibrary(file = LOCK_LIBRARY): LockSymbols {
  try {
    return Deno.dlopen(file, lockSymbols).symbols;
  } catch (error) {
    throw new LibraryMissing(file, "libdlm3 (Debian) or dlm-lib (RPM)", error);
  }
}

/** Opens libdlmcontrol. @throws {LibraryMissing} as above. */
export function openControlLibrary(file = CONTROL_LIBRARY): ControlSymbols {
  try {
    return Deno.dlopen(file, controlSymbols).symbols;
  } catch (error) {
    throw new LibraryMissing(file, "libdlmcontrol3 (Debian) or dlm-lib (RPM)", error);
  }
}

const openLibc = () =>
  Deno.dlopen("libc.so.6", {
    calloc: { parameters: ["usize", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
    __errno_location: { parameters: [], result: "pointer" },
    dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  }).symbols;

let libcCalls: ReturnType<typeof openLibc> | undefined;

/** libc, opened when it is first needed. */
export function libc(): ReturnType<typeof openLibc> {
  libcCalls ??= openLibc();
  return libcCalls;
}

/** errno of the last call that was made on this thread. */
export function errno(): number {
  return new Deno.UnsafePointerView(libc().__errno_location()!).getInt32();
}

/** A C function that takes one argument, whatever it is, and does nothing. */
export function harmless(): Deno.PointerObject {
  harmlessFunction ??= libc().dlsym(null, cText("abs"))!;
  return harmlessFunction;
}

let harmlessFunction: Deno.PointerObject | undefined;

/** Memory that calls under way use. The runtime itself keeps no reference to it. */
const inUse = new Set<readonly BufferSource[]>();

/** Makes a call and keeps the memory that it uses until it is done. */
export async function holding<T>(
  memory: readonly BufferSource[],
  native: () => Promise<T>,
): Promise<T> {
  inUse.add(memory);
  try {
    return await native();
  } finally {
    inUse.delete(memory);
  }
}
