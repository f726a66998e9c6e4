/**
 * A lock manager's answer as the record that the lock table reads.
 *
 * @module
 */
import type { LmCallEffect } from "./engine.ts";
import type { AnyAnswer } from "./lm_calls.ts";
import { Field, LmCall, type Records, Text } from "./records.ts";

/** Fills the LM_DONE input at `at`. What has no place there is for people only. */
export function fillAnswer(
  records: Records,
  at: number,
  effect: LmCallEffect,
  answer: AnyAnswer,
): void {
  records.setInt(at, Field.call, effect.call);
  records.setInt(at, Field.result, answer.result);
  if (answer.lmResult !== undefined) records.setInt(at, Field.lmResult, answer.lmResult);
  if (answer.valueBlock !== undefined) {
    records.setInt(at, Field.vbVersion, answer.valueBlock.version);
    records.setInt(at, Field.vbFlags, answer.valueBlock.flags);
    records.setInt(at, Field.vbResource, answer.valueBlock.resourceVersion);
  }
  if (effect.op === LmCall.lock || effect.op === LmCall.unlock) {
    const asked = effect.op === LmCall.lock && effect.glEnabled;
    const plain = answer.owner === undefined && answer.retry === undefined &&
      !answer.persevered && !answer.inherited;
    if (plain && !asked) return;
  }
  fillDetails(records, at, effect, answer);
}

/** A manager that was asked whether the global lock is still enabled and could not tell: it is. */
function glEnabledOf(effect: LmCallEffect, answer: AnyAnswer): boolean {
  return answer.glEnabled ?? (effect.op === LmCall.lock && effect.glEnabled);
}

function fillDetails(records: Records, at: number, effect: LmCallEffect, answer: AnyAnswer): void {
  records.setInt(at, Field.arg, answer.bits ?? (answer.temporary || answer.inherited ? 1 : 0));
  records.setInt(at, Field.retry, answer.persevered ? 2 : answer.retry ? 1 : 0);
  records.setInt(at, Field.hostId, answer.hostId ?? 0);
  records.setInt(at, Field.generation, answer.generation ?? 0);
  records.setInt(at, Field.prevGeneration, answer.prevGeneration ?? 0);
  records.setInt(at, Field.glEnabled, glEnabledOf(effect, answer) ? 1 : 0);
  records.setInt(at, Field.hostsUnknown, answer.hostsUnknown ? 1 : 0);
  records.setText(at, Text.vgArgs, answer.vgArgs ?? "");
  records.setText(at, Text.lvArgs, answer.lvArgs ?? "");
  // init_vg in the table names the VG whose global lock was enabled.
  if (effect.op === LmCall.initVg) records.setText(at, Text.vgName, `lvm_${effect.vgName}`);
  const owner = answer.owner;
  if (owner === undefined) return;
  records.setInt(at, Field.ownerHost, owner.hostId);
  records.setInt(at, Field.ownerGeneration, owner.generation);
  records.setInt(at, Field.ownerTimestamp, owner.timestamp);
  records.setText(at, Text.ownerName, owner.name);
  records.setText(at, Text.ownerState, owner.state);
}
