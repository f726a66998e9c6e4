/**
 * Prints replies of the native protocol: key order, spelling and blanks as the stock daemon 2.03.16
 * writes them. What only 2.03.40 has (owner, generations) is added where it is known.
 *
 * @module
 */
import { LockType, Mode, Op, type Reply, ResultFlag } from "../types.ts";
import { TERMINATOR } from "./frame.ts";
import type { NativeRequest } from "./request.ts";

/** Longest lock args that are kept, in bytes. */
const MAX_ARGS = 64;

const lockTypeWords = new Map<LockType, string>([
  [LockType.unknown, "lm_unknown"],
  [LockType.none, "none"],
  [LockType.dlm, "dlm"],
  [LockType.sanlock, "sanlock"],
  [LockType.idm, "idm"],
]);

export function lockTypeWord(type: LockType): string {
  return lockTypeWords.get(type) ?? "lm_unknown";
}

export function modeWord(mode: Mode): string {
  switch (mode) {
    case Mode.un:
      return "un";
    case Mode.nl:
      return "nl";
    case Mode.sh:
      return "sh";
    case Mode.ex:
      return "ex";
    default:
      return "iv";
  }
}

/** The client un-escapes strings, so quotes and backslashes are safe in them. */
function quote(text: string): string {
  const safe = text === "" ? "none" : text;
  return /["\\]/.test(safe) ? `"${safe.replace(/["\\]/g, "\\$&")}"` : `"${safe}"`;
}

const flagWords: readonly (readonly [number, string])[] = [
  [ResultFlag.noLockspaces, "NO_LOCKSPACES,"],
  [ResultFlag.dupGlLs, "DUP_GL_LS,"],
  [ResultFlag.warnGlRemoved, "WARN_GL_REMOVED,"],
  [ResultFlag.shExists, "SH_EXISTS,"],
  [ResultFlag.hostsUnknown, "HOSTS_UNKNOWN,"],
  [ResultFlag.noGlLs, "NO_GL_LS,"],
  [ResultFlag.noLm, "NO_LM"],
];

/** `result_flags`: words with a comma after each but the last one, or `none`. */
export function resultFlags(flags: number): string {
  if (flags === 0) return "none";
  let text = "";
  for (const [bit, word] of flagWords) if ((flags & bit) !== 0) text += word;
  return text === "" ? "none" : text;
}

/** Reply to hello and quit. */
export function printHello(result: number): string {
  return `response = "OK"\nresult = ${result}\nprotocol = "lvmlockd"\nversion = 1\n` + TERMINATOR;
}

/** Reply to info and dump: how many bytes will follow as datagrams. */
export function printDump(result: number, length: number): string {
  return `response = "OK"\nresult = ${result}\ndump_len = ${length}\n` + TERMINATOR;
}

/**
 * Reply to a request that is not understood. The stock daemon sends none and its client waits for
 * ever; every client understands this one.
 */
export function printRefusal(result: number, reason: string): string {
  const clean = reason.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
  return `response = "OK"\nop = 0\nlock_type = "none"\nop_result = ${result}\nlm_result = 0\n` +
    `result_flags = "none"\nreason = ${quote(clean)}\n` + TERMINATOR;
}

export function printReply(request: NativeRequest, reply: Reply): string {
  return `response = "OK"\nop = ${reply.op}\n` + body(request, reply) + TERMINATOR;
}

function body(request: NativeRequest, reply: Reply): string {
  switch (reply.op) {
    case Op.init:
    case Op.setLockArgsFinal:
      return initBody(request, reply);
    case Op.queryLock:
      return `op_result = ${reply.result}\nlock_type = "${lockTypeWord(reply.lockType)}"\n` +
        `mode = "${modeWord(reply.mode)}"\n`;
    case Op.setRemoteLvLock:
      return `op_result = ${reply.result}\n`;
  }
  const head = `lock_type = "${lockTypeWord(reply.lockType)}"\nop_result = ${reply.result}\n` +
    `lm_result = ${reply.lmResult}\n`;
  const flags = `result_flags = "${resultFlags(reply.flags)}"\n`;
  if (reply.owner.hostId !== 0 || reply.op === Op.vgStatus) return head + owner(reply) + flags;
  if (reply.op === Op.start && reply.prevGeneration !== 0) {
    return `${head}prev_generation = ${reply.prevGeneration}\n${flags}`;
  }
  // Clients take a missing generation for 0, which is what a daemon of 2.03.16 sends.
  if (reply.lsGeneration !== 0) return `${head}${flags}ls_generation = ${reply.lsGeneration}\n`;
  return head + flags;
}

/** New lock args; those of the request where none were made, as the stock daemon prints them. */
function initBody(request: NativeRequest, reply: Reply): string {
  const cut = (args: string) => args.slice(0, MAX_ARGS);
  return `op_result = ${reply.result}\nlm_result = ${reply.lmResult}\n` +
    `vg_lock_args = ${quote(reply.vgArgs || cut(request.vgArgs))}\n` +
    `lv_lock_args = ${quote(reply.lvArgs || cut(request.lvArgs))}\n` +
    `result_flags = "${resultFlags(reply.flags)}"\n`;
}

function owner({ op, owner }: Reply): string {
  const name = op === Op.vgStatus ? "" : owner.name;
  return `owner_host_id = ${owner.hostId}\nowner_generation = ${owner.generation}\n` +
    `owner_timestamp = ${owner.timestamp}\nowner_state = ${quote(owner.state)}\n` +
    `owner_name = ${quote(name)}\n`;
}
