/**
 * Texts out of bytes. The names of VGs and LVs come again and again: a text that was made lately is
 * found by its end and compared in place, which takes a fraction of making it anew.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Texts remembered; a newer one takes the place of an older one. A power of two. */
const REMEMBERED = 4096;
/** Longer texts are rare, and none of LVM's names is longer. */
const LONGEST = 64;

const remembered: string[] = new Array(REMEMBERED).fill("");

/** Bytes at the end of a text that its place depends on: names differ at their ends. */
const TELLING = 8;

/** The bytes from `from` to before `to` as a byte string. */
export function textAt(bytes: Buffer, from: number, to: number): string {
  if (from === to) return "";
  if (to - from > LONGEST) return bytes.toString("latin1", from, to);
  let hash = to - from;
  for (let at = Math.max(from, to - TELLING); at < to; at++) {
    hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  }
  const place = (hash ^ (hash >>> 12)) & (REMEMBERED - 1);
  const known = remembered[place]!;
  if (known.length === to - from && isAt(known, bytes, from)) return known;
  return remembered[place] = bytes.toString("latin1", from, to);
}

function isAt(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The same byte string, by itself: a part of a text keeps all of that text in memory. */
export function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
