/**
 * Taking, converting and releasing one lock. The functions that need the lock manager start a call;
 * `…Done` takes its answer. Nothing changes in the table before the manager agreed.
 */
import { Action } from "./action";
import { Call, callResource } from "./calls";
import { armTimer, dropAction, recordLock, reply } from "./effects";
import {
  ARG,
  GL_ENABLED,
  input,
  inputLength,
  inputText,
  LM_RESULT,
  OWNER_GENERATION,
  OWNER_HOST,
  OWNER_NAME,
  OWNER_STATE,
  OWNER_TIMESTAMP,
  put,
  RESULT,
  RETRY,
  VB_FLAGS,
  VB_RESOURCE,
  VB_VERSION,
} from "./frame";
import { copyOf } from "./bytes";
import { noteDisabled } from "./global_lock";
import { RETRY_MS } from "./limits";
import { Lock } from "./lock";
import { RUNNING } from "./lockspace";
import { Resource } from "./resource";
import { table } from "./table";
import { readValueBlock } from "./value_block";
import {
  EAGAIN,
  ECANCELED,
  ENOENT,
  ESTALE,
  EUNATCH,
  EVGKILLED,
  EX,
  F_LV_UNLOCK,
  LM_CONVERT,
  LM_LOCK,
  LM_UNLOCK,
  R_CREATED,
  R_DUP_GL_LS,
  R_NO_GL_LS,
  RT_LV,
  SH,
  UN,
} from "./vocabulary";

/** Asks the manager for a resource that this host does not hold yet. */
export function lock(r: Resource, action: Action): void {
  r.lastClient = action.clientId;
  if (r.rt == RT_LV && action.lvArgs.length > 0) r.copyLvArgs(action.lvArgs);
  action.inFlight = true;
  const record = callResource(LM_LOCK, r, action, null, action.mode, 0);
  if (asksAboutGlobal(r)) {
    put(record, GL_ENABLED, 1);
    r.call!.checkedGl = true;
  }
}

/** While several VGs seem to have the global lock, each look at one of them may end that. */
function asksAboutGlobal(r: Resource): bool {
  return table.glDuplicate && r.rt != RT_LV && r.lockspace.glEnabled;
}

export function lockDone(r: Resource, call: Call): void {
  const action = call.action!;
  const result = input(RESULT);
  action.inFlight = false;
  action.lmResult = input(LM_RESULT);
  if (call.checkedGl && input(GL_ENABLED) == 0) noteDisabled(r.lockspace);
  if (result < 0) return refused(r, action, result);
  if (r.lockspace.state != RUNNING) { // stopped meanwhile: the stop releases what was granted
    r.mode = action.mode;
    reply(action, -ESTALE);
    return;
  }
  const verdict = readValueBlock(r, input(VB_VERSION), input(VB_FLAGS), input(VB_RESOURCE));
  if (table.glDuplicate && r.lockspace.glEnabled) action.replyFlags |= R_DUP_GL_LS;
  r.mode = action.mode;
  const inherited = input(ARG) != 0;
  if (isTooLate(action)) keepUntold(r, action, inherited);
  else hold(r, action, verdict, inherited);
}

/** Was the VG killed since it was asked for? What is adopted was held before. */
function isTooLate(action: Action): bool {
  return action.lockspace!.killed && !action.adopts;
}

/**
 * The manager granted it, but nobody may use it. The persistent lock of an LV stays until it is
 * unlocked or the VG is dropped: the LV may have been active for long.
 */
function keepUntold(r: Resource, action: Action, inherited: bool): void {
  const claim = addClaim(r, action);
  const stays = inherited || action.client != null;
  if (r.rt == RT_LV && claim.persistent && stays) recordLock(r, claim.mode);
  else abandon(claim);
  reply(action, -EVGKILLED);
}

function refused(r: Resource, action: Action, result: i32): void {
  const advice = input(RETRY);
  const advised = advice == 1 || (advice == 0 && r.rt != RT_LV);
  const mayRetry = advised && !isTooLate(action);
  if (result == -EAGAIN && mayRetry && action.retries <= action.maxRetries && wanted(action)) {
    action.retries++;
    action.timer = armTimer(RETRY_MS, action, null);
    return;
  }
  if (result == -EAGAIN) takeOwner(action);
  if (result == -EUNATCH) {
    noteDisabled(r.lockspace);
    action.replyFlags |= R_NO_GL_LS;
  }
  reply(action, result);
  if (result == -EUNATCH) cancelWaiting(r);
}

function wanted(action: Action): bool {
  return action.client != null || action.clientId == 0;
}

/** Comes before the answer, so at most once for an action. */
function takeOwner(action: Action): void {
  action.ownerHost = input(OWNER_HOST);
  action.ownerGeneration = input(OWNER_GENERATION);
  action.ownerTimestamp = input(OWNER_TIMESTAMP);
  action.ownerName = copyOf(inputText(OWNER_NAME), inputLength(OWNER_NAME));
  action.ownerState = copyOf(inputText(OWNER_STATE), inputLength(OWNER_STATE));
}

