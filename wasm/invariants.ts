/**
 * What must hold between two inputs, whatever happened. Walks the whole table; tests call it after
 * every input. A violation is a defect of the table and traps.
 */
import { Action, ActionQueue } from "./action";
import { dataOf } from "./bytes";
import { Call, calls } from "./calls";
import { Client } from "./client";
import { Lockspace, RUNNING } from "./lockspace";
import { LOCK } from "./memory";
import {
  endReaching,
  reachAction,
  reachCall,
  reachClient,
  reachConstants,
  reachLock,
  reachLockspace,
  reachResource,
  reachTimer,
  refer,
} from "./reach";
import { Resource } from "./resource";
import { table, Timer } from "./table";
import { EX, RT_LV, SH, UN } from "./vocabulary";

export function checkTable(): void {
  reachConstants();
  checkLockspaces();
  for (let next = table.clients.first(); next != null;) {
    const at = next;
    next = table.clients.after(at);
    checkClient(at);
  }
  for (let next = calls.first(); next != null;) {
    const at = next;
    next = calls.after(at);
    checkCall(at);
  }
  for (let next = table.timers.first(); next != null;) {
    const at = next;
    next = table.timers.after(at);
    checkTimer(at);
  }
  checkQueue(table.startWaiters);
  checkQueue(table.stopWaiters);
  endReaching();
}

function checkLockspaces(): void {
  let lockspaces = 0;
  let owed = 0;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    lockspaces++;
    owed += at.calls;
    assert(table.lockspaces.find(dataOf(at.name), at.name.length) == at, "indexed");
    checkLockspace(at);
  }
  assert(lockspaces == table.lockspaces.size, "every lockspace is listed once");
  assert(owed <= calls.size, "calls under way are counted once");
}

function checkLockspace(at: Lockspace): void {
  reachLockspace(at);
  let locks = 0;
  let lvLocks = 0;
  let lvs = 0;
  for (let next = at.resources; next != null;) {
    const r = next;
    next = r.listNext;
    assert(r.lockspace == at, "a resource belongs to its lockspace");
    locks += r.lockCount;
    if (r.rt == RT_LV) {
      lvs++;
      lvLocks += r.lockCount;
      assert(at.state != RUNNING || !r.idle, "an LV that nobody holds or wants is forgotten");
    }
    checkResource(r);
  }
  assert(locks == at.lockCount, "the lockspace counts its locks");
  assert(lvLocks == at.lvLockCount, "the lockspace counts its LV locks");
  assert(lvs == at.lvs.size, "every LV is indexed");
  checkQueue(at.waiting);
}

function checkResource(r: Resource): void {
  reachResource(r);
  let sh = 0;
  let count = 0;
  let persistent = 0;
  let orphans = 0;
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    reachLock(claim);
    count++;
    if (claim.mode == SH) sh++;
    if (claim.persistent) persistent++;
    if (claim.orphan) orphans++;
    assert(claim.resource == r, "a lock belongs to its resource");
    assert(claim.mode == r.mode, "a lock has the mode held in the lock manager");
    const owned = claim.client != null;
    assert(claim.persistent || claim.orphan || owned, "a transient lock has an owner");
    for (let nextOther = claim.next; nextOther != null;) {
      const other = nextOther;
      nextOther = other.next;
      assert(!owned || other.client != claim.client, "one transient lock for each client");
    }
  }
  assert(count == r.lockCount && sh == r.shCount, "locks are counted");
  assert(persistent <= 1 && (persistent == 1) == (r.kept != null), "one persistent lock at most");
  assert(orphans == r.orphans, "orphans are counted");
  assert(r.mode != EX || count <= 1, "an exclusive lock is alone");
  assert(r.mode != UN || count == 0, "nothing is held unless the lock manager granted it");
  checkWaiting(r);
}

/** Nobody waits for a lock that could be granted now. */
function checkWaiting(r: Resource): void {
  const waiting = r.waiting;
  checkQueue(waiting);
  for (let next = waiting.first; next != null;) {
    const action = next;
    next = action.next;
    assert(action.resource == r, "a request waits for its resource");
    assert(action.inFlight == false || r.call != null, "a request in flight has a call");
  }
  if (waiting.size == 0 || r.call != null || r.mode != UN) return;
  if (r.lockspace.state != RUNNING || r.orphans > 0) return;
  assert(waiting.first!.timer != 0, "the first request waits only for a timer");
}

function checkQueue(queue: ActionQueue): void {
  let size = 0;
  let others = 0;
  for (let next = queue.first; next != null;) {
    const action = next;
    next = action.next;
    assert(action.queue == queue, "an action knows its queue");
    if (action.client == null) reachAction(action);
    size++;
    if (!action.locks) others++;
  }
  assert(size == queue.size && others == queue.others, "waiting requests are counted");
}

function checkClient(client: Client): void {
  reachClient(client);
  let locks = 0;
  for (let next = client.locks; next != null;) {
    const claim = next;
    next = claim.clientNext;
    refer(claim, LOCK);
    locks++;
    assert(claim.client == client && !claim.persistent, "a client lists its transient locks");
  }
  assert(locks == client.lockCount, "a client counts its locks");
  let actions = 0;
  for (let next = client.actions; next != null;) {
    const action = next;
    next = action.clientNext;
    reachAction(action);
    actions++;
    assert(action.client == client, "a client lists its requests");
  }
  assert(actions == client.actionCount, "a client counts its requests");
}

/** A request that is in no list is kept by the call under way for it, or ends its lockspace. */
function checkCall(call: Call): void {
  reachCall(call);
  const resource = call.resource;
  assert(resource == null || resource.call == call, "a resource knows its call");
  assert(call.action == null || call.action!.inCall, "a request knows that a call refers to it");
  const action = call.action;
  const at = call.lockspace;
  if (action == null || isListed(action)) return;
  if (at == null || (action != at.starter && action != at.ender)) reachAction(action);
}

function isListed(action: Action): bool {
  return action.client != null || action.queue != null;
}

function checkTimer(timer: Timer): void {
  reachTimer(timer);
  const action = timer.action;
  const resource = timer.resource;
  if (action != null) assert(<u32> action.timer == timer.id, "a request knows its timer");
  if (resource != null) assert(<u32> resource.timer == timer.id, "a resource knows its timer");
}
