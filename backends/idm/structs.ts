/**
 * Layout of the structures that libseagate_ilm shares with its callers, little endian, and the memory
 * of one call. All that a call uses is one piece of memory, which neither moves nor goes while
 * somebody refers to it.
 *
 * @module
 */
import type { IlmMode } from "./constants.ts";

/** Sizes and offsets in bytes, by the names of the header. */
export const layout = {
  idm_lock_id: { size: 64, vg_uuid: 0, lv_uuid: 32 },
  idm_lock_op: { size: 4112, mode: 0, drive_num: 4, drives: 8, timeout: 4104 },
  /** The value block. */
  lvb: { size: 8 },
} as const;

type Bytes = Uint8Array<ArrayBuffer>;

/** Memory outside of the runtime's own heap, where small arrays may be moved. */
export const bytesOf = (length: number): Bytes => new Uint8Array(new ArrayBuffer(length));

/** A byte string as C has it: with a zero at its end. */
export function cText(text: string): Bytes {
  const bytes = bytesOf(text.length + 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A copy that no caller changes while a call uses it. */
export function copyOf(bytes: Uint8Array): Bytes {
  const copy = bytesOf(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A `struct idm_lock_op`; `memory` has the paths that it points to as well. */
export interface LockOp {
  op: Bytes;
  memory: ArrayBuffer;
}

/**
 * @param drives paths as byte strings, at most as many as the structure has room for.
 * @param timeoutMs lease, milliseconds.
 */
export function lockOp(mode: IlmMode, drives: readonly string[], timeoutMs: number): LockOp {
  const { size, ...at } = layout.idm_lock_op;
  const room = (at.timeout - at.drives) / 8;
  if (drives.length > room) throw new RangeError(`more than ${room} drives`);
  const length = drives.reduce<number>((sum, path) => sum + path.length + 1, size);
  const memory = new ArrayBuffer(length);
  const view = new DataView(memory);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(memory)));
  view.setUint32(at.mode, mode, true);
  view.setUint32(at.drive_num, drives.length, true);
  view.setInt32(at.timeout, timeoutMs, true);
  let next: number = size;
  drives.forEach((path, i) => {
    view.setBigUint64(at.drives + 8 * i, BigInt(address) + BigInt(next), true);
    for (let j = 0; j < path.length; j++) view.setUint8(next + j, path.charCodeAt(j));
    next += path.length + 1;
  });
  return { op: new Uint8Array(memory, 0, size), memory };
}
