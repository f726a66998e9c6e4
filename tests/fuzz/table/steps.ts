/**
 * Turns bytes into inputs of the lock table: each twelve are one input, most of them such as a daemon
 * hands in, with values at the edges of what there is; some are any record at all.
 *
 * @module
 */
import { Field, Float, Input, STRIDE, Text } from "../../../core/records.ts";
import { Prng } from "../../oracle/prng.ts";

/** Bytes of one step. */
export const STEP = 12;
const LENGTHS = 33;
const TEXTS = 192;
const SLOT = 64;
const SLOTS = 9;

/** Names and texts; a VG name has to fit 59 bytes, a text 64. */
const vgNames = ["a", "b", "", "lvm_global", "global", "lvm_a", "x".repeat(59), "x".repeat(60)]
  .concat(["x".repeat(64), "x".repeat(48) + "1", "x".repeat(48) + "2", "a\0b", "\xff\x80", "a "]);
const lvUuids = ["L1", "L2", "L3", "", "GLLK", "VGLK", "u".repeat(64), "\0", "L1\0"];
const argsTexts = ["", "1.0.0:a", "1.0.0:b", "none", "z".repeat(64), "\xff"];
const numbers = [0, 1, 2, 3, -1, 7, 64, 2000, 2001, 65535, 65536, 0x7fffffff, -0x80000000, -2];
const results = [0, 0, 0, 0, 1, -1, -2, -11, -12, -16, -17, -22, -107, -110, -114, -210, -212, -217]
  .concat([-218, -219, -222, -224, -226, 0x7fffffff, -0x80000000]);
const ops = [
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  10,
  11,
  12,
  13,
  16,
  17,
  18,
  19,
  20,
  21,
  22,
  23,
  24,
  25,
  28,
  29,
  30,
];
const modes = [0, 2, 3, 3, 2, -1, 1, 4, 99];
const types = [0, 1, 2, 3, 3, 3, 2];
const lockTypes = [2, 3, 4, 0, -2, 1, 5, 31, 32, -1];
const flags = [0, 1, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x10000, 0x80000, 0x200000, -1]
  .concat([0x11, 0x21, 0x30, 0x10001, 0x80001, 0x210001]);

const pick = <T>(list: readonly T[], byte: number): T => list[byte % list.length]!;

/** One record of the boundary. */
export class InputRecord {
  readonly bytes = new Uint8Array(STRIDE);
  readonly #view = new DataView(this.bytes.buffer);

  constructor(kind: number, now: number) {
    this.int(Field.kind, kind);
    this.#view.setFloat64(8 * Float.now, now, true);
  }

  int(field: number, value: number): this {
    this.#view.setInt32(4 * field, value, true);
    return this;
  }

  text(slot: number, text: string): this {
    for (let i = 0; i < text.length; i++) this.bytes[TEXTS + slot * SLOT + i] = text.charCodeAt(i);
    return this.int(LENGTHS + slot, text.length);
  }

  size(value: number): this {
    this.#view.setFloat64(8 * Float.size, value, true);
    return this;
  }
}

/** What the table has asked for, and what was said to it, as far as later steps refer to it. */
export interface Surroundings {
  now: number;
  calls: readonly number[];
  timers: readonly number[];
  lastRequest: number;
  lastLockspace: number;
}

type Bytes = readonly number[];

function request(kind: number, bytes: Bytes, around: Surroundings): InputRecord {
  const [, client, op, rt, mode, flag, more, type, vg, lv, number, args] = bytes;
  return new InputRecord(kind, around.now)
    .int(Field.client, 1 + client! % 4)
    .int(Field.request, around.lastRequest)
    .int(Field.op, op! < 240 ? pick(ops, op!) : op! - 240)
    .int(Field.resourceType, pick(types, rt!))
    .int(Field.mode, pick(modes, mode!))
    .int(Field.flags, pick(flags, flag!) | (more! > 200 ? pick(flags, more!) : 0))
    .int(Field.lockType, pick(lockTypes, type!))
    .int(Field.version, pick(numbers, number!))
    .int(Field.hostId, pick(numbers, number! >> 4))
    .int(Field.maxRetries, pick(numbers, more!))
    .int(Field.alignMb, pick(numbers, args! >> 3))
    .size(pick([0, 1, 1e18, -1, NaN, Infinity], args! >> 2))
    .text(Text.vgName, pick(vgNames, vg! >> (vg! % 2 * 3)))
    .text(Text.vgUuid, pick(["u", "", "w".repeat(64)], args!))
    .text(Text.vgArgs, pick(argsTexts, args!))
    .text(Text.lvName, pick(["lv", "", "n".repeat(64)], args! >> 1))
    .text(Text.lvUuid, pick(lvUuids, lv!))
    .text(Text.lvArgs, pick(argsTexts, args! >> 4))
    .text(Text.otherArgs, pick(argsTexts, args! >> 5));
}

