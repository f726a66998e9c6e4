/**
 * Texts out of bytes. The names of VGs and LVs come again and again: a text that was made lately is
 * found by its hash and compared in place, which takes a fraction of making it anew.
 *
 * @module
 */
import type { Buffer } from "node:buffer";

/** Texts remembered; a newer one takes the place of an older one. A power of two. */
const REMEMBERED = 4096;
/** Longer texts are rare, and none of LVM's names is longer. */
const LONGEST = 64;

const remembered: string[] = new Array(REMEMBERED).fill("");

/** Carries a hash on by one byte. Begins with 0. */
export function addToHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** The bytes from `from` to before `to` as a byte string; `hash` is that of all of them. */
export function textAt(bytes: Buffer, from: number, to: number, hash: number): string {
  if (from === to) return "";
  if (to - from > LONGEST) return bytes.toString("latin1", from, to);
  const place = (hash ^ (hash >>> 12)) & (REMEMBERED - 1);
  const known = remembered[place]!;
  if (known.length === to - from && isAt(known, bytes, from)) return known;
  return remembered[place] = bytes.toString("latin1", from, to);
}

function isAt(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
