/**
 * The words that the HTTP interface uses for the numbers of the lock table, in both directions.
 *
 * @module
 */
import { LockType, Mode, Op, ResourceType } from "../types.ts";

export const modeWords = ["un", "sh", "ex"] as const;
export type ModeWord = typeof modeWords[number];

/** Only modes that a lock can have; `iv` and `nl` never show outside the table and count as `un`. */
export function modeWord(mode: Mode): ModeWord {
  return mode === Mode.ex ? "ex" : mode === Mode.sh ? "sh" : "un";
}

export const resourceTypeWords = ["gl", "vg", "lv"] as const;
export type ResourceTypeWord = typeof resourceTypeWords[number];

/** `type` must be a type that a resource can have, so not `none`. */
export function resourceTypeWord(type: ResourceType): ResourceTypeWord {
  return type === ResourceType.gl ? "gl" : type === ResourceType.vg ? "vg" : "lv";
}

export const lockTypeWords = ["dlm", "sanlock", "idm"] as const;
export type LockTypeWord = typeof lockTypeWords[number];

/** Null for `none` and for types this daemon has no word for. */
export function lockTypeWord(type: LockType): LockTypeWord | null {
  return lockTypeWords.find((word) => LockType[word] === type) ?? null;
}

const opWords = new Map<number, string>(Object.entries(Op).map(([word, op]) => [op, word]));

/** The name of an operation as in core/types.ts: `lock`, `start`, `killVg`. */
export function opWord(op: Op): string {
  return opWords.get(op) ?? `op${op}`;
}
