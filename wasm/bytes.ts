/** Byte strings: names and lock args as they came, one byte a character, never decoded. */
import { born, BYTES, Owned, retire, take } from "./memory";

/** The bytes follow the object. They never change. */
@unmanaged
export class Bytes extends Owned {
  length: i32;
}

/** Shared by everything that has no text; never retired. */
export const EMPTY: Bytes = newBytes(0);

function newBytes(length: i32): Bytes {
  const bytes = changetype<Bytes>(take(offsetof<Bytes>() + length));
  bytes.mark = born(BYTES);
  bytes.length = length;
  return bytes;
}

/** Address of the first byte. */
export function dataOf(bytes: Bytes): usize {
  return changetype<usize>(bytes) + offsetof<Bytes>();
}

/** A copy of `length` bytes at `from`, owned by the caller. */
export function copyOf(from: usize, length: i32): Bytes {
  if (length == 0) return EMPTY;
  const bytes = newBytes(length);
  memory.copy(dataOf(bytes), from, length);
  return bytes;
}

export function copyOfBytes(bytes: Bytes): Bytes {
  return copyOf(dataOf(bytes), bytes.length);
}

/** Gives a text back. */
export function retireBytes(bytes: Bytes): void {
  if (bytes != EMPTY) retire<Bytes>(bytes, bytes.length);
}

export function sameBytes(bytes: Bytes, at: usize, length: i32): bool {
  return bytes.length == length && memory.compare(dataOf(bytes), at, length) == 0;
}

/** Do both begin with the same `length` bytes (or are they equal, if shorter)? */
export function samePrefix(bytes: Bytes, at: usize, atLength: i32, length: i32): bool {
  const a = min<i32>(bytes.length, length);
  const b = min<i32>(atLength, length);
  return a == b && memory.compare(dataOf(bytes), at, a) == 0;
}

/** FNV-1a; the constants are those of its 32 bit form. */
export function hashOf(at: usize, length: i32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < length; i++) {
    hash = (hash ^ load<u8>(at + i)) * 0x01000193;
  }
  return hash;
}

/** ASCII text as a byte string. */
export function ascii(text: string): Bytes {
  const bytes = newBytes(text.length);
  for (let i = 0; i < text.length; i++) {
    store<u8>(dataOf(bytes) + i, <u8> text.charCodeAt(i));
  }
  return bytes;
}
