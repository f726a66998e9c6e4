/** Starting and stopping a lockspace, and who is told when it is done. */
import { Action, ActionQueue } from "./action";
import { Bytes, copyOf, copyOfBytes, EMPTY } from "./bytes";
import { Call, callLockspace, callResource } from "./calls";
import { dropTimer, lockspaceGone, recordLockspace, reply } from "./effects";
import {
  append,
  ARG,
  GENERATION,
  GL_ENABLED,
  HOST_ID,
  input,
  inputLength,
  inputText,
  LM_RESULT,
  LOCK_TYPE,
  LOCKSPACE,
  OP,
  PREV_GENERATION,
  put,
  putText,
  RESULT,
  VG_ARGS,
  VG_NAME,
  VG_UUID,
} from "./frame";
import { GLOBAL_NAME, globalByName, noteEnabled, noteJoined, noteLeft } from "./global_lock";
import { cancelWaiting, release } from "./grants";
import { Lockspace, RUNNING, STARTING, STOPPING } from "./lockspace";
import { Resource } from "./resource";
import { forgetInManager } from "./sweep";
import { table } from "./table";
import {
  EBUSY,
  ENOLS,
  F_WAIT,
  LEAVE_FORCE,
  LEAVE_FREE,
  LM_CANCEL_JOIN,
  LM_JOIN,
  LM_LEAVE,
  LM_PREPARE,
  LM_TYPE_DLM,
  LM_TYPE_IDM,
  LM_UNLOCK,
  OP_STOP,
  OUT_LM_CALL,
  R_WARN_GL_REMOVED,
  UN,
} from "./vocabulary";

/** Makes a lockspace and starts to join it; `action` may be null (the global lockspace). */
export function startLockspace(
  name: Bytes,
  vgName: Bytes,
  lockType: i32,
  action: Action | null,
): Lockspace {
  const lockspace = new Lockspace(++table.lastLockspaceId, name, vgName, lockType);
  lockspace.since = table.now;
  table.addLockspace(lockspace);
  if (action != null) describe(lockspace, action);
  callWithTexts(LM_PREPARE, lockspace, action);
  return lockspace;
}

function describe(lockspace: Lockspace, action: Action): void {
  lockspace.vgUuid = copyOf(inputText(VG_UUID), inputLength(VG_UUID));
  lockspace.vgArgs = copyOf(inputText(VG_ARGS), inputLength(VG_ARGS));
  lockspace.hostId = input(HOST_ID);
  lockspace.startedBy = action.clientId;
  lockspace.startFlags = action.flags;
  action.lockspace = lockspace;
}

function callWithTexts(op: i32, lockspace: Lockspace, action: Action | null): void {
  const record = callLockspace(op, lockspace, action);
  put(record, HOST_ID, lockspace.hostId);
  putText(record, VG_NAME, lockspace.vgName);
  putText(record, VG_UUID, lockspace.vgUuid);
  putText(record, VG_ARGS, lockspace.vgArgs);
}

/** The quick check is done: the start request is answered now unless it waits for the join. */
export function prepareDone(call: Call): void {
  const lockspace = call.lockspace!;
  const action = call.action;
  const result = input(RESULT);
  if (result < 0) {
    if (action != null) {
      action.lmResult = input(LM_RESULT);
      reply(action, result);
    }
    return failStart(lockspace, 0);
  }
  if (input(GL_ENABLED) != 0) noteEnabled(lockspace);
  if (action != null) {
    action.prevGeneration = input(PREV_GENERATION);
    if (action.has(F_WAIT)) lockspace.starter = action;
    else reply(action, 0);
  }
  callWithTexts(LM_JOIN, lockspace, lockspace.starter);
  if (lockspace.ender != null) cancelJoin(lockspace);
}

export function joinDone(call: Call): void {
  const lockspace = call.lockspace!;
  const result = input(RESULT);
  const starter = lockspace.starter;
  lockspace.starter = null;
  if (starter != null) starter.lmResult = input(LM_RESULT);
  if (result < 0) {
    if (starter != null) reply(starter, result);
    return failStart(lockspace, result);
  }
  lockspace.generation = input(GENERATION);
  if (input(HOST_ID) != 0) lockspace.hostId = input(HOST_ID);
  if (input(GL_ENABLED) != 0) noteEnabled(lockspace);
  lockspace.state = RUNNING;
  noteJoined(lockspace);
  if (lockspace.isGlobal && input(ARG) != 0 && !othersRun(lockspace)) lockspace.stopWhenIdle = true;
  recordLockspace(lockspace, true);
  if (starter != null) reply(starter, 0);
  table.changed = true;
  if (lockspace.ender != null) beginStop(lockspace);
}

/** Whether a VG is started whose type has its global lock in `global`. */
function othersRun(global: Lockspace): bool {
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at != global && at.lockType == global.lockType && at.state != STOPPING) return true;
  }
  return false;
}

