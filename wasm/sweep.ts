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
import { dropTimer, reply } from "./effects";
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
  R_CREATED,
  R_SH_EXISTS,
  RT_GL,
  SH,
  UN,
} from "./vocabulary";
import { switchGlobalLock } from "./global_lock";

export function sweep(r: Resource): void {
  if (r.call != null || r.lockspace.state != RUNNING) return;
  // A pass that granted something without the manager may have decided other requests.
  while (r.waiting.size > 0 || r.orphans > 0) {
    const before = r.waiting.size;
    if (
      updates(r) || unlocks(r) || orphans(r) || switches(r) || settledByHeld(r) ||
      conversions(r, 0) || heldElsewhere(r) || shared(r) || exclusive(r)
    ) return;
    if (r.waiting.size == before) break;
  }
  if (r.idle) dispose(r);
}

/** The manager has granted something: the sweep that asked goes on where it was, then anew. */
export function resume(r: Resource, converted: Action | null): void {
  if (r.lockspace.state == RUNNING && r.call == null) {
    if (converted != null && conversions(r, converted.request)) return;
    if (r.mode == SH) shared(r);
  }
  sweep(r);
}

/**
 * Can a lock held here decide any request that waits? Only if a persistent one is held, or a holder
 * waits itself. Says yes, too, without a closer look when more hold the lock than wait for it.
 */
function heldDecides(r: Resource): bool {
  if (r.kept != null) return true;
  if (r.lockCount > r.waiting.size) return true;
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    const client = claim.client;
    if (client != null && client.waitsIn(r.waiting)) return true;
  }
  return false;
}

/** vg_update: notes the version that the client's exclusive lock will write when released. */
function updates(r: Resource): bool {
  if (r.waiting.others == 0) return false;
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
  if (r.waiting.others == 0) return false;
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
  if (r.waiting.others == 0) return false;
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

/**
 * Requests that a lock held here already decides. Each rule looks at the whole queue before the
 * next does: what a rule changes decides earlier requests only in the next pass.
 */
function settledByHeld(r: Resource): bool {
  if (r.lockCount == 0 || !heldDecides(r)) return false;
  for (let rule = 0; rule < 4; rule++) {
    for (let action = r.waiting.first; action != null;) {
      const next = action.next;
      if (rule == 0) sameTransient(r, action);
      else if (rule == 1) samePersistent(r, action);
      else if (rule == 2) coveredByPersistent(r, action);
      else ownTransient(r, action);
      action = next;
    }
  }
  return false;
}

function sameTransient(r: Resource, action: Action): void {
  if (action.persistent) return;
  const own = r.transientOf(action.client);
  if (own != null && own.mode == action.mode) settle(r, action, -EALREADY);
}

function samePersistent(r: Resource, action: Action): void {
  const kept = r.kept;
  if (!action.persistent || kept == null || kept.mode != action.mode) return;
  if (kept.orphan) rescue(r, kept);
  settle(r, action, -EALREADY);
}

function coveredByPersistent(r: Resource, action: Action): void {
  const kept = r.kept;
  if (action.persistent || kept == null || kept.orphan) return;
  if (kept.mode == EX || action.mode == SH) return settle(r, action, 0);
  action.replyFlags |= R_SH_EXISTS;
  settle(r, action, -EEXIST);
}

function ownTransient(r: Resource, action: Action): void {
  if (!action.persistent) return;
  const own = r.transientOf(action.client);
  if (own == null || (r.kept != null && r.kept!.mode == action.mode)) return;
  if (own.mode != action.mode) return settle(r, action, -EEXIST);
  promote(r, own);
  action.replyFlags |= R_CREATED;
  settle(r, action, 0);
}

/**
 * What is left of requests by a holder, for another mode, that came after a given one. After
 * everything that needs no change, and up to a release: what its client asked for after that comes
 * after it.
 */
function conversions(r: Resource, after: u32): bool {
  if (r.lockCount == 0 || !heldDecides(r)) return false;
  for (let action = r.waiting.first; action != null && action.locks;) {
    const next = action.next;
    const claim = action.persistent ? r.kept : r.transientOf(action.client);
    if (
      action.request > after && claim != null &&
      !claim.orphan && claim.mode != action.mode
    ) {
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
  for (
    let action = r.waiting.first;
    action != null && action.op == OP_LOCK && action.mode == SH;
  ) {
    const next = action.next;
    if (r.mode == SH) {
      share(r, action);
    } else if (action.timer == 0) {
      lock(r, action);
      return true;
    }
    action = next;
  }
  return false;
}

/** Another claim beside those held. What the client or nobody has already is decided anew. */
function share(r: Resource, action: Action): void {
  if (r.transientOf(action.client) != null) return;
  const kept = r.kept;
  if (!action.persistent || kept == null) return hold(r, action, 0);
  if (kept.orphan) rescue(r, kept);
  settle(r, action, -EALREADY);
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
  dropTimer(r.timer);
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
