/**
 * Requests about lock managers and lock args rather than locks: init, free slots, renaming, status.
 * Each asks the manager once and passes its answer on.
 */
import { Action } from "./action";
import { copyOf, samePrefix } from "./bytes";
import { Call, callFor, callLockspace, callResource } from "./calls";
import { reply } from "./effects";
import {
  ALIGN_MB,
  copyText,
  GL_ENABLED,
  input,
  inputFloat,
  inputLength,
  inputText,
  LM_RESULT,
  LOCKSPACE,
  LV_ARGS,
  LV_NAME,
  LV_UUID,
  OTHER_ARGS,
  OWNER_GENERATION,
  OWNER_HOST,
  OWNER_NAME,
  OWNER_STATE,
  OWNER_TIMESTAMP,
  put,
  putFloat,
  RESULT,
  SIZE,
  VG_ARGS,
  VG_NAME,
} from "./frame";
import { noteInitialised, onlyType, pretendedRunning } from "./global_lock";
import { Lockspace, RUNNING, STARTING } from "./lockspace";
import { SANLOCK_NAME } from "./limits";
import { isReservedName, lockspaceName, lockspaceNameLength, lockspaceOfRequest } from "./names";
import { table } from "./table";
import {
  EAGAIN,
  EBUSY,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOLCK,
  ESTARTING,
  EXFULL,
  F_DISABLE,
  F_ENABLE,
  LM_FIND_FREE,
  LM_FREE_LV,
  LM_INIT_LV,
  LM_INIT_VG,
  LM_REFRESH,
  LM_RENAME,
  LM_RUNNING,
  LM_SET_ARGS,
  LM_STATUS,
  LM_TYPE_DLM,
  LM_TYPE_NONE,
  LM_TYPE_SANLOCK,
  OP_INIT,
  RT_VG,
} from "./vocabulary";

/** init_vg: new lock args for a VG. Refused while a lockspace of that name is known. */
export function initVg(action: Action): void {
  const type = action.lockType;
  if (isReservedName() || nameCollides()) return answer(action, -EEXIST);
  if (type <= LM_TYPE_NONE) return answer(action, -EINVAL);
  const record = call(LM_INIT_VG, action);
  put(record, ALIGN_MB, input(ALIGN_MB));
  put(record, GL_ENABLED, enablesGlobalLock(action) ? 1 : 0);
}

function answer(action: Action, result: i32): void {
  reply(action, result);
}

function enablesGlobalLock(action: Action): bool {
  if (action.lockType != LM_TYPE_SANLOCK) return false;
  if (action.has(F_ENABLE)) return true;
  if (action.has(F_DISABLE)) return false;
  return table.glType == LM_TYPE_SANLOCK && table.glSanlock.length == 0 &&
    table.lockspaces.size == 0;
}

/** sanlock keeps 48 characters of a name, so longer ones must differ before that. */
function nameCollides(): bool {
  const length = lockspaceNameLength();
  if (table.lockspaces.find(lockspaceName(), length) != null) return true;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.lockType != LM_TYPE_SANLOCK) continue;
    if (samePrefix(at.name, lockspaceName(), length, SANLOCK_NAME)) return true;
  }
  return false;
}

/** init_lv: a lease for a new LV. Only sanlock has any. */
export function initLv(action: Action): void {
  const lockspace = lockspaceOfRequest();
  const type = lockspace != null ? lockspace.lockType : action.lockType;
  if (type != action.lockType || type <= LM_TYPE_NONE) return answer(action, -EINVAL);
  if (type != LM_TYPE_SANLOCK) return answer(action, 0);
  if (lockspace != null && lockspace.state == STARTING) return answer(action, -ESTARTING);
  const record = call(LM_INIT_LV, action);
  if (lockspace != null && lockspace.state == RUNNING) put(record, LOCKSPACE, lockspace.id);
}

/** Starts a call that needs the request's texts. */
function call(op: i32, action: Action): usize {
  action.inFlight = true;
  const record = callFor(op, action, action.lockType);
  copyText(record, VG_NAME);
  copyText(record, VG_ARGS);
  copyText(record, LV_NAME);
  copyText(record, LV_UUID);
  copyText(record, LV_ARGS);
  copyText(record, OTHER_ARGS);
  return record;
}

