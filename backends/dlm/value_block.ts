/**
 * The value block of a GL or VG lock: the first 8 of the DLM's 32 bytes, little endian: format
 * (16 bit), flags (16 bit), version (32 bit). The other bytes are passed on as they were read.
 *
 * @module
 */
import type { ValueBlock } from "../lock_manager.ts";
import { LVB_LENGTH } from "./constants.ts";

/** Format once written; 0 says that it never was. */
const FORMAT = 0x0101;
/** Flag: the VG was removed. */
const REMOVED = 0x0001;

export const noBlock: () => Uint8Array<ArrayBuffer> = () => new Uint8Array(LVB_LENGTH);

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, LVB_LENGTH);

export function decodeBlock(bytes: Uint8Array): ValueBlock {
  const view = viewOf(bytes);
  return {
    version: view.getUint16(0, true),
    flags: view.getUint16(2, true),
    resourceVersion: view.getUint32(4, true),
  };
}

/**
 * What is to be written instead of a block that was read.
 * @param version 0 leaves the version as it is.
 */
export function changedBlock(
  read: Uint8Array,
  { version, removed }: { version: number; removed: boolean },
): Uint8Array<ArrayBuffer> {
  const bytes = noBlock();
  bytes.set(read);
  const view = viewOf(bytes);
  if (view.getUint16(0, true) === 0) view.setUint16(0, FORMAT, true);
  if (removed) view.setUint16(2, REMOVED, true);
  if (version !== 0) view.setUint32(4, version, true);
  return bytes;
}
