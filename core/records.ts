/**
 * The host's side of the record that crosses the boundary to the lock table: where each field is,
 * and how text gets in and out. Mirrors wasm/frame.ts and wasm/vocabulary.ts; records_test.ts
 * compares them.
 *
 * @module
 */

/** Bytes of one record. */
export const STRIDE = 768;
const TEXTS = 192;
const TEXT_SLOT = 64;
const LENGTHS = 33;
const HEADER_INTS = 44;

/** Integer fields by name, as indexes of 32 bit words. */
export const Field = {
  kind: 0,
  client: 1,
  request: 2,
  op: 3,
  resourceType: 4,
  mode: 5,
  flags: 6,
  lockType: 7,
  result: 8,
  lmResult: 9,
  version: 10,
  hostId: 11,
  maxRetries: 12,
  call: 13,
  lockspace: 14,
  timer: 15,
  arg: 16,
  generation: 17,
  prevGeneration: 18,
  alignMb: 19,
  ownerHost: 20,
  ownerGeneration: 21,
  ownerTimestamp: 22,
  vbVersion: 23,
  vbFlags: 24,
  vbResource: 25,
  retry: 26,
  glEnabled: 27,
  hostsUnknown: 28,
  shCount: 29,
  state: 30,
  bits: 31,
  takenBy: 32,
} as const;
export type Field = typeof Field[keyof typeof Field];

/** Float fields, as indexes of 64 bit words. */
export const Float = { now: 22, size: 23 } as const;

/** Text slots. */
export const Text = {
  vgName: 0,
  vgUuid: 1,
  vgArgs: 2,
  lvName: 3,
  lvUuid: 4,
  lvArgs: 5,
  otherArgs: 6,
  ownerName: 7,
  ownerState: 8,
} as const;
export type Text = typeof Text[keyof typeof Text];
const TEXT_SLOTS = Object.keys(Text).length;

export const Input = {
  request: 1,
  clientGone: 2,
  replyFailed: 3,
  lmDone: 4,
  timer: 5,
  cancel: 6,
  restoreLockspace: 7,
  restoreLock: 8,
  configure: 9,
  shutdown: 10,
} as const;
export type Input = typeof Input[keyof typeof Input];

export const Effect = {
  reply: 1,
  lmCall: 2,
  armTimer: 3,
  recordLock: 4,
  recordLockspace: 5,
  quit: 6,
  shutdownRefused: 7,
  lockspaceGone: 8,
} as const;
export type Effect = typeof Effect[keyof typeof Effect];

export const Row = { lockspace: 20, resource: 21, lock: 22, action: 23 } as const;

/** Lock manager calls: `op` of an lmCall effect. */
export const LmCall = {
  prepare: 1,
  join: 2,
  leave: 3,
  lock: 4,
  convert: 5,
  unlock: 6,
  forget: 7,
  hosts: 8,
  initVg: 9,
  initLv: 10,
  freeLv: 11,
  findFree: 12,
  rename: 13,
  running: 14,
  setGl: 15,
  hasGl: 16,
  refresh: 17,
  status: 18,
  checkArgs: 19,
  setArgs: 20,
  cancelJoin: 21,
} as const;
export type LmCall = typeof LmCall[keyof typeof LmCall];

/** Whether the table waits for the answer to a call. */
export function owesAnswer(op: number): boolean {
  return op !== LmCall.forget && op !== LmCall.cancelJoin;
}

/** Bits of `arg` in a leave: the VG is removed; its locks are dropped whatever counts on them. */
export const Leave = { free: 1, force: 2 } as const;

/** Bit of a reply's flags that is for the host alone (R_CREATED). */
export const CREATED = 0x10000;

/** Longest text that crosses the boundary, in bytes (MAX_NAME of the native protocol). */
export const MAX_TEXT = TEXT_SLOT;

/** Views on one memory; taken anew whenever the memory has grown. */
export class Records {
  #ints: Int32Array;
  #floats: Float64Array;
  #bytes: Uint8Array;
  /** What the texts of the record at `#writtenAt` are, by slot; many come again and again. */
  readonly #written = new Array<string>(TEXT_SLOTS).fill("");
  #writtenAt = -1;
  /** The last text of each slot, in or out: effects often repeat what the request said. */
  readonly #recent = new Array<string>(TEXT_SLOTS).fill("");

  constructor(private readonly memory: WebAssembly.Memory) {
    this.#ints = new Int32Array(memory.buffer);
    this.#floats = new Float64Array(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Takes the views anew if the memory grew since: growing leaves them empty. */
  refresh(): void {
    if (this.#ints.length !== 0) return;
    this.#ints = new Int32Array(this.memory.buffer);
    this.#floats = new Float64Array(this.memory.buffer);
    this.#bytes = new Uint8Array(this.memory.buffer);
  }

  /** Empties the record at `at` (all integers, floats and text lengths). */
  clear(at: number): void {
    const ints = this.#ints;
    // A loop: a call of fill() costs more than these few words.
    for (let i = at >> 2, end = i + HEADER_INTS + 4; i < end; i++) ints[i] = 0;
  }

  int(at: number, field: Field): number {
    return this.#ints[(at >> 2) + field]!;
  }

  /** The field read as an unsigned number. */
  uint(at: number, field: Field): number {
    return this.#ints[(at >> 2) + field]! >>> 0;
  }

  setInt(at: number, field: Field, value: number): void {
    this.#ints[(at >> 2) + field] = value;
  }

  float(at: number, field: number): number {
    return this.#floats[(at >> 3) + field]!;
  }

  setFloat(at: number, field: number, value: number): void {
    this.#floats[(at >> 3) + field] = value;
  }

  /** Reads a text as a byte string. */
  text(at: number, slot: Text): string {
    const length = this.#ints[(at >> 2) + LENGTHS + slot]!;
    if (length === 0) return "";
    const from = at + TEXTS + slot * TEXT_SLOT;
    const recent = this.#recent[slot]!;
    if (recent.length === length && this.#holds(from, recent)) return recent;
    const codes = this.#bytes.subarray(from, from + length) as unknown as number[];
    return this.#recent[slot] = String.fromCharCode.apply(null, codes);
  }

  #holds(from: number, text: string): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /**
   * Writes a byte string, cut to {@link MAX_TEXT} as the stock daemon's buffers cut it. Nothing else
   * may write texts to this record.
   */
  setText(at: number, slot: Text, text: string): void {
    const length = Math.min(text.length, TEXT_SLOT);
    this.#ints[(at >> 2) + LENGTHS + slot] = length;
    if (length === 0) return;
    if (at !== this.#writtenAt) {
      this.#written.fill("");
      this.#writtenAt = at;
    }
    if (text === this.#written[slot]) return;
    this.#written[slot] = this.#recent[slot] = text;
    const bytes = this.#bytes;
    const from = at + TEXTS + slot * TEXT_SLOT;
    for (let i = 0; i < length; i++) bytes[from + i] = text.charCodeAt(i);
  }
}