/** The start did not work: everybody who counted on it is told. */
function failStart(lockspace: Lockspace, joinResult: i32): void {
  if (joinResult < 0) {
    const client = table.client(lockspace.startedBy);
    if (client != null) client.startResult = joinResult;
  }
  noteLeft(lockspace);
  finish(lockspace);
}

/** `lvm_global`, unless it is there. Its start is nobody's request. */
export function startGlobal(lockType: i32): Lockspace {
  const found = globalByName();
  if (found != null) {
    found.stopWhenIdle = false;
    return found;
  }
  return startLockspace(copyOfBytes(GLOBAL_NAME), EMPTY, lockType, null);
}

export function usesGlobalLockspace(lockType: i32): bool {
  return lockType == LM_TYPE_DLM || lockType == LM_TYPE_IDM;
}

/** From now on no request is accepted; locks are released, then the lockspace is left. */
export function beginStop(lockspace: Lockspace): void {
  if (lockspace.state == STARTING) return cancelJoin(lockspace); // joinDone comes back here
  lockspace.state = STOPPING;
  for (let next = lockspace.resources; next != null;) {
    const r = next;
    next = r.listNext;
    cancelWaiting(r);
    dropTimer(r.timer);
    r.timer = 0;
  }
  continueStop(lockspace);
}

/** Joining may take minutes: the manager may give it up. Owes no answer; the join does. */
function cancelJoin(lockspace: Lockspace): void {
  const record = append(OUT_LM_CALL);
  put(record, OP, LM_CANCEL_JOIN);
  put(record, LOCK_TYPE, lockspace.lockType);
  put(record, LOCKSPACE, lockspace.id);
}

/** Releases one resource after the other; each answer of the manager comes back here. */
export function continueStop(lockspace: Lockspace): void {
  if (lockspace.state != STOPPING || lockspace.calls > 0) return;
  let r = lockspace.resources;
  while (r != null) {
    const next = r.listNext;
    if (r.mode != UN) return unlockForStop(r);
    forgetInManager(r);
    lockspace.removeResource(r);
    r = next;
  }
  const record = callLockspace(LM_LEAVE, lockspace, lockspace.ender);
  put(record, ARG, (lockspace.freeing ? LEAVE_FREE : 0) | (lockspace.dropped ? LEAVE_FORCE : 0));
}

/** The version written is the greatest of all claims. */
function unlockForStop(r: Resource): void {
  let version: u32 = 0;
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    version = max<u32>(version, r.versionToWrite(claim));
  }
  const record = callResource(LM_UNLOCK, r, null, null, UN, version);
  put(record, ARG, r.lockspace.freeing ? 1 : 0);
}

/** Whatever the manager said, the claims are dropped: the lockspace is about to be left. */
export function unlockedForStop(r: Resource, call: Call): void {
  if (input(RESULT) >= 0) r.versionWritten(call.version);
  dropClaims(r);
  continueStop(r.lockspace);
}

export function dropClaims(r: Resource): void {
  for (let claim = r.locks; claim != null;) {
    const next = claim.next;
    release(r, claim, false); // the record of the whole lockspace goes too
    claim = next;
  }
  r.mode = UN;
}

export function leaveDone(call: Call): void {
  const lockspace = call.lockspace!;
  const ender = lockspace.ender;
  if (input(RESULT) == -EBUSY && ender != null && !lockspace.dropped && !lockspace.freeing) {
    lockspace.ender = null;
    lockspace.state = RUNNING;
    lockspace.remakeVgResource();
    recordLockspace(lockspace, false); // its locks are gone
    recordLockspace(lockspace, true);
    reply(ender, -EBUSY);
    table.changed = true;
    return;
  }
  const warn = noteLeft(lockspace);
  if (warn && lockspace.freeing) {
    table.glRemoved = true;
    if (ender != null) ender.replyFlags |= R_WARN_GL_REMOVED;
  }
  recordLockspace(lockspace, false);
  finish(lockspace);
}

/** The name is free again; then everybody left is answered. */
function finish(lockspace: Lockspace): void {
  table.removeLockspace(lockspace);
  lockspace.state = STOPPING;
  const ender = lockspace.ender;
  lockspace.ender = null;
  if (ender != null) {
    const stopped = ender.op == OP_STOP;
    reply(ender, 0);
    if (stopped) stopGlobalIfLast();
  }
  failWaiting(lockspace.waiting, -ENOLS);
  lockspaceGone(lockspace);
  lockspace.close();
  table.changed = true;
}

function failWaiting(queue: ActionQueue, result: i32): void {
  for (let action = queue.first; action != null;) {
    const next = action.next;
    reply(action, result);
    action = next;
  }
}

/** After the last VG of dlm or idm was stopped, the global lockspace goes as soon as it is idle. */
export function stopGlobalIfLast(): void {
  if (!usesGlobalLockspace(table.glType)) return;
  let global: Lockspace | null = null;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.isGlobal) global = at;
    else if (at.state != STOPPING && at.ender == null) return;
  }
  if (global == null || global.state == STOPPING) return;
  global.stopWhenIdle = true;
  table.changed = true;
}
