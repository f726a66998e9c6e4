/**
 * The global lock: which lock type provides it, in which lockspace it lives, and for sanlock which
 * of several VGs has it enabled.
 */
import { Action } from "./action";
import { ascii, Bytes, dataOf, sameBytes } from "./bytes";
import { Call, callFor, callLockspace, callResource } from "./calls";
import { dropAction, reply } from "./effects";
import { ARG, input, LM_RESULT, put, RESULT } from "./frame";
import { cancelWaiting } from "./grants";
import { Lockspace, RUNNING, STOPPING } from "./lockspace";
import { Resource } from "./resource";
import { table } from "./table";
import {
  ENOLS,
  F_EX_DISABLE,
  F_SEARCHED,
  LM_HAS_GL,
  LM_RUNNING,
  LM_SET_GL,
  LM_TYPE_DLM,
  LM_TYPE_IDM,
  LM_TYPE_NONE,
  LM_TYPE_SANLOCK,
  OP_ENABLE,
  R_NO_GL_LS,
  R_NO_LM,
  R_NO_LOCKSPACES,
} from "./vocabulary";

/** The lockspace of the global lock of dlm and idm, known to every host of a cluster. */
export const GLOBAL_NAME: Bytes = ascii("lvm_global");

/** A request that names a lock type chooses the global lock's, if nothing did so before it. */
export function chooseByRequest(lockType: i32): void {
  if (table.glSticky || !table.supports(lockType)) return;
  if (table.glType == LM_TYPE_NONE || table.lockspaces.size == 0) table.glType = lockType;
}

export function globalLockspace(): Lockspace | null {
  const type = table.glType;
  if (type == LM_TYPE_DLM || type == LM_TYPE_IDM) return globalByName();
  if (type == LM_TYPE_SANLOCK && table.glSanlock.length > 0) return find(table.glSanlock);
  return null;
}

export function globalByName(): Lockspace | null {
  return find(GLOBAL_NAME);
}

function find(name: Bytes): Lockspace | null {
  return table.lockspaces.find(dataOf(name), name.length);
}

/** Answers ENOLS with the flags that tell LVM what is missing. May have to ask what is running. */
export function replyNoLockspace(action: Action): void {
  if (table.lockspaces.size == 0) action.replyFlags |= R_NO_LOCKSPACES;
  const type = table.glType;
  if (type == LM_TYPE_NONE) {
    action.replyFlags |= R_NO_GL_LS;
    if (!table.test) return askRunning(action);
    action.replyFlags |= R_NO_LM;
  } else if (type == LM_TYPE_SANLOCK && table.glSanlock.length == 0) {
    action.replyFlags |= R_NO_GL_LS;
  }
  reply(action, -ENOLS);
}

function askRunning(action: Action): void {
  action.inFlight = true;
  put(callFor(LM_RUNNING, action, LM_TYPE_NONE), ARG, 1);
}

/** Bits 1 << type of the lock managers that run, by what the test mode pretends. */
export function pretendedRunning(): i32 {
  return table.glType == LM_TYPE_NONE ? 0 : 1 << table.glType;
}

/** The only type in a set of bits; 0 when there is none, -1 when there are several. */
export function onlyType(bits: i32): i32 {
  if (bits == 0) return 0;
  return popcnt<i32>(bits) == 1 ? ctz<i32>(bits) : -1;
}

/** Asks the running sanlock lockspaces, one after the other, whether the global lock is theirs. */
export function searchSanlock(action: Action, after: Lockspace | null): void {
  action.flags |= F_SEARCHED;
  let lockspace = after == null ? table.firstLockspace : after.next;
  while (lockspace != null) {
    if (lockspace.lockType == LM_TYPE_SANLOCK && lockspace.state == RUNNING) {
      action.inFlight = true;
      callLockspace(LM_HAS_GL, lockspace, action);
      return;
    }
    lockspace = lockspace.next;
  }
  replyNoLockspace(action);
}

/** True when the lockspace asked has the global lock; else the search goes on. */
export function searchDone(call: Call): bool {
  const action = call.action!;
  const lockspace = call.lockspace!;
  action.inFlight = false;
  if (action.client == null) {
    dropAction(action);
    return false;
  }
  if (input(RESULT) == 1 && lockspace.state == RUNNING) {
    noteGlobal(lockspace);
    lockspace.glEnabled = true;
    return true;
  }
  if (lockspace.state == STOPPING) replyNoLockspace(action);
  else searchSanlock(action, lockspace);
  return false;
}

/** The lease of a lockspace that is being joined says: enabled. The test mode keeps no flag. */
export function noteEnabled(lockspace: Lockspace): void {
  lockspace.glEnabled = !table.test;
  if (table.glSanlock.length == 0) noteGlobal(lockspace);
}

/** A sanlock lockspace was joined: is its global lock the only one? */
export function noteJoined(lockspace: Lockspace): void {
  if (lockspace.glEnabled && !isGlobal(lockspace)) table.glDuplicate = true;
}

function noteGlobal(lockspace: Lockspace): void {
  table.setGlSanlock(dataOf(lockspace.name), lockspace.name.length);
}

export function isGlobal(lockspace: Lockspace): bool {
  return sameBytes(table.glSanlock, dataOf(lockspace.name), lockspace.name.length);
}

/** A sanlock lockspace is left. True if it took the global lock with it while others remain. */
export function noteLeft(lockspace: Lockspace): bool {
  if (lockspace.lockType != LM_TYPE_SANLOCK) return false;
  const held = isGlobal(lockspace) || lockspace.glEnabled;
  if (isGlobal(lockspace)) table.setGlSanlock(0, 0);
  let enabled = 0;
  let others = false;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at == lockspace || at.lockType != LM_TYPE_SANLOCK) continue;
    others = true;
    if (at.glEnabled) enabled++;
  }
  if (enabled < 2) table.glDuplicate = false;
  return held && others;
}

/** enable_gl or disable_gl: rewrites the lease. */
export function switchGlobalLock(r: Resource, action: Action): void {
  const record = callResource(LM_SET_GL, r, action, null, 0, 0);
  put(record, ARG, action.op == OP_ENABLE ? 1 : 0);
}

export function switchDone(r: Resource, call: Call): void {
  const action = call.action!;
  const result = input(RESULT);
  action.inFlight = false;
  action.lmResult = input(LM_RESULT);
  const enable = action.op == OP_ENABLE;
  if (result >= 0) noteSwitched(r.lockspace, enable);
  const exDisable = action.has(F_EX_DISABLE);
  reply(action, result);
  if (result >= 0 && !enable && !exDisable) cancelWaiting(r);
}

function noteSwitched(lockspace: Lockspace, enabled: bool): void {
  lockspace.glEnabled = enabled && !table.test;
  if (enabled) {
    noteGlobal(lockspace);
    table.glRemoved = false;
  } else {
    if (isGlobal(lockspace)) table.setGlSanlock(0, 0);
    forgetDuplicate();
  }
}

/** With fewer than two enabled global locks left there is no duplicate any more. */
function forgetDuplicate(): void {
  let enabled = 0;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.glEnabled) enabled++;
  }
  if (enabled < 2) table.glDuplicate = false;
}

/** The lease turned out to be disabled, by another host. */
export function noteDisabled(lockspace: Lockspace): void {
  noteSwitched(lockspace, false);
}

/** init_vg created a VG with the global lock enabled; its lockspace is not started yet. */
export function noteInitialised(name: usize, length: i32): void {
  table.setGlSanlock(name, length);
}