function answer(bytes: Bytes, around: Surroundings): InputRecord {
  const [, which, result, bits, format, version, arg, text, owner, generation, type, host] = bytes;
  const call = which! > 250 ? pick(numbers, which!) : pick([...around.calls, 0], which!);
  return new InputRecord(Input.lmDone, around.now)
    .int(Field.call, call)
    .int(Field.result, pick(results, result!))
    .int(Field.lmResult, pick(results, result! >> 3))
    .int(Field.retry, pick([0, 0, 1, 2, 3], bits!))
    .int(Field.glEnabled, bits! >> 3 & 1)
    .int(Field.hostsUnknown, bits! >> 4 & 1)
    .int(Field.vbVersion, pick([0x101, 0x101, 0, 0x200, 0xffff, -1], format!))
    .int(Field.vbFlags, pick([0, 0, 1, -1], format! >> 3))
    .int(Field.vbResource, pick(numbers, version!))
    .int(Field.arg, pick([0, 1, 4, 8, 16, 12, 28, -1, 1 << 31], arg!))
    .int(Field.generation, pick(numbers, generation!))
    .int(Field.prevGeneration, pick(numbers, generation! >> 4))
    .int(Field.hostId, pick(numbers, host!))
    .int(Field.lockType, pick(lockTypes, type!))
    .int(Field.ownerHost, pick([0, 0, 1, 2001, -1], owner!))
    .int(Field.ownerGeneration, pick(numbers, owner! >> 2))
    .text(Text.vgName, pick(["", "lvm_a", "lvm_b", "g".repeat(64)], text!))
    .text(Text.vgArgs, pick(argsTexts, text! >> 2))
    .text(Text.lvArgs, pick(argsTexts, text! >> 4))
    .text(Text.ownerName, pick(["", "host", "h".repeat(64), "\0"], owner! >> 4))
    .text(Text.ownerState, pick(["", "FAIL", "s".repeat(64)], owner! >> 5));
}

function restore(kind: number, bytes: Bytes, around: Surroundings): InputRecord {
  const [, vg, rt, mode, lv, type, number, args] = bytes;
  const id = kind === Input.restoreLockspace ? around.lastLockspace + 1 + number! % 3 : 0;
  return new InputRecord(kind, around.now)
    .int(Field.lockspace, id)
    .int(Field.resourceType, pick([3, 3, 3, 2, 1, 0], rt!))
    .int(Field.mode, pick(mode! < 240 ? [2, 3] : modes, mode!))
    .int(Field.lockType, pick(type! < 240 ? [2, 3, 4] : lockTypes, type!))
    .int(Field.hostId, pick(numbers, number!))
    .int(Field.generation, pick(numbers, number! >> 4))
    .text(Text.vgName, pick(vgNames, vg!))
    .text(Text.vgArgs, pick(argsTexts, args!))
    .text(Text.lvUuid, pick(lvUuids, lv!))
    .text(Text.lvArgs, pick(argsTexts, args! >> 3));
}

/** Any record: every number and text from a generator that the step names. */
function anything(bytes: Bytes, around: Surroundings): InputRecord {
  const random = new Prng(bytes[1]! | bytes[2]! << 8 | bytes[3]! << 16);
  const record = new InputRecord(0, pick([around.now, 0, -1, NaN, Infinity, 1e300], bytes[4]!));
  for (let field = 0; field < LENGTHS; field++) {
    record.int(field, random.chance(0.7) ? random.pick(numbers) : random.below(2 ** 32) | 0);
  }
  record.int(Field.kind, bytes[5]! < 220 ? 1 + bytes[5]! % 10 : random.pick(numbers));
  for (let slot = 0; slot < SLOTS; slot++) {
    const text = random.pick([vgNames, lvUuids, argsTexts])[random.below(6)]!;
    record.text(slot, text);
    // The bytes after a text are whatever was there before.
    record.bytes.fill(
      random.below(256),
      TEXTS + slot * SLOT + text.length,
      TEXTS + (slot + 1) * SLOT,
    );
  }
  // A length that does not fit is a breach of the host's duties: most steps have none.
  if (bytes[6]! > 250) {
    record.int(LENGTHS + random.below(SLOTS), random.pick([65, -1, 0x7fffffff, 1000]));
  }
  return record;
}

/** The input of a step. */
export function inputOf(bytes: Bytes, around: Surroundings): InputRecord {
  const kind = bytes[0]!;
  if (kind < 90) return request(Input.request, bytes, around);
  if (kind < 180) return answer(bytes, around);
  const [, which, request_] = bytes;
  if (kind < 190) {
    return new InputRecord(Input.clientGone, around.now).int(Field.client, 1 + which! % 5);
  }
  if (kind < 198) {
    return new InputRecord(Input.cancel, around.now)
      .int(Field.client, 1 + which! % 4)
      .int(Field.request, around.lastRequest - request_! % 16);
  }
  if (kind < 208) {
    const timer = which! > 250 ? pick(numbers, which!) : pick([...around.timers, 0], which!);
    return new InputRecord(Input.timer, around.now).int(Field.timer, timer);
  }
  if (kind < 214) return request(Input.replyFailed, bytes, around);
  if (kind < 220) return restore(Input.restoreLockspace, bytes, around);
  if (kind < 226) return restore(Input.restoreLock, bytes, around);
  if (kind < 230) {
    return new InputRecord(Input.configure, around.now)
      .int(Field.flags, which! & 1)
      .int(Field.lockType, pick(lockTypes, request_!))
      .int(Field.bits, pick([28, 4, 8, 16, 0, -1], bytes[3]!))
      .int(Field.arg, pick([0, 4, 28, -1], bytes[4]!));
  }
  if (kind < 232) return new InputRecord(Input.shutdown, around.now);
  return anything(bytes, around);
}
