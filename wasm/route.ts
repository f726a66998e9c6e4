/**
 * Where a request goes: to a lockspace and there to a resource's queue, to the lock manager, or
 * straight back with an error. The order of the checks is part of the protocol.
 */
import { Action, ActionQueue } from "./action";
import {
  findFreeLock,
  freeLv,
  initLv,
  initVg,
  refreshLv,
  renameFinal,
  runningLm,
  setLockArgsFinal,
  vgStatus,
} from "./admin";
import { copyOf } from "./bytes";
import { Call, callFor, callLockspace } from "./calls";
import { reply } from "./effects";
import {
  append,
  copyText,
  input,
  inputLength,
  inputText,
  LV_UUID,
  MODE,
  OTHER_ARGS,
  put,
  RT,
  VG_NAME,
} from "./frame";
import {
  chooseByRequest,
  globalLockspace,
  onlyType,
  pretendedRunning,
  replyNoLockspace,
  searchSanlock,
} from "./global_lock";
import {
  beginStop,
  startGlobal,
  startLockspace,
  stopGlobalIfLast,
  usesGlobalLockspace,
} from "./lifecycle";
import { MAX_LOCKSPACES, MAX_QUEUE, MAX_RESOURCES, MAX_VG_NAME } from "./limits";
import { Lockspace, RUNNING, STARTING, STOPPING } from "./lockspace";
import { lockspaceNameBytes, lockspaceOfRequest } from "./names";
import { Resource } from "./resource";
import { setRemote } from "./remote";
import { sweep } from "./sweep";
import { table } from "./table";
import { answerStartWaiters, answerStopWaiters } from "./waiters";
import {
  EAGAIN,
  EARGS,
  EBUSY,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOLS,
  ENOMEM,
  ENOTEMPTY,
  EPERM,
  EPROTONOSUPPORT,
  ESTALE,
  ESTARTING,
  EVGKILLED,
  EX,
  F_FORCE,
  F_SEARCHED,
  LM_CHECK_ARGS,
  LM_HOSTS,
  LM_RUNNING,
  LM_TYPE_NONE,
  LM_TYPE_SANLOCK,
  OP_BUSY,
  OP_DISABLE,
  OP_DROP_VG,
  OP_ENABLE,
  OP_FIND_FREE_LOCK,
  OP_FREE,
  OP_INIT,
  OP_KILL_VG,
  OP_LOCK,
  OP_QUERY_LOCK,
  OP_QUIT,
  OP_REFRESH_LV,
  OP_RENAME_BEFORE,
  OP_RENAME_FINAL,
  OP_RUNNING_LM,
  OP_SET_REMOTE_LV_LOCK,
  OP_SETLOCKARGS_BEFORE,
  OP_SETLOCKARGS_FINAL,
  OP_START,
  OP_START_WAIT,
  OP_STOP,
  OP_STOP_ALL,
  OP_UPDATE,
  OP_VG_STATUS,
  OUT_QUIT,
  RT_GL,
  RT_LV,
  RT_VG,
  SH,
  UN,
} from "./vocabulary";

export function route(action: Action): void {
  const type = action.lockType;
  if (type > LM_TYPE_NONE && !table.supports(type)) {
    reply(action, -EPROTONOSUPPORT);
    return;
  }
  chooseByRequest(type);
  if (!routeWithoutLockspace(action)) routeToLockspace(action);
}

/** Requests that concern no lockspace, or one that need not be there. */
function routeWithoutLockspace(action: Action): bool {
  switch (action.op) {
    case OP_QUIT:
      quit(action);
      return true;
    case OP_START:
      start(action);
      return true;
    case OP_STOP:
      stop(action);
      return true;
    case OP_INIT:
      if (action.rt == RT_VG) initVg(action);
      else initLv(action);
      return true;
    case OP_START_WAIT:
      table.startWaiters.append(action);
      answerStartWaiters();
      return true;
    case OP_STOP_ALL:
      stopAll(action);
      return true;
    case OP_RENAME_FINAL:
      renameFinal(action);
      return true;
    case OP_SETLOCKARGS_FINAL:
      setLockArgsFinal(action);
      return true;
    case OP_RUNNING_LM:
      runningLm(action);
      return true;
    case OP_REFRESH_LV:
      refreshLv(action);
      return true;
    case OP_VG_STATUS:
      vgStatus(action);
      return true;
    default:
      return false;
  }
}

