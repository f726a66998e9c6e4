/**
 * Serves a request in its lockspace, or says why the lockspace cannot: stopping, starting, killed.
 */
import { Action } from "./action";
import { findFreeLock, freeLv } from "./admin";
import { copyOf } from "./bytes";
import { callLockspace } from "./calls";
import { reply } from "./effects";
import { copyText, inputLength, inputText, LV_UUID, MODE, OTHER_ARGS, put } from "./frame";
import { kill, permittedAfterKill } from "./kill";
import { beginStop } from "./lifecycle";
import { MAX_QUEUE, MAX_RESOURCES } from "./limits";
import { Lockspace, STARTING, STOPPING } from "./lockspace";
import { setRemote } from "./remote";
import { Resource } from "./resource";
import { sweep } from "./sweep";
import { table } from "./table";
import {
  EBUSY,
  ECANCELED,
  EINVAL,
  ENOENT,
  ENOMEM,
  ENOTEMPTY,
  EPERM,
  EPROTONOSUPPORT,
  ESTALE,
  ESTARTING,
  EVGKILLED,
  EX,
  LM_CHECK_ARGS,
  LM_HOSTS,
  LM_TYPE_NONE,
  LM_TYPE_SANLOCK,
  OP_BUSY,
  OP_DISABLE,
  OP_DROP_VG,
  OP_ENABLE,
  OP_FIND_FREE_LOCK,
  OP_FREE,
  OP_KILL_VG,
  OP_LOCK,
  OP_QUERY_LOCK,
  OP_RENAME_BEFORE,
  OP_SET_REMOTE_LV_LOCK,
  OP_SETLOCKARGS_BEFORE,
  OP_UPDATE,
  RT_GL,
  RT_LV,
  RT_VG,
  SH,
  UN,
} from "./vocabulary";

/** `action` is answered when the lockspace is gone. */
export function end(lockspace: Lockspace, action: Action): void {
  action.inFlight = true;
  lockspace.ender = action;
  beginStop(lockspace);
}

export function serveIn(lockspace: Lockspace, action: Action): void {
  if (action.givenUp) {
    reply(action, -ECANCELED);
    return;
  }
  if (action.lockType == LM_TYPE_NONE) {
    action.lockType = lockspace.lockType;
  } else if (action.lockType != lockspace.lockType) {
    reply(action, -EINVAL);
    return;
  }
  action.lockspace = lockspace;
  if (lockspace.state == STOPPING || lockspace.ender != null) {
    reply(action, -ESTALE);
    return;
  }
  if (lockspace.state == STARTING) {
    if (lockspace.isGlobal) lockspace.waiting.append(action);
    else reply(action, -ESTARTING);
    return;
  }
  serve(lockspace, action);
}

/** The lockspace runs. A killed one only lets go. */
export function serve(lockspace: Lockspace, action: Action): void {
  const op = action.op;
  if (lockspace.killed && !permittedAfterKill(action)) {
    reply(action, -EVGKILLED);
    return;
  }
  switch (op) {
    case OP_LOCK:
    case OP_UPDATE:
    case OP_ENABLE:
    case OP_DISABLE:
      return enqueue(lockspace, action);
    case OP_KILL_VG:
      kill(lockspace);
      reply(action, 0);
      return;
    case OP_DROP_VG:
      lockspace.dropped = true;
      return end(lockspace, action);
    case OP_QUERY_LOCK:
      return queryLock(lockspace, action);
    case OP_FIND_FREE_LOCK:
      return findFreeLock(lockspace, action);
    case OP_SET_REMOTE_LV_LOCK:
      if (table.test) setRemote(lockspace, action);
      else reply(action, -EPERM);
      return;
    case OP_SETLOCKARGS_BEFORE:
      return checkLockArgs(lockspace, action);
    case OP_FREE:
      if (action.rt == RT_LV) return freeLv(lockspace, action);
      return askHosts(lockspace, action);
    case OP_BUSY:
    case OP_RENAME_BEFORE:
      return askHosts(lockspace, action);
    default:
      reply(action, -EINVAL);
  }
}

function askHosts(lockspace: Lockspace, action: Action): void {
  action.inFlight = true;
  callLockspace(LM_HOSTS, lockspace, action);
}

/** No other host is in the lockspace: go on with what was asked. */
export function hostsDone(action: Action, lockspace: Lockspace, result: i32): void {
  action.inFlight = false;
  if (result != 0) {
    reply(action, result > 0 ? -EBUSY : result);
  } else if (action.op == OP_BUSY) {
    reply(action, 0);
  } else if (lockspace.state == STOPPING || lockspace.ender != null) {
    reply(action, -ESTALE);
  } else if (action.op == OP_SETLOCKARGS_BEFORE && lockspace.lvLockCount > 0) {
    reply(action, -ENOTEMPTY); // taken while the hosts were asked
  } else {
    if (action.op == OP_FREE) lockspace.freeing = true;
    end(lockspace, action);
  }
}

function checkLockArgs(lockspace: Lockspace, action: Action): void {
  if (lockspace.lockType != LM_TYPE_SANLOCK) {
    reply(action, -EPROTONOSUPPORT);
    return;
  }
  action.inFlight = true;
  copyText(callLockspace(LM_CHECK_ARGS, lockspace, action), OTHER_ARGS);
}

/** The manager knows the lock args: no LV may be locked, no other host may be there. */
export function lockArgsChecked(action: Action, lockspace: Lockspace, result: i32): void {
  action.inFlight = false;
  if (result < 0) reply(action, result);
  else if (lockspace.lvLockCount > 0) reply(action, -ENOTEMPTY);
  else askHosts(lockspace, action);
}

/** Answers with the mode held here; `un` for what was never locked. */
function queryLock(lockspace: Lockspace, action: Action): void {
  let mode = UN;
  if (action.rt == RT_VG) {
    mode = lockspace.vg!.mode;
  } else {
    const lv = lockspace.lvs.find(inputText(LV_UUID), inputLength(LV_UUID));
    if (lv != null) mode = lv.mode;
  }
  const record = reply(action, 0);
  if (record != 0) put(record, MODE, mode);
}

function enqueue(lockspace: Lockspace, action: Action): void {
  if (action.op == OP_LOCK && action.mode != UN && action.mode != SH && action.mode != EX) {
    reply(action, -EINVAL);
    return;
  }
  const resource = resourceFor(lockspace, action);
  if (resource == null) return;
  if (resource.waiting.size >= MAX_QUEUE) {
    reply(action, -ENOMEM);
    return;
  }
  action.resource = resource;
  resource.waiting.append(action);
  sweep(resource);
}

/** The resource, made if the request may hold it; else the request is answered and this is null. */
function resourceFor(lockspace: Lockspace, action: Action): Resource | null {
  if (action.rt == RT_GL) return lockspace.globalResource();
  if (action.rt == RT_VG) return lockspace.vg;
  const length = inputLength(LV_UUID);
  const found = lockspace.lvs.find(inputText(LV_UUID), length);
  if (found != null) return found;
  if (action.op != OP_LOCK || action.mode == UN) {
    reply(action, -ENOENT);
    return null;
  }
  if (lockspace.lvs.size >= MAX_RESOURCES) {
    reply(action, -ENOMEM);
    return null;
  }
  return lockspace.addLv(copyOf(inputText(LV_UUID), length));
}

/** Requests that waited for `lvm_global` to be joined. */
export function serveWaiting(lockspace: Lockspace): void {
  for (let action = lockspace.waiting.first; action != null;) {
    const next = action.next;
    lockspace.waiting.remove(action);
    serveIn(lockspace, action);
    action = next;
  }
}
