/**
 * The record that crosses the boundary, in both directions: 44 integers, two floats and nine short
 * texts in fixed slots, 768 bytes. The host writes one input into the inbox; the table appends its
 * effects to the outbox, which grows as needed. core/records.ts mirrors this file.
 *
 *   byte 0    i32 × 44   fields below; 33 to 41 are the lengths of the texts
 *   byte 176  f64        host clock of the input, milliseconds since the epoch
 *   byte 184  f64        a size in bytes (find_free_lock)
 *   byte 192  64 B × 9   texts
 */
import { Bytes, dataOf } from "./bytes";
import { MAX_TEXT } from "./limits";
import { retireBlock, take } from "./memory";

export const STRIDE: i32 = 768;
const TEXTS: i32 = 192;
const TEXT_COUNT: i32 = 9;
if (TEXTS + TEXT_COUNT * MAX_TEXT != STRIDE) ERROR("the texts must end with the record");

// Integer fields.
export const KIND: i32 = 0;
export const CLIENT: i32 = 1;
export const REQUEST: i32 = 2;
export const OP: i32 = 3;
export const RT: i32 = 4;
export const MODE: i32 = 5;
export const FLAGS: i32 = 6;
export const LOCK_TYPE: i32 = 7;
export const RESULT: i32 = 8;
export const LM_RESULT: i32 = 9;
export const VERSION: i32 = 10;
export const HOST_ID: i32 = 11;
export const MAX_RETRIES: i32 = 12;
export const CALL: i32 = 13;
export const LOCKSPACE: i32 = 14;
export const TIMER: i32 = 15;
export const ARG: i32 = 16;
export const GENERATION: i32 = 17;
export const PREV_GENERATION: i32 = 18;
export const ALIGN_MB: i32 = 19;
export const OWNER_HOST: i32 = 20;
export const OWNER_GENERATION: i32 = 21;
export const OWNER_TIMESTAMP: i32 = 22;
export const VB_VERSION: i32 = 23;
export const VB_FLAGS: i32 = 24;
export const VB_RESOURCE: i32 = 25;
export const RETRY: i32 = 26;
export const GL_ENABLED: i32 = 27;
export const HOSTS_UNKNOWN: i32 = 28;
export const SH_COUNT: i32 = 29;
export const STATE: i32 = 30;
export const BITS: i32 = 31;
export const TAKEN_BY: i32 = 32;
const LENGTHS: i32 = 33;

// Floats, by byte offset.
export const NOW: i32 = 176;
export const SIZE: i32 = 184;

// Texts.
export const VG_NAME: i32 = 0;
export const VG_UUID: i32 = 1;
export const VG_ARGS: i32 = 2;
export const LV_NAME: i32 = 3;
export const LV_UUID: i32 = 4;
export const LV_ARGS: i32 = 5;
export const OTHER_ARGS: i32 = 6;
export const OWNER_NAME: i32 = 7;
export const OWNER_STATE: i32 = 8;

/** Where the host writes an input. */
export const INBOX: usize = memory.data(STRIDE, 8);

/** Integer field of the input. */
export function input(field: i32): i32 {
  return load<i32>(INBOX + (field << 2));
}

export function inputFloat(offset: i32): f64 {
  return load<f64>(INBOX + offset);
}

export function inputText(slot: i32): usize {
  return INBOX + TEXTS + slot * MAX_TEXT;
}

export function inputLength(slot: i32): i32 {
  return load<i32>(INBOX + ((LENGTHS + slot) << 2));
}

/** Are all text lengths of the input within their slots? */
export function inputFits(): bool {
  for (let slot = 0; slot < TEXT_COUNT; slot++) {
    const length = inputLength(slot);
    if (length < 0 || length > MAX_TEXT) return false;
  }
  return true;
}

const LEAST_OUTBOX: usize = 16384;
let outbox: usize = 0;
/** A power of two, as is every large block. */
let outboxBytes: usize = 0;
/** Records that it has room for. */
let capacity: i32 = 0;
let count: i32 = 0;

export function outboxAddress(): usize {
  return outbox;
}

export function effectCount(): i32 {
  return count;
}

export function clearOutbox(): void {
  count = 0;
}

/** Whatever was there is somebody else's now. */
export function forgetOutbox(): void {
  outbox = outboxBytes = 0;
  capacity = count = 0;
}

/** Moves the records to a block twice as large. */
function growOutbox(): void {
  const bytes = capacity == 0 ? LEAST_OUTBOX : outboxBytes * 2;
  const larger = take(bytes);
  memory.copy(larger, outbox, count * STRIDE);
  if (outbox != 0) retireBlock(outbox, outboxBytes);
  outbox = larger;
  outboxBytes = bytes;
  capacity = <i32> bytes / STRIDE;
}

/** Appends an empty record and returns its address, valid until the next one is appended. */
export function append(kind: i32): usize {
  if (count == capacity) growOutbox();
  const record = outbox + count * STRIDE;
  count++;
  memory.fill(record, 0, TEXTS);
  store<i32>(record, kind);
  return record;
}

export function put(record: usize, field: i32, value: i32): void {
  store<i32>(record + (field << 2), value);
}

export function putFloat(record: usize, offset: i32, value: f64): void {
  store<f64>(record + offset, value);
}

export function putText(record: usize, slot: i32, text: Bytes): void {
  const length = min<i32>(text.length, MAX_TEXT);
  memory.copy(record + TEXTS + slot * MAX_TEXT, dataOf(text), length);
  store<i32>(record + ((LENGTHS + slot) << 2), length);
}

/** Copies a text of the input into the same slot of a record. */
export function copyText(record: usize, slot: i32): void {
  const length = inputLength(slot);
  memory.copy(record + TEXTS + slot * MAX_TEXT, inputText(slot), length);
  store<i32>(record + ((LENGTHS + slot) << 2), length);
}