function quit(action: Action): void {
  if (table.lockspaces.size > 0) {
    reply(action, -EBUSY);
    return;
  }
  reply(action, 0);
  append(OUT_QUIT);
}

function start(action: Action): void {
  const type = action.lockType;
  const length = inputLength(VG_NAME);
  if (length == 0 || type <= LM_TYPE_NONE) {
    reply(action, -EINVAL);
    return;
  }
  if (length > MAX_VG_NAME) {
    reply(action, -EARGS);
    return;
  }
  const found = lockspaceOfRequest();
  if (found != null) {
    const ending = found.state == STOPPING || found.ender != null;
    reply(action, ending ? -EAGAIN : found.state == STARTING ? -ESTARTING : -EEXIST);
    return;
  }
  if (table.lockspaces.size >= MAX_LOCKSPACES) {
    reply(action, -ENOMEM);
    return;
  }
  if (usesGlobalLockspace(table.glType)) startGlobal(table.glType);
  const vgName = copyOf(inputText(VG_NAME), length);
  startLockspace(lockspaceNameBytes(), vgName, type, action);
}

function stop(action: Action): void {
  const lockspace = lockspaceOfRequest();
  if (lockspace == null) return replyNoLockspace(action);
  if (lockspace.state == STOPPING || lockspace.ender != null) {
    reply(action, -ESTALE);
    return;
  }
  if (!action.has(F_FORCE) && lockspace.lvLockCount > 0) {
    reply(action, -EBUSY);
    return;
  }
  end(lockspace, action);
}

/** `action` is answered when the lockspace is gone. */
function end(lockspace: Lockspace, action: Action): void {
  action.inFlight = true;
  lockspace.ender = action;
  beginStop(lockspace);
}

function stopAll(action: Action): void {
  table.stopWaiters.append(action);
  answerStopWaiters();
}

/** The lockspace of a request, and why it cannot be served there. */
function routeToLockspace(action: Action): void {
  const lockspace = lockspaceFor(action);
  if (lockspace == null) {
    if (action.rt == RT_GL && action.op == OP_LOCK) return findGlobal(action);
    return replyNoLockspace(action);
  }
  serveIn(lockspace, action);
}

function lockspaceFor(action: Action): Lockspace | null {
  if (action.rt != RT_GL) return lockspaceOfRequest();
  const switching = action.op == OP_ENABLE || action.op == OP_DISABLE;
  if (switching && !usesGlobalLockspace(table.glType)) return lockspaceOfRequest();
  return globalLockspace();
}

/** The global lock's lockspace is not known yet: find it, start it, or say what is missing. */
function findGlobal(action: Action): void {
  const type = table.glType;
  if (type == LM_TYPE_NONE && !action.has(F_SEARCHED)) {
    action.flags |= F_SEARCHED;
    if (!table.test) {
      action.inFlight = true;
      callFor(LM_RUNNING, action, LM_TYPE_NONE);
      return;
    }
  }
  if (type == LM_TYPE_SANLOCK && !action.has(F_SEARCHED)) return searchSanlock(action, null);
  if (usesGlobalLockspace(type) && action.mode != UN) return serveIn(startGlobal(type), action);
  replyNoLockspace(action);
}

/** Which managers run was asked for a lock_gl: exactly one of them chooses the type. */
export function globalTypeFound(action: Action, bits: i32): void {
  action.inFlight = false;
  const type = onlyType(bits);
  if (type > 0 && table.glType == LM_TYPE_NONE) table.glType = type;
  if (table.glType == LM_TYPE_SANLOCK) return searchSanlock(action, null);
  const lockspace = globalLockspace();
  if (lockspace != null) serveIn(lockspace, action);
  else findGlobal(action);
}

export function serveIn(lockspace: Lockspace, action: Action): void {
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
      lockspace.killed = true;
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

function permittedAfterKill(action: Action): bool {
  switch (action.op) {
    case OP_LOCK:
      return action.mode == UN;
    case OP_FREE:
    case OP_BUSY:
    case OP_KILL_VG:
    case OP_DROP_VG:
    case OP_SETLOCKARGS_BEFORE:
      return true;
    default:
      return false;
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
    serve(lockspace, action);
    action = next;
  }
}
