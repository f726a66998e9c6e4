/**
 * What must hold in every state, from outside: compares the table with what was noted of the inputs
 * and effects. Written without a look at how the table decides.
 */
import { Action } from "./action";
import { Call, calls } from "./calls";
import { hash, write } from "./canonical";
import { checkTable as check } from "./invariants";
import { Lock } from "./lock";
import { Lockspace, STOPPING } from "./lockspace";
import { LM_CONVERT, LM_UNLOCK, EX, SH, UN } from "./vocabulary";
import {
  ALIVE,
  CALL_COUNT,
  CALLS,
  GRANTED,
  isAlive,
  note,
  ofSlot,
  RECORDED,
  REQUESTS,
  resourceOfWorld,
  resources,
  slots,
} from "./notes";
import { Resource } from "./resource";
import { table } from "./table";

export const FINE: i32 = 0;
export const REQUEST_LOST: i32 = 1;
export const REQUEST_UNKNOWN: i32 = 2;
export const CALL_LOST: i32 = 3;
export const CALL_UNKNOWN: i32 = 4;
export const CONFLICT: i32 = 5;
export const NOT_GRANTED: i32 = 6;
export const DEAD_CLIENT: i32 = 7;
export const DEAD_HOLDS: i32 = 8;
export const WAITS_FOR_NOTHING: i32 = 9;
export const RECORD_DIFFERS: i32 = 10;

/** Nothing is under way: no call, no timer. */
export function quiet(): bool {
  return calls.size == 0 && table.timers.size == 0;
}

export function verify(): i32 {
  for (let slot = 0; slot < slots(); slot++) {
    const found = verifyClient(slot);
    if (found != FINE) return found;
  }
  if (calls.size > note(CALL_COUNT)) return CALL_UNKNOWN;
  for (let i = 0; i < note(CALL_COUNT); i++) {
    if (calls.find(note(CALLS + i)) == null) return CALL_LOST;
  }
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    for (let nextResource = at.resources; nextResource != null;) {
      const r = nextResource;
      nextResource = r.listNext;
      const found = verifyResource(at, r);
      if (found != FINE) return found;
    }
  }
  return quiet() ? verifyQuiet() : FINE;
}

/** The requests that a client waits for are those that the table still has of it. */
function verifyClient(slot: i32): i32 {
  const client = table.client(slot + 1);
  if (ofSlot(slot, ALIVE) == 0) return client == null ? FINE : DEAD_CLIENT;
  let unanswered = 0;
  for (let i = 0; i < 2; i++) {
    const request = <u32> ofSlot(slot, REQUESTS + i);
    if (request == 0) continue;
    unanswered++;
    let found = false;
    for (let next: Action | null = client == null ? null : client.actions; next != null;) {
      const action = next;
      next = action.clientNext;
      if (action.request == request) found = true;
    }
    if (!found) return REQUEST_LOST;
  }
  return client != null && client.actionCount != unanswered ? REQUEST_UNKNOWN : FINE;
}

/** Locks do not exclude each other, and are what the lock manager granted. */
function verifyResource(at: Lockspace, r: Resource): i32 {
  let ex = 0;
  let sh = 0;
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    if (claim.mode == EX) ex++;
    else if (claim.mode == SH) sh++;
    if (!claim.persistent && !isAlive(claim.takenBy) && !isReleased(r, claim)) return DEAD_HOLDS;
  }
  if (ex > 1 || (ex == 1 && sh > 0)) return CONFLICT;
  const index = indexOf(r);
  if (index < 0) return FINE;
  const granted = note(GRANTED + index);
  const needed = ex > 0 ? EX : sh > 0 ? SH : UN;
  // What is being stopped is left as a whole, whatever a single release came to.
  if (needed > granted || (r.mode != granted && at.state != STOPPING)) return NOT_GRANTED;
  const kept = r.kept;
  const recorded = kept == null || kept.orphan ? UN : kept.mode;
  return recorded == note(RECORDED + index) || at.state == STOPPING ? FINE : RECORD_DIFFERS;
}

