/**
 * Effects and state listings of the lock table as lines for people.
 *
 * @module
 */
import type { EffectRecord, LmCallEffect } from "../../core/engine.ts";
import { errnoName } from "../../core/errno.ts";
import { lockTypeWord, modeWord, resultFlags } from "../../core/native/reply.ts";
import { opWord } from "../../core/native/info.ts";
import { Effect, Leave, LmCall, owesAnswer } from "../../core/records.ts";
import {
  type InspectRow,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Owner,
  type Reply,
  ResourceType,
} from "../../core/types.ts";

/** What the numbers of a table are called in a script. */
export interface Names {
  client(id: number): string;
  lockspace(id: number): string;
  /** The request as it was written. */
  request(id: number): string;
  /** Do replies show their lock type? */
  readonly showsTypes: boolean;
}

const callWords = new Map<number, string>(
  Object.entries(LmCall).map(([name, op]) => [
    op,
    name.replace(/[A-Z]/g, (c) => `_${c}`)
      .toLowerCase(),
  ]),
);

/** Words for those of `parts` whose value is not empty. */
function options(parts: Record<string, string | number | boolean>): string {
  let text = "";
  for (const [name, value] of Object.entries(parts)) {
    if (value === true) text += ` ${name}`;
    else if (value !== false && value !== 0 && value !== "") text += ` ${name}=${value}`;
  }
  return text;
}

export function printResult(result: number): string {
  return result < 0 ? `${result} ${errnoName(result)}` : `${result}`;
}

function owner({ hostId, generation, timestamp, state, name }: Owner): string {
  return hostId === 0 ? "" : [hostId, generation, timestamp, state, name].join(",");
}

function resource(names: Names, lockspace: number, type: ResourceType, lvUuid: string): string {
  const name = type === ResourceType.gl ? "GLLK" : type === ResourceType.vg ? "VGLK" : lvUuid;
  return `${names.lockspace(lockspace)}/${name}`;
}

export function printEffect(effect: EffectRecord, names: Names): string {
  switch (effect.kind) {
    case Effect.reply:
      return `reply ${names.request(effect.request)} -> ` +
        printReply(effect.reply, names.showsTypes);
    case Effect.lmCall:
      return printCall(effect, names);
    case Effect.armTimer:
      return `timer ${effect.timer}: ${effect.ms} ms`;
    case Effect.recordLock:
      return `record ${resource(names, effect.lockspace, effect.resourceType, effect.lvUuid)} ` +
        modeWord(effect.mode) + options({ lv_args: effect.lvArgs });
    case Effect.recordLockspace:
      return `record ${names.lockspace(effect.lockspace)} ${effect.joined ? "joined" : "left"}`;
    case Effect.lockspaceGone:
      return `gone ${names.lockspace(effect.lockspace)}`;
    case Effect.quit:
      return "quit";
    case Effect.shutdownRefused:
      return `shutdown refused: locks held in ${effect.held}`;
  }
}

function printReply(reply: Reply, showsType: boolean): string {
  const flags = reply.flags === 0 ? "" : ` ${resultFlags(reply.flags).replace(/,$/, "")}`;
  return printResult(reply.result) + flags +
    options({
      type: showsType ? lockTypeWord(reply.lockType) : "",
      mode: reply.mode === Mode.iv ? "" : modeWord(reply.mode),
      lm_result: reply.lmResult,
      owner: owner(reply.owner),
      generation: reply.lsGeneration,
      prev_generation: reply.prevGeneration,
      vg_args: reply.vgArgs,
      lv_args: reply.lvArgs,
    });
}

function printCall(call: LmCallEffect, names: Names): string {
  const head = !owesAnswer(call.op)
    ? `lm ${call.op === LmCall.forget ? "forget" : "cancel join"}`
    : `lm ${call.call} ${callWords.get(call.op)}`;
  return `${head}${target(call, names)}${details(call)}`;
}

/** What the call is about: a resource, a lockspace, or a VG that is not started. */
function target(call: LmCallEffect, names: Names): string {
  if (call.lockspace !== 0 && call.resourceType !== ResourceType.none) {
    return ` ${resource(names, call.lockspace, call.resourceType, call.lvUuid)}`;
  }
  if (call.lockspace !== 0) return ` ${names.lockspace(call.lockspace)}`;
  return call.vgName === "" ? "" : ` ${call.vgName}`;
}

function details(call: LmCallEffect): string {
  const moded = call.op === LmCall.lock || call.op === LmCall.convert;
  const starts = call.op === LmCall.prepare || call.op === LmCall.join;
  const outside = call.lockspace === 0;
  const flag = (bit: number) => (moded || starts) && (call.flags & bit) !== 0;
  return (moded ? ` ${modeWord(call.mode)}` : "") + options({
    type: starts || (outside && call.lockType !== LockType.none) ? lockTypeWord(call.lockType) : "",
    version: call.version,
    free: (call.arg & 1) !== 0 && (call.op === LmCall.unlock || call.op === LmCall.leave),
    force: call.op === LmCall.leave && (call.arg & Leave.force) !== 0,
    enable: call.op === LmCall.setGl && call.arg !== 0,
    ex_disable: call.op === LmCall.setGl && (call.flags & OptionFlag.exDisable) !== 0,
    adopt: flag(OptionFlag.adopt),
    adopt_only: flag(OptionFlag.adoptOnly),
    nodelay: flag(OptionFlag.nodelay),
    repair: flag(OptionFlag.repair),
    host_id: call.hostId,
    align_mb: call.alignMb,
    gl_enabled: call.glEnabled,
    size: call.size,
    vg_uuid: call.vgUuid,
    vg_args: call.vgArgs,
    lv: outside || call.op === LmCall.initLv ? call.lvUuid : "",
    lv_args: call.lvArgs,
    args: call.otherArgs,
  });
}

/** One line of a state listing, indented by what it belongs to. */
export function printRow(row: InspectRow, names: Names): string {
  switch (row.kind) {
    case "lockspace": {
      const { killed, dropped, glEnabled, generation, hostId } = row;
      const gl = glEnabled;
      return `${row.name} ${row.state} ${lockTypeWord(row.lockType)}` +
        options({ killed, dropped, gl, generation, host_id: hostId });
    }
    case "resource":
      return `  ${row.name} ${modeWord(row.mode)}` +
        options({ sh_count: row.shCount, version: row.version });
    case "lock": {
      const holder = row.persistent ? "persistent" : names.client(row.clientId);
      const takenBy = row.persistent && row.takenBy !== 0 ? names.client(row.takenBy) : "";
      return `    held ${modeWord(row.mode)} ${holder}` +
        options({ taken_by: takenBy, version: row.version });
    }
    case "action": {
      const what = row.op === Op.lock ? modeWord(row.mode) : opWord(row.op);
      const persistent = (row.flags & OptionFlag.persistent) !== 0;
      return `    wants ${what} ${names.client(row.clientId)}` + options({ persistent });
    }
  }
}
