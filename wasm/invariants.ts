/**
 * What must hold between two inputs, whatever happened. Walks the whole table; tests call it after
 * every input. A violation is a defect of the table and traps.
 */
import { callCount } from "./calls";
import { Client } from "./client";
import { Lockspace, RUNNING } from "./lockspace";
import { Resource } from "./resource";
import { table } from "./table";
import { EX, RT_LV, SH, UN } from "./vocabulary";

export function checkTable(): void {
  let lockspaces = 0;
  let calls = 0;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    lockspaces++;
    calls += at.calls;
    assert(table.lockspaces.find(changetype<usize>(at.name), at.name.length) == at, "indexed");
    checkLockspace(at);
  }
  assert(lockspaces == table.lockspaces.size, "every lockspace is listed once");
  assert(calls <= callCount(), "calls under way are counted once");
  const clients = table.clients.values();
  for (let i = 0; i < clients.length; i++) checkClient(clients[i]);
}

function checkLockspace(at: Lockspace): void {
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
}

function checkResource(r: Resource): void {
  let sh = 0;
  let count = 0;
  let persistent = 0;
  let orphans = 0;
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
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
  checkQueue(r);
}

/** Nobody waits for a lock that could be granted now. */
function checkQueue(r: Resource): void {
  let waiting = 0;
  for (let next = r.waiting.first; next != null;) {
    const action = next;
    next = action.next;
    waiting++;
    assert(action.resource == r, "a request waits for its resource");
    assert(action.inFlight == false || r.call != null, "a request in flight has a call");
  }
  assert(waiting == r.waiting.size, "waiting requests are counted");
  if (waiting == 0 || r.call != null || r.mode != UN || r.lockspace.state != RUNNING) return;
  if (r.orphans > 0) return;
  assert(r.waiting.first!.timer != 0, "the first request waits only for a timer");
}

function checkClient(client: Client): void {
  let locks = 0;
  for (let next = client.locks; next != null;) {
    const claim = next;
    next = claim.clientNext;
    locks++;
    assert(claim.client == client && !claim.persistent, "a client lists its transient locks");
  }
  assert(locks == client.lockCount, "a client counts its locks");
  let actions = 0;
  for (let next = client.actions; next != null;) {
    const action = next;
    next = action.clientNext;
    actions++;
    assert(action.client == client, "a client lists its requests");
  }
  assert(actions == client.actionCount, "a client counts its requests");
}
