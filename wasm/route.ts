/**
 * Where a request goes: to a lockspace and there to a resource's queue, to the lock manager, or
 * straight back with an error. The order of the checks is part of the protocol.
 */
import { Action } from "./action";
import {
  initLv,
  initVg,
  refreshLv,
  renameFinal,
  runningLm,
  setLockArgsFinal,
  vgStatus,
} from "./admin";
import { copyOf } from "./bytes";
import { callFor } from "./calls";
import { dropAction, reply } from "./effects";
import { append, inputLength, inputText, VG_NAME } from "./frame";
import {
  chooseByRequest,
  globalLockspace,
  onlyType,
  replyNoLockspace,
  searchSanlock,
} from "./global_lock";
import { startGlobal, startLockspace, usesGlobalLockspace } from "./lifecycle";
import { MAX_LOCKSPACES, MAX_VG_NAME } from "./limits";
import { Lockspace, STARTING, STOPPING } from "./lockspace";
import { isReservedName, lockspaceNameBytes, lockspaceOfRequest } from "./names";
import { end, serveIn } from "./serve";
import { table } from "./table";
import {
  EAGAIN,
  EARGS,
  EBUSY,
  EEXIST,
  EINVAL,
  ENOMEM,
  EPROTONOSUPPORT,
  ESTALE,
  ESTARTING,
  F_FORCE,
  F_SEARCHED,
  LM_RUNNING,
  LM_TYPE_NONE,
  LM_TYPE_SANLOCK,
  OP_DISABLE,
  OP_ENABLE,
  OP_INIT,
  OP_LOCK,
  OP_QUIT,
  OP_REFRESH_LV,
  OP_RENAME_FINAL,
  OP_RUNNING_LM,
  OP_SETLOCKARGS_FINAL,
  OP_START,
  OP_START_WAIT,
  OP_STOP,
  OP_STOP_ALL,
  OP_VG_STATUS,
  OUT_QUIT,
  RT_GL,
  RT_VG,
  UN,
} from "./vocabulary";
import { answerStartWaiters, answerStopWaiters } from "./waiters";

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
  if (length > MAX_VG_NAME || isReservedName()) {
    reply(action, -EARGS);
    return;
  }
  if (usesGlobalLockspace(table.glType)) startGlobal(table.glType);
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
  if (!action.has(F_FORCE) && (lockspace.lvLockCount > 0 || lockspace.adopts)) {
    reply(action, -EBUSY);
    return;
  }
  end(lockspace, action);
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
  if (action.client == null) return dropAction(action);
  const type = onlyType(bits);
  if (type > 0 && table.glType == LM_TYPE_NONE) table.glType = type;
  if (table.glType == LM_TYPE_SANLOCK) return searchSanlock(action, null);
  const lockspace = globalLockspace();
  if (lockspace != null) serveIn(lockspace, action);
  else findGlobal(action);
}
