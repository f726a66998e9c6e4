/**
 * The value block in a GL or VG lease: 8 bytes, little endian: format (16 bit), flags (16 bit),
 * version (32 bit).
 *
 * @module
 */
import type { ValueBlock } from "../lock_manager.ts";

export const VALUE_BLOCK_LENGTH = 8;
/** Format once written; 0 says that it never was. */
const FORMAT = 0x0101;

export const noValueBlock: Readonly<ValueBlock> = Object.freeze({
  version: 0,
  flags: 0,
  resourceVersion: 0,
});

export function decodeValueBlock(bytes: Uint8Array): ValueBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, VALUE_BLOCK_LENGTH);
  return {
    version: view.getUint16(0, true),
    flags: view.getUint16(2, true),
    resourceVersion: view.getUint32(4, true),
  };
}

/** @param block what was read with the lock; its format and flags stay. */
export function encodeValueBlock(block: ValueBlock, resourceVersion: number): Uint8Array {
  const bytes = new Uint8Array(VALUE_BLOCK_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, block.version || FORMAT, true);
  view.setUint16(2, block.flags, true);
  view.setUint32(4, resourceVersion, true);
  return bytes;
}
