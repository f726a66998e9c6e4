/**
 * Reads what LVM commands really send: one `key = value` pair a line with known keys, plain strings
 * and small decimal integers, straight from the bytes. Anything else is left to the parser of the
 * whole grammar (config_text.ts), with which this one agrees wherever it answers; it takes a tenth
 * of the time.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { type Fields, keys, noValues, Slot } from "./fields.ts";
import { textAt } from "./names.ts";

const LF = 10, BLANK = 32, QUOTE = 34, ZERO = 48, NINE = 57, EQUALS = 61, BACKSLASH = 92;
/** Longer integers are left to the other parser. */
const MAX_DIGITS = 9;
const BUCKETS = 4096;

const keyBytes = keys.map((key) => new TextEncoder().encode(key));
/** Slot of the key with this number, -1 for none. */
const slotByNumber = new Int8Array(BUCKETS).fill(-1);
for (const [slot, bytes] of keyBytes.entries()) {
  const number = numberOf(bytes, 0, bytes.length);
  if (slotByNumber[number] !== -1) throw new Error(`The key ${keys[slot]} needs a bigger table`);
  slotByNumber[number] = slot;
}

/** A few bytes by which the keys differ. */
function numberOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const ends = Math.imul(bytes[from]!, 7) + Math.imul(bytes[to - 1]!, 31);
  return (ends + Math.imul(bytes[from + (length >> 1)]!, 131) + length * 613) & (BUCKETS - 1);
}

/** Read into again and again; they are taken over before the next request is read. */
const values = noValues();
const fields: Fields = { values };

/**
 * The fields of a plain request, the bytes before `end`; undefined if anything in it is unusual or
 * wrong. They are good until the next call.
 */
export function readPlain(bytes: Buffer, end: number): Fields | undefined {
  // A loop: fill() and a new array take several times as long.
  for (let slot = 0; slot < values.length; slot++) values[slot] = undefined;
  let at = 0;
  while (at < end) {
    at = readPair(bytes, at, end);
    if (at < 0) return undefined;
    while (at < end && bytes[at] === LF) at++;
  }
  // Without a request there is an error to be told, which is the other parser's.
  return values[Slot.request] === undefined ? undefined : fields;
}

/** Reads the pair at `at`; returns where it ends, or -1 if it is not a plain one. */
function readPair(bytes: Buffer, at: number, end: number): number {
  const from = at;
  while (at < end && bytes[at] !== BLANK && bytes[at] !== EQUALS) at++;
  if (at === from) return -1;
  const slot = slotByNumber[numberOf(bytes, from, at)]!;
  if (slot < 0 || values[slot] !== undefined || !isKey(slot, bytes, from, at)) return -1;
  if (bytes[at] === BLANK) at++;
  if (at >= end || bytes[at] !== EQUALS) return -1;
  at++;
  if (bytes[at] === BLANK) at++;
  if (at >= end) return -1;
  return bytes[at] === QUOTE
    ? readString(bytes, at + 1, end, slot)
    : readInteger(bytes, at, end, slot);
}

function isKey(slot: number, bytes: Uint8Array, from: number, to: number): boolean {
  const key = keyBytes[slot]!;
  if (key.length !== to - from) return false;
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

/** No line breaks in it: one of them may be part of a terminator. */
function readString(bytes: Buffer, from: number, end: number, slot: number): number {
  let at = from;
  let c = bytes[at]!;
  while (at < end && c !== QUOTE) {
    if (c < BLANK || c === BACKSLASH) return -1;
    c = bytes[++at]!;
  }
  if (at >= end || !endsLine(bytes, at + 1, end)) return -1;
  values[slot] = textAt(bytes, from, at);
  return at + 1;
}

function readInteger(bytes: Buffer, from: number, end: number, slot: number): number {
  let at = from;
  let value = 0;
  let c = bytes[at]!;
  while (at < end && c >= ZERO && c <= NINE) {
    value = value * 10 + c - ZERO;
    c = bytes[++at]!;
  }
  const digits = at - from;
  // A leading zero means octal.
  const octal = digits > 1 && bytes[from] === ZERO;
  if (digits === 0 || digits > MAX_DIGITS || octal || !endsLine(bytes, at, end)) return -1;
  values[slot] = value;
  return at;
}

function endsLine(bytes: Uint8Array, at: number, end: number): boolean {
  return at === end || bytes[at] === LF;
}