function isReleased(r: Resource, claim: Lock): bool {
  const call = r.call;
  return claim.orphan || (call != null && call.op == LM_UNLOCK) || r.lockspace.state == STOPPING;
}

/** Place of a resource in the world's list; -1 if it is in none. */
export function indexOf(r: Resource): i32 {
  for (let i = 0; i < resources(); i++) {
    if (
      <u32> resourceOfWorld(i, 0) == r.lockspace.hash && resourceOfWorld(i, 1) == r.rt &&
      <u32> resourceOfWorld(i, 2) == r.hash
    ) return i;
  }
  return -1;
}

/** Nothing is under way: who waits has somebody to wait for, and the dead hold nothing. */
function verifyQuiet(): i32 {
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.starter != null || at.ender != null || at.waiting.size > 0) return WAITS_FOR_NOTHING;
    for (let nextResource = at.resources; nextResource != null;) {
      const r = nextResource;
      nextResource = r.listNext;
      if (r.orphans > 0) return DEAD_HOLDS;
      const first = r.waiting.first;
      if (first == null) continue;
      const blocked = r.lockCount > 0 && (r.mode == EX || (r.mode == SH && first.mode == EX));
      if (!blocked) return WAITS_FOR_NOTHING;
    }
  }
  if (table.startWaiters.size > 0 || table.shuttingDown) return WAITS_FOR_NOTHING;
  if (table.stopWaiters.size > 0 && !anyLock()) return WAITS_FOR_NOTHING;
  return verifyWaiting();
}

function anyLock(): bool {
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.lockCount > 0) return true;
  }
  return false;
}

/** Whoever waits stands in a queue. */
function verifyWaiting(): i32 {
  for (let slot = 0; slot < slots(); slot++) {
    const client = table.client(slot + 1);
    if (client == null) continue;
    for (let next = client.actions; next != null;) {
      const action = next;
      next = action.clientNext;
      if (action.queue == null) return WAITS_FOR_NOTHING;
    }
  }
  return FINE;
}

/** The world's resource by place, as far as it is there. */
export function find(index: i32): Resource | null {
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.hash != <u32> resourceOfWorld(index, 0)) continue;
    for (let nextResource = at.resources; nextResource != null;) {
      const r = nextResource;
      nextResource = r.listNext;
      if (indexOf(r) == index) return r;
    }
  }
  return null;
}

/**
 * What this host counts on: the mode of its claims, less what it is giving up. With the call that is
 * under way and what it writes: mode | op << 4 | mode of the call << 12 | version << 16.
 */
export function relies(index: i32): i32 {
  const r = find(index);
  if (r == null) return 0;
  const call: Call | null = r.call;
  let mode = r.lockCount == 0 || r.lockspace.state == STOPPING ? UN : r.mode;
  if (call == null) return mode;
  if (call.op == LM_UNLOCK) mode = UN;
  if (call.op == LM_CONVERT) mode = min<i32>(mode, call.mode);
  return mode | call.op << 4 | call.mode << 12 | <i32> call.version << 16;
}

/** Mode that a client may count on: of its own lock, or of the persistent one. */
export function heldBy(id: u32, index: i32, persistent: bool): i32 {
  const r = find(index);
  let mode = UN;
  for (let next: Lock | null = r == null ? null : r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    const owner = claim.client;
    const own = owner != null && !persistent && owner!.id == id;
    if (own || (claim.persistent && !claim.orphan)) mode = max<i32>(mode, claim.mode);
  }
  return mode;
}

/** Version of the resource's value block, as the table knows it. */
export function versionOf(index: i32): i32 {
  const r = find(index);
  return r == null ? 0 : <i32> r.version;
}

/** Looks at the state from outside and inside, then hashes its canonical form. */
export function settle(): i32 {
  const found = verify();
  if (found != FINE) return found;
  check();
  write();
  hash();
  return FINE;
}
