/** A lock manager's answer finds the call that it belongs to, and what comes next. */
import { adminDone, answerRunning, freeLvDone } from "./admin";
import { Call, takeCall } from "./calls";
import { armTimer, reply } from "./effects";
import { ARG, CALL, HOSTS_UNKNOWN, input, LM_RESULT, RESULT } from "./frame";
import { globalTypeFound } from "./route";
import { hostsDone, lockArgsChecked, serveIn, serveWaiting } from "./serve";
import { searchDone, switchDone } from "./global_lock";
import { cancelWaiting, convertDone, lockDone, unlockDone } from "./grants";
import { continueStop, joinDone, leaveDone, prepareDone, unlockedForStop } from "./lifecycle";
import { RETRY_MS } from "./limits";
import { RUNNING, STOPPING } from "./lockspace";
import { Resource } from "./resource";
import { resume } from "./sweep";
import {
  ENOLS,
  LM_CHECK_ARGS,
  LM_CONVERT,
  LM_FREE_LV,
  LM_HAS_GL,
  LM_HOSTS,
  LM_JOIN,
  LM_LEAVE,
  LM_LOCK,
  LM_PREPARE,
  LM_RUNNING,
  LM_SET_GL,
  LM_UNLOCK,
  OP_LOCK,
  OP_RUNNING_LM,
  R_HOSTS_UNKNOWN,
  R_NO_LM,
} from "./vocabulary";

/** Answers of calls that are not under way are ignored: the host may be late, never early. */
export function answered(): void {
  const call = takeCall(input(CALL));
  if (call == null) return;
  const resource = call.resource;
  if (resource != null) return resourceAnswered(resource, call);
  const lockspace = call.lockspace;
  if (lockspace == null) return managerAnswered(call);
  switch (call.op) {
    case LM_PREPARE:
      return prepareDone(call);
    case LM_JOIN:
      joinDone(call);
      if (lockspace.state == RUNNING && lockspace.ender == null) serveWaiting(lockspace);
      return;
    case LM_LEAVE:
      return leaveDone(call);
    default:
      lockspaceAnswered(call);
      continueStop(lockspace);
  }
}

function lockspaceAnswered(call: Call): void {
  const action = call.action!;
  const lockspace = call.lockspace!;
  action.lmResult = input(LM_RESULT);
  if (call.op == LM_HOSTS) {
    if (input(HOSTS_UNKNOWN) != 0) action.replyFlags |= R_HOSTS_UNKNOWN;
    hostsDone(action, lockspace, input(RESULT));
  } else if (call.op == LM_CHECK_ARGS) {
    lockArgsChecked(action, lockspace, input(RESULT));
  } else if (call.op == LM_HAS_GL) {
    if (searchDone(call)) serveIn(lockspace, action);
  } else {
    adminDone(call);
  }
}

/** Calls outside a lockspace: what runs, new lock args, renaming, refreshing. */
function managerAnswered(call: Call): void {
  const action = call.action!;
  if (call.op != LM_RUNNING) return adminDone(call);
  const bits = input(ARG);
  if (action.op == OP_RUNNING_LM) return answerRunning(action, bits);
  if (action.op == OP_LOCK && action.inFlight && wantsGlobalType(action.replyFlags)) {
    return globalTypeFound(action, bits);
  }
  if (bits == 0) action.replyFlags |= R_NO_LM;
  reply(action, -ENOLS);
}

/** No flag of a failed look-up was set yet, so the probe was made to find the type. */
function wantsGlobalType(replyFlags: i32): bool {
  return replyFlags == 0;
}

function resourceAnswered(r: Resource, call: Call): void {
  r.call = null;
  const stopping = r.lockspace.state == STOPPING;
  switch (call.op) {
    case LM_LOCK:
      lockDone(r, call);
      break;
    case LM_CONVERT:
      convertDone(r, call);
      break;
    case LM_SET_GL:
      switchDone(r, call);
      break;
    case LM_FREE_LV:
      freeLvDone(call);
      break;
    case LM_UNLOCK:
      if (stopping && call.action == null) return unlockedForStop(r, call);
      if (!unlockDone(r, call) && call.action == null) r.timer = armTimer(RETRY_MS, null, r);
      break;
    default:
      assert(false, "no such call for a resource");
  }
  if (stopping) {
    cancelWaiting(r);
    continueStop(r.lockspace);
  } else {
    resume(r, call.op == LM_CONVERT ? call.action : null);
  }
}
