/**
 * Turns the fields of a native request into a {@link Request}. A field of the wrong type counts as
 * missing, and the word `none` as absent, as in the stock daemon.
 *
 * @module
 */
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../types.ts";
import type { Value } from "./config_text.ts";
import { type Fields, fieldsOf, Slot } from "./fields.ts";
import { ownText } from "./names.ts";

const { none, gl, vg, lv } = ResourceType;

/** Every request of clients 2.03.16 to 2.03.40: what it does, to what. */
const vocabulary = new Map<string, readonly [Op, ResourceType]>([
  ["hello", [Op.hello, none]],
  ["quit", [Op.quit, none]],
  ["info", [Op.dumpInfo, none]],
  ["dump", [Op.dumpLog, none]],
  ["init_vg", [Op.init, vg]],
  ["init_lv", [Op.init, lv]],
  ["free_vg", [Op.free, vg]],
  ["free_lv", [Op.free, lv]],
  ["start_vg", [Op.start, vg]],
  ["stop_vg", [Op.stop, vg]],
  ["lock_gl", [Op.lock, gl]],
  ["lock_vg", [Op.lock, vg]],
  ["lock_lv", [Op.lock, lv]],
  ["vg_update", [Op.update, vg]],
  ["enable_gl", [Op.enable, gl]],
  ["disable_gl", [Op.disable, gl]],
  ["start_wait", [Op.startWait, none]],
  ["stop_all", [Op.stopAll, none]],
  ["rename_vg_before", [Op.renameBefore, vg]],
  ["rename_vg_final", [Op.renameFinal, vg]],
  ["running_lm", [Op.runningLm, none]],
  ["find_free_lock", [Op.findFreeLock, vg]],
  ["kill_vg", [Op.killVg, vg]],
  ["drop_vg", [Op.dropVg, vg]],
  ["busy_vg", [Op.busy, vg]],
  ["query_lock_vg", [Op.queryLock, vg]],
  ["query_lock_lv", [Op.queryLock, lv]],
  ["refresh_lv", [Op.refreshLv, lv]],
  ["vg_status", [Op.vgStatus, vg]],
  ["setlockargs_vg_before", [Op.setLockArgsBefore, vg]],
  ["setlockargs_vg_final", [Op.setLockArgsFinal, vg]],
  ["set_remote_lv_lock", [Op.setRemoteLvLock, lv]],
]);

const modes: ReadonlyMap<string, Mode> = new Map([
  ["un", Mode.un],
  ["nl", Mode.nl],
  ["sh", Mode.sh],
  ["ex", Mode.ex],
]);

const lockTypes: ReadonlyMap<string, LockType> = new Map([
  ["", LockType.none],
  ["none", LockType.none],
  ["dlm", LockType.dlm],
  ["sanlock", LockType.sanlock],
  ["idm", LockType.idm],
]);

/** Option words, longest first: clients run them together without separators. */
const optionWords: readonly (readonly [string, number])[] = [
  ["unlock_cancel", OptionFlag.unlockCancel],
  ["next_version", OptionFlag.nextVersion],
  ["ex_disable", OptionFlag.exDisable],
  ["persistent", OptionFlag.persistent],
  ["adopt_only", OptionFlag.adoptOnly],
  ["disable", OptionFlag.disable],
  ["nodelay", OptionFlag.nodelay],
  ["repair", OptionFlag.repair],
  ["enable", OptionFlag.enable],
  ["force", OptionFlag.force],
  ["adopt", OptionFlag.adopt],
  ["wait", OptionFlag.wait],
];

/** Flags of an `opts` value. Unknown words are passed over up to the next comma or blank. */
export function parseOptions(opts: string): number {
  if (opts === "" || opts === "none") return 0;
  if (opts === "persistent") return OptionFlag.persistent;
  let flags = 0;
  for (const word of opts.split(/[, ]+/)) {
    let rest = word;
    while (rest !== "") {
      const known = optionWords.find(([text]) => rest.startsWith(text));
      if (known === undefined) break;
      flags |= known[1];
      rest = rest.slice(known[0].length);
    }
  }
  return flags;
}

/** A parsed request with what belongs to the client rather than to the lock table. */
export interface NativeRequest extends Request {
  /** The word that was sent. */
  name: string;
  /** Name of the command, `""` if it was not sent. */
  command: string;
  /** Bytes of a dump that the client has room for; 0 if it did not say. */
  dumpRoom: number;
}

function text({ values }: Fields, slot: number): string {
  const value = values[slot];
  return typeof value === "string" && value !== "none" ? value : "";
}

/** Longest name, UUID or lock args in bytes; what is longer is cut, as in the stock daemon. */
const MAX_NAME = 64;

function name(fields: Fields, slot: number): string {
  const whole = text(fields, slot);
  return whole.length > MAX_NAME ? ownText(whole.slice(0, MAX_NAME)) : whole;
}

function integer({ values }: Fields, slot: number, otherwise = 0): number {
  const value = values[slot];
  return typeof value === "number" ? value : otherwise;
}

/** Far more than any lock manager takes: a list that is too long is refused, not cut. */
const MAX_PATHS = 4096;

/** PV paths of an idm request: `path_num` and `path[0]` to `path[n-1]`; missing ones are left out. */
function pvPaths(fields: Fields): string[] {
  const count = Math.min(integer(fields, Slot.path_num), MAX_PATHS);
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = fields.others?.get(`path[${i}]`);
    if (typeof path === "string" && path !== "none" && path !== "") paths.push(ownText(path));
  }
  return paths;
}

/** {@link requestOf} of pairs with names. */
export function toRequest(pairs: ReadonlyMap<string, Value>): NativeRequest | undefined {
  return requestOf(fieldsOf(pairs));
}

/** The request, or undefined if its name is unknown or missing. */
export function requestOf(fields: Fields): NativeRequest | undefined {
  const word = fields.values[Slot.request];
  if (typeof word !== "string") return undefined;
  const known = vocabulary.get(word);
  if (known === undefined) return undefined;
  return {
    name: word,
    command: name(fields, Slot.cmd),
    dumpRoom: integer(fields, Slot.dump_room),
    op: known[0],
    resourceType: known[1],
    mode: modes.get(text(fields, Slot.mode)) ?? Mode.iv,
    flags: parseOptions(text(fields, Slot.opts)),
    lockType: lockTypes.get(text(fields, Slot.vg_lock_type)) ?? LockType.unknown,
    vgName: name(fields, Slot.vg_name),
    vgUuid: name(fields, Slot.vg_uuid),
    vgArgs: name(fields, Slot.vg_lock_args),
    lvName: name(fields, Slot.lv_name),
    lvUuid: name(fields, Slot.lv_uuid),
    lvArgs: name(fields, Slot.lv_lock_args),
    otherArgs: name(fields, Slot.set_lock_args) || name(fields, Slot.prev_lv_args),
    path: text(fields, Slot.path),
    pvPaths: fields.values[Slot.path_num] === undefined ? noPaths : pvPaths(fields),
    version: integer(fields, Slot.version),
    hostId: integer(fields, Slot.host_id),
    maxRetries: integer(fields, Slot.max_retries, emptyRequest.maxRetries),
    alignMb: integer(fields, Slot.align_mb),
    lvSizeBytes: integer(fields, Slot.lv_size_bytes),
  };
}

/** Of all requests that bring none; nobody writes to it. */
const noPaths: string[] = [];
