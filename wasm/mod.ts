/**
 * The lock table: one input in, a few effects out. This file is the whole boundary.
 *
 * The host writes an input record at `inbox()`, calls `submit()`, then reads that many effect records
 * at `outbox()`. Effects are performed in order: a record (RECORD_LOCK, RECORD_LOCKSPACE) comes
 * before the reply that depends on it, and must be durable before that reply leaves. Every LM_CALL
 * but FORGET and CANCEL_JOIN owes one LM_DONE with its number; they come in any order. Memory may
 * grow in `submit`, so views on it are taken anew. What no host may hand in (a text longer than its slot,
 * state restored after the first request) stops the table with an assertion.
 *
 * There is no clock, no I/O and no randomness in here: the same inputs give the same effects.
 */
import { answered } from "./answers";
import {
  clearOutbox,
  effectCount,
  forgetOutbox,
  INBOX,
  input,
  inputFits,
  inputFloat,
  KIND,
  NOW,
  outboxAddress,
} from "./frame";
import {
  beginShutdown,
  cancel,
  clientGone,
  configure,
  replyFailed,
  request,
  restoreLock,
  restoreLockspace,
  timer,
} from "./inputs";
import {
  inspectBegin as beginRows,
  inspectBeginResource as beginResource,
  inspectEnd,
  inspectNext as nextRow,
} from "./inspect";
import { checkTable } from "./invariants";
import { ACTION, freeRetired, livingOf, LOCK, LOCKSPACE, takeAbove } from "./memory";
import { table } from "./table";
import {
  IN_CANCEL,
  IN_CLIENT_GONE,
  IN_CONFIGURE,
  IN_LM_DONE,
  IN_REPLY_FAILED,
  IN_REQUEST,
  IN_RESTORE_LOCK,
  IN_RESTORE_LOCKSPACE,
  IN_SHUTDOWN,
  IN_TIMER,
} from "./vocabulary";
import { lookAtWaiters } from "./waiters";

/** Address of the input record. */
export function inbox(): usize {
  return INBOX;
}

/** Address of the effect records; valid until the next call into the table. */
export function outbox(): usize {
  return outboxAddress();
}

/** Handles the input in the inbox. Returns the number of effects. */
export function submit(): i32 {
  freeRetired();
  inspectEnd();
  clearOutbox();
  table.now = inputFloat(NOW);
  assert(inputFits(), "a text of the record does not fit its slot");
  switch (input(KIND)) {
    case IN_REQUEST:
      request();
      break;
    case IN_CLIENT_GONE:
      clientGone();
      break;
    case IN_REPLY_FAILED:
      replyFailed();
      break;
    case IN_LM_DONE:
      answered();
      break;
    case IN_TIMER:
      timer();
      break;
    case IN_CANCEL:
      cancel();
      break;
    case IN_RESTORE_LOCKSPACE:
      restoreLockspace();
      break;
    case IN_RESTORE_LOCK:
      restoreLock();
      break;
    case IN_CONFIGURE:
      configure();
      break;
    case IN_SHUTDOWN:
      beginShutdown();
      break;
    default:
      assert(false, "no such input");
  }
  lookAtWaiters();
  return effectCount();
}

/** Starts a listing; `inspectNext` then puts one row after the other at `outbox()`. */
export function inspectBegin(): void {
  beginRows();
}

/** Starts a listing of one resource and its lockspace: those of the request in the inbox. */
export function inspectBeginResource(): void {
  assert(inputFits(), "a text of the record does not fit its slot");
  beginResource();
}

export function inspectNext(): bool {
  return nextRow();
}

/**
 * The host has copied all `bytes` of the memory of another instance over the beginning of this one's.
 * Nothing but listings of everything may be asked of it from then on: they show what the other held.
 */
export function copied(bytes: usize): void {
  takeAbove(bytes);
  forgetOutbox();
}

/** Traps if an invariant does not hold. */
export function check(): void {
  checkTable();
}

/** Lockspaces, started or about to be. */
export function lockspaceCount(): i32 {
  return livingOf(LOCKSPACE);
}

/** Locks held, each holder's claim counted. */
export function lockCount(): i32 {
  return livingOf(LOCK);
}

/** Requests that have not been answered yet. */
export function requestCount(): i32 {
  return livingOf(ACTION);
}

/** Lock type of the global lock now. */
export function globalLockType(): i32 {
  return table.glType;
}