/** free_lv of an LV that nobody holds: its lease is free for another LV. */
export function freeLv(lockspace: Lockspace, action: Action): void {
  const length = inputLength(LV_UUID);
  const found = lockspace.lvs.find(inputText(LV_UUID), length);
  if (found != null && (found.lockCount > 0 || found.waiting.size > 0 || found.call != null)) {
    return answer(action, -EBUSY);
  }
  if (lockspace.lockType != LM_TYPE_SANLOCK) return answer(action, 0);
  const lv = found != null ? found : lockspace.addLv(copyOf(inputText(LV_UUID), length));
  lv.takeLvArgs(copyOf(inputText(LV_ARGS), inputLength(LV_ARGS)));
  action.inFlight = true;
  callResource(LM_FREE_LV, lv, action, null, 0, 0);
}

/** The lease is free, or not; whoever asked for the LV meanwhile is served next. */
export function freeLvDone(call: Call): void {
  const action = call.action!;
  action.inFlight = false;
  action.lmResult = input(LM_RESULT);
  reply(action, input(RESULT));
}

export function findFreeLock(lockspace: Lockspace, action: Action): void {
  if (lockspace.lockType != LM_TYPE_SANLOCK) return answer(action, 0);
  action.inFlight = true;
  putFloat(callLockspace(LM_FIND_FREE, lockspace, action), SIZE, inputFloat(SIZE));
}

/** rename_vg_final: vg_name is the new name; its lockspace is not started. */
export function renameFinal(action: Action): void {
  const type = action.lockType;
  if (type == LM_TYPE_DLM) return answer(action, 0);
  if (type != LM_TYPE_SANLOCK) return answer(action, -EINVAL);
  call(LM_RENAME, action);
}

export function setLockArgsFinal(action: Action): void {
  if (action.lockType != LM_TYPE_SANLOCK) return answer(action, -EINVAL);
  if (lockspaceOfRequest() != null) return answer(action, -EAGAIN);
  call(LM_SET_ARGS, action);
}

export function refreshLv(action: Action): void {
  action.inFlight = true;
  copyText(callFor(LM_REFRESH, action, LM_TYPE_NONE), LV_UUID);
}

export function runningLm(action: Action): void {
  if (table.test) return answerRunning(action, pretendedRunning());
  action.inFlight = true;
  callFor(LM_RUNNING, action, LM_TYPE_NONE);
}

export function answerRunning(action: Action, bits: i32): void {
  const type = onlyType(bits);
  reply(action, type > 0 ? type : type == 0 ? -ENOLCK : -EXFULL);
}

export function vgStatus(action: Action): void {
  const lockspace = lockspaceOfRequest();
  if (lockspace == null) return answer(action, -ENOENT);
  action.lockType = lockspace.lockType;
  action.lockspace = lockspace;
  if (lockspace.lockType != LM_TYPE_SANLOCK || lockspace.state != RUNNING) {
    return answer(action, 0);
  }
  action.inFlight = true;
  callLockspace(LM_STATUS, lockspace, action);
}

/** The manager answered; what it made goes into the reply. */
export function adminDone(done: Call): void {
  const action = done.action!;
  action.inFlight = false;
  action.lmResult = input(LM_RESULT);
  const op = action.op;
  const isInitVg = op == OP_INIT && action.rt == RT_VG;
  const status = done.op == LM_STATUS;
  const record = reply(action, status ? 0 : input(RESULT));
  if (isInitVg && input(RESULT) >= 0 && input(GL_ENABLED) != 0) {
    noteInitialised(inputText(VG_NAME), inputLength(VG_NAME));
  }
  if (record == 0) return;
  copyText(record, VG_ARGS);
  copyText(record, LV_ARGS);
  if (status) copyOwner(record);
}

function copyOwner(record: usize): void {
  put(record, OWNER_HOST, input(OWNER_HOST));
  put(record, OWNER_GENERATION, input(OWNER_GENERATION));
  put(record, OWNER_TIMESTAMP, input(OWNER_TIMESTAMP));
  copyText(record, OWNER_STATE);
  copyText(record, OWNER_NAME);
}