/** The claim that a request was granted, in the list of the resource. */
function addClaim(r: Resource, action: Action): Lock {
  const claim = new Lock(r, action.mode);
  claim.takenBy = action.clientId;
  claim.since = table.now;
  claim.persistent = action.persistent;
  claim.adopted = action.adopts;
  r.addLock(claim);
  return claim;
}

/**
 * Records the claim and answers the request; r.mode is at least what it asks. What is `inherited`
 * from a dead daemon is the lock of an LV that may be active: it stays, whoever asked for it.
 */
export function hold(r: Resource, action: Action, result: i32, inherited: bool = false): void {
  const claim = addClaim(r, action);
  const client = action.client;
  r.lastClient = action.clientId;
  if (client == null && action.clientId != 0) {
    // Its client went while the manager was asked: what it got must not stay behind.
    dropAction(action);
    if (inherited && claim.persistent) recordLock(r, claim.mode);
    else abandon(claim);
    return;
  }
  if (claim.persistent) {
    recordLock(r, claim.mode);
    if (!inherited) action.replyFlags |= R_CREATED;
  } else if (client != null) client.addLock(claim);
  reply(action, result);
}

/** Marks a lock to be released because nobody can release it any more. */
export function abandon(claim: Lock): void {
  claim.orphan = true;
  claim.resource.orphans++;
}

/** Somebody wants a persistent lock that was about to be released: it stays. */
export function rescue(r: Resource, claim: Lock): void {
  claim.orphan = false;
  r.orphans--;
  recordLock(r, claim.mode);
}

/** A transient lock becomes persistent in the same mode, without the manager. */
export function promote(r: Resource, claim: Lock): void {
  const client = claim.client;
  if (client != null) client.removeLock(claim);
  claim.persistent = true;
  r.kept = claim;
  recordLock(r, claim.mode);
}

/** Another mode for a lock held. Answers at once when other claims forbid it. */
export function convert(r: Resource, claim: Lock, action: Action): void {
  r.lastClient = action.clientId;
  if (action.mode == EX && claim.mode == SH && r.shCount > 1) {
    reply(action, -EAGAIN);
    return;
  }
  action.inFlight = true;
  callResource(LM_CONVERT, r, action, claim, action.mode, r.versionToWrite(claim));
}

export function convertDone(r: Resource, call: Call): void {
  const action = call.action!;
  const claim = call.lock!;
  const result = input(RESULT);
  action.inFlight = false;
  action.lmResult = input(LM_RESULT);
  if (result < 0) {
    if (result == -EAGAIN) takeOwner(action);
    reply(action, result);
    return;
  }
  r.versionWritten(call.version);
  if (call.version != 0) claim.version = call.version;
  if (claim.mode == SH) r.shCount--;
  claim.mode = action.mode;
  if (claim.mode == SH) r.shCount++;
  r.mode = claim.mode;
  if (claim.persistent) {
    recordLock(r, claim.mode);
    r.lastClient = 0; // it was there before: a reply that fails does not release it
  }
  reply(action, claim.mode == EX && isTooLate(action) ? -EVGKILLED : 0);
}

/** An unlock request. True if the manager has to be asked. */
export function unlock(r: Resource, action: Action): bool {
  const claim = action.persistent ? r.kept : r.transientOf(action.client);
  if (claim == null || (action.has(F_LV_UNLOCK) && r.lastClient != action.clientId)) {
    reply(action, -ENOENT);
    return false;
  }
  r.lastClient = action.clientId;
  if (claim.mode == SH && r.shCount > 1) {
    release(r, claim);
    reply(action, 0);
    return false;
  }
  action.inFlight = true;
  askUnlock(r, claim, action, false);
  return true;
}

/** Asks the manager to give up the last claim. */
export function askUnlock(r: Resource, claim: Lock, action: Action | null, freeVg: bool): void {
  const record = callResource(LM_UNLOCK, r, action, claim, UN, r.versionToWrite(claim));
  if (freeVg) put(record, ARG, 1);
}

/** The answer to an unlock, asked for or caused by a client's end. True if it was released. */
export function unlockDone(r: Resource, call: Call): bool {
  const action = call.action;
  const claim = call.lock!;
  const result = input(RESULT);
  if (result >= 0) {
    r.versionWritten(call.version);
    release(r, claim);
  }
  if (action != null) {
    action.inFlight = false;
    action.lmResult = input(LM_RESULT);
    reply(action, result < 0 ? result : 0);
  }
  return result >= 0;
}

/** Takes a claim out of the table; the resource is unlocked when it was the last. */
export function release(r: Resource, claim: Lock, record: bool = true): void {
  if (record && claim.persistent && !claim.orphan) recordLock(r, UN);
  r.removeLock(claim);
  if (r.lockCount == 0) r.mode = UN;
  table.changed = true;
}

/** Everything that waits for the resource is answered ECANCELED. */
export function cancelWaiting(r: Resource): void {
  let action = r.waiting.first;
  while (action != null) {
    const next = action.next;
    if (!action.inFlight) reply(action, -ECANCELED);
    action = next;
  }
}
