/**
 * Looks at everything that waits for one resource and does what can be done now, in a fixed order
 * of passes: updates, unlocks, locks of clients that are gone, switching the global lock, requests
 * settled by a lock already held, conversions, shared requests, the first exclusive request.
 *
 * A pass answers true when it started a lock manager call. The sweep then ends; the call's answer
 * starts it again from the first pass. Passes only remove requests, so that reaches the same place.
 */
import { Action } from "./action";
import { describeResource } from "./calls";
import { append, LOCK_TYPE, LOCKSPACE, OP, put } from "./frame";
import { askUnlock, convert, hold, lock, promote, release, rescue, unlock } from "./grants";
import { reply } from "./effects";
import { Lock } from "./lock";
import { RUNNING } from "./lockspace";
import { Resource } from "./resource";
import { table } from "./table";
import {
  EAGAIN,
  EALREADY,
  ECANCELED,
  EEXIST,
  EINVAL,
  ENOENT,
  EX,
  F_NEXT_VERSION,
  F_UNLOCK_CANCEL,
  LM_FORGET,
  LM_TYPE_SANLOCK,
  OP_DISABLE,
  OP_ENABLE,
  OP_LOCK,
  OP_UPDATE,
  OUT_LM_CALL,
  R_SH_EXISTS,
  RT_GL,
  SH,
  UN,
} from "./vocabulary";
import { switchGlobalLock } from "./global_lock";

export function sweep(r: Resource): void {
  if (r.call != null || r.lockspace.state != RUNNING) return;
  if (r.waiting.size > 0 || r.orphans > 0) {
    if (
      updates(r) || unlocks(r) || orphans(r) || switches(r) || settledByHeld(r) ||
      conversions(r) || heldElsewhere(r) || shared(r) || exclusive(r)
    ) return;
  }
  if (r.idle) dispose(r);
}

/** vg_update: notes the version that the client's exclusive lock will write when released. */
function updates(r: Resource): bool {
  for (let action = r.waiting.first; action != null;) {
    const next = action.next;
    if (action.op == OP_UPDATE) {
      const claim = r.transientOf(action.client);
      if (claim == null) {
        reply(action, -ENOENT);
      } else if (r.mode != EX) {
        reply(action, -EINVAL);
      } else {
        claim.version = action.has(F_NEXT_VERSION) ? r.version + 1 : action.version;
        reply(action, 0);
      }
    }
    action = next;
  }
  return false;
}

function unlocks(r: Resource): bool {
  for (let action = r.waiting.first; action != null;) {
    let next = action.next;
    if (action.op == OP_LOCK && action.mode == UN) {
      if (action.has(F_UNLOCK_CANCEL) && cancelOther(r, action)) next = r.waiting.first;
      else if (unlock(r, action)) return true;
    } else if (action.op == OP_LOCK && action.mode != SH && action.mode != EX) {
      reply(action, -EINVAL);
    }
    action = next;
  }
  return false;
}

/** unlock_cancel with nothing held: cancels the first request of the client that waits instead. */
function cancelOther(r: Resource, unlocking: Action): bool {
  const claim = unlocking.persistent ? r.kept : r.transientOf(unlocking.client);
  if (claim != null) return false;
  for (let next = r.waiting.first; next != null;) {
    const action = next;
    next = action.next;
    const matches = unlocking.persistent
      ? action.persistent
      : action.clientId == unlocking.clientId;
    if (action == unlocking || !matches || action.inFlight) continue;
    reply(action, -ECANCELED);
    reply(unlocking, -ECANCELED);
    return true;
  }
  return false;
}

/** Releases locks whose client is gone, and persistent ones granted to a client that was gone. */
function orphans(r: Resource): bool {
  if (r.orphans == 0 || r.timer != 0) return false;
  for (let claim = r.locks; claim != null;) {
    const next: Lock | null = claim.next;
    if (claim.orphan) {
      if (claim.mode == EX || r.shCount == 1) {
        askUnlock(r, claim, null, false);
        return true;
      }
      release(r, claim);
    }
    claim = next;
  }
  return false;
}

