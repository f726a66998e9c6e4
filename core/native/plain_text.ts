/**
 * Reads what LVM commands really send: one `key = value` pair a line with known keys, plain strings
 * and small decimal integers. Anything else is left to the parser of the whole grammar
 * (config_text.ts), with which this one agrees wherever it answers; it takes a quarter of the time.
 *
 * @module
 */
import type { Value } from "./config_text.ts";
import type { Fields } from "./request.ts";

/** Every key that a request may have, but for the PV paths of idm. */
const keys = [
  "request",
  "cmd",
  "pid",
  "mode",
  "opts",
  "vg_name",
  "vg_uuid",
  "vg_lock_type",
  "vg_lock_args",
  "lv_name",
  "lv_uuid",
  "lv_lock_args",
  "version",
  "host_id",
  "path",
  "max_retries",
  "align_mb",
  "lv_size_bytes",
  "set_lock_args",
  "prev_lv_args",
] as const;

const LF = 10, BLANK = 32, QUOTE = 34, ZERO = 48, NINE = 57, EQUALS = 61;
/** Longer integers are left to the other parser. */
const MAX_DIGITS = 9;
const BUCKETS = 4096;

const slots = new Map<string, number>(keys.map((key, slot) => [key, slot]));
/** Slot of the key with this hash, -1 for none. */
const slotByHash = new Int8Array(BUCKETS).fill(-1);
for (const [slot, key] of keys.entries()) {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = addToHash(hash, key.charCodeAt(i));
  if (slotByHash[hash] !== -1) throw new Error(`The key ${key} needs a bigger table`);
  slotByHash[hash] = slot;
}

function addToHash(hash: number, c: number): number {
  return (Math.imul(hash, 31) + c) & (BUCKETS - 1);
}

class PlainFields implements Fields {
  readonly values: (Value | undefined)[] = new Array(keys.length).fill(undefined);

  get(key: string): Value | undefined {
    const slot = slots.get(key);
    return slot === undefined ? undefined : this.values[slot];
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
}

/** The fields of a plain request; undefined if the text has anything unusual or wrong in it. */
export function readPlain(text: string): Fields | undefined {
  if (text.includes("\\") || text.includes("\0")) return undefined;
  const fields = new PlainFields();
  let at = 0;
  while (at < text.length) {
    at = readPair(text, at, fields.values);
    if (at < 0) return undefined;
    while (text.charCodeAt(at) === LF) at++;
  }
  // Without a request there is an error to be told, which is the other parser's.
  return fields.has("request") ? fields : undefined;
}

/** Reads the pair at `at`; returns where it ends, or -1 if it is not a plain one. */
function readPair(text: string, at: number, values: (Value | undefined)[]): number {
  const from = at;
  let hash = 0;
  let c = text.charCodeAt(at);
  while (c !== BLANK && c !== EQUALS && c === c) {
    hash = addToHash(hash, c);
    c = text.charCodeAt(++at);
  }
  const slot = slotByHash[hash]!;
  const key = keys[slot];
  if (key === undefined || key.length !== at - from || !text.startsWith(key, from)) return -1;
  if (values[slot] !== undefined) return -1;
  if (c === BLANK) c = text.charCodeAt(++at);
  if (c !== EQUALS) return -1;
  c = text.charCodeAt(++at);
  if (c === BLANK) c = text.charCodeAt(++at);
  if (c === QUOTE) {
    const end = text.indexOf('"', at + 1);
    if (end < 0 || !endsLine(text, end + 1)) return -1;
    values[slot] = text.substring(at + 1, end);
    return end + 1;
  }
  return readInteger(text, at, slot, values);
}

function readInteger(
  text: string,
  from: number,
  slot: number,
  values: (Value | undefined)[],
): number {
  let at = from;
  let value = 0;
  let c = text.charCodeAt(at);
  while (c >= ZERO && c <= NINE) {
    value = value * 10 + c - ZERO;
    c = text.charCodeAt(++at);
  }
  const digits = at - from;
  // A leading zero means octal.
  const octal = digits > 1 && text.charCodeAt(from) === ZERO;
  if (digits === 0 || digits > MAX_DIGITS || octal || !endsLine(text, at)) return -1;
  values[slot] = value;
  return at;
}

function endsLine(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === LF;
}
