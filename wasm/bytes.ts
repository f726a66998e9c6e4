/** Byte strings: names and lock args as they came, one byte a character, never decoded. */

export type Bytes = StaticArray<u8>;

export const EMPTY: Bytes = new StaticArray<u8>(0);

/** Address of the first byte. */
export function dataOf(bytes: Bytes): usize {
  return changetype<usize>(bytes);
}

/** A copy of `length` bytes at `from`. */
export function copyOf(from: usize, length: i32): Bytes {
  if (length == 0) return EMPTY;
  const bytes = new StaticArray<u8>(length);
  memory.copy(changetype<usize>(bytes), from, length);
  return bytes;
}

export function sameBytes(bytes: Bytes, at: usize, length: i32): bool {
  return bytes.length == length && memory.compare(changetype<usize>(bytes), at, length) == 0;
}

/** Do both begin with the same `length` bytes (or are they equal, if shorter)? */
export function samePrefix(bytes: Bytes, at: usize, atLength: i32, length: i32): bool {
  const a = min<i32>(bytes.length, length);
  const b = min<i32>(atLength, length);
  return a == b && memory.compare(changetype<usize>(bytes), at, a) == 0;
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
  const bytes = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8> text.charCodeAt(i);
  return bytes;
}