/** enable_gl and disable_gl rewrite the global lock's lease; it must not be held meanwhile. */
function switches(r: Resource): bool {
  for (let action = r.waiting.first; action != null;) {
    const next = action.next;
    if (action.op == OP_ENABLE || action.op == OP_DISABLE) {
      const fits = r.lockspace.lockType == LM_TYPE_SANLOCK && r.rt == RT_GL && r.mode == UN;
      const taken = action.op == OP_ENABLE && table.glSanlock.length > 0;
      if (fits && !taken) {
        action.inFlight = true;
        switchGlobalLock(r, action);
        return true;
      }
      reply(action, -EINVAL);
    }
    action = next;
  }
  return false;
}

/** Requests that a lock held here already decides. A promoted lock may decide earlier ones too. */
function settledByHeld(r: Resource): bool {
  if (r.lockCount == 0) return false;
  let promoted = true;
  while (promoted) {
    promoted = false;
    for (let action = r.waiting.first; action != null;) {
      const next = action.next;
      if (!action.persistent) transientByHeld(r, action);
      else if (persistentByHeld(r, action)) promoted = true;
      action = next;
    }
  }
  return false;
}

function transientByHeld(r: Resource, action: Action): void {
  const own = r.transientOf(action.client);
  const kept = r.kept;
  if (own != null && own.mode == action.mode) {
    settle(r, action, -EALREADY);
  } else if (kept != null && !kept.orphan) {
    if (kept.mode == EX || action.mode == SH) return settle(r, action, 0);
    action.replyFlags |= R_SH_EXISTS;
    settle(r, action, -EEXIST);
  }
}

/** True if there is a persistent lock now that was none before. */
function persistentByHeld(r: Resource, action: Action): bool {
  const own = r.transientOf(action.client);
  const kept = r.kept;
  if (kept != null && kept.mode == action.mode) {
    const rescued = kept.orphan;
    if (rescued) rescue(r, kept);
    settle(r, action, -EALREADY);
    return rescued;
  }
  if (own == null) return false;
  const same = own.mode == action.mode;
  if (same) promote(r, own);
  settle(r, action, same ? 0 : -EEXIST);
  return same;
}

/** What is left of requests by a holder, for another mode. After everything that needs no change. */
function conversions(r: Resource): bool {
  if (r.lockCount == 0) return false;
  for (let action = r.waiting.first; action != null;) {
    const next = action.next;
    const claim = action.persistent ? r.kept : r.transientOf(action.client);
    if (claim != null && !claim.orphan) {
      convert(r, claim, action);
      if (r.call != null) return true;
    }
    action = next;
  }
  return false;
}

function settle(r: Resource, action: Action, result: i32): void {
  r.lastClient = action.clientId;
  reply(action, result);
}

/** Test mode: a pretended holder on another host refuses at once. */
function heldElsewhere(r: Resource): bool {
  if (r.remote == UN) return false;
  for (let action = r.waiting.first; action != null;) {
    const next = action.next;
    if (r.remote == EX || action.mode == EX) reply(action, -EAGAIN);
    action = next;
  }
  return false;
}

/** Shared requests in order of arrival, up to the first exclusive one. */
function shared(r: Resource): bool {
  if (r.mode == EX) return false;
  for (let action = r.waiting.first; action != null && action.mode == SH;) {
    const next = action.next;
    if (r.mode == SH) {
      hold(r, action, 0);
    } else if (action.timer == 0) {
      lock(r, action);
      return true;
    }
    action = next;
  }
  return false;
}

/** The first exclusive request, when nothing is held. */
function exclusive(r: Resource): bool {
  if (r.mode != UN) return false;
  for (let next = r.waiting.first; next != null;) {
    const action = next;
    next = action.next;
    if (action.mode != EX) continue;
    if (action.timer != 0) return false;
    lock(r, action);
    return true;
  }
  return false;
}

/** Forgets an LV that nobody holds or wants. */
function dispose(r: Resource): void {
  forgetInManager(r);
  r.lockspace.removeResource(r);
}

/** Lets the manager drop what it keeps for the resource. Owes no answer. */
export function forgetInManager(r: Resource): void {
  if ((table.forgets & (1 << r.lockspace.lockType)) == 0) return;
  const record = append(OUT_LM_CALL);
  put(record, OP, LM_FORGET);
  put(record, LOCK_TYPE, r.lockspace.lockType);
  put(record, LOCKSPACE, r.lockspace.id);
  describeResource(record, r);
}
