/**
 * The state in a form that does not depend on names: one walk through everything, in an order that
 * the table itself keeps, writes down all that can have an influence on what happens later. Clients,
 * calls, timers and requests are called by the order in which the walk comes by them. So two states
 * with the same words behave the same. Left out: the clock, whom a lock was granted to first (only
 * listed for people), the last numbers given to calls, timers, lockspaces and requests.
 */
import { Action, ActionQueue } from "./action";
import { Bytes, dataOf } from "./bytes";
import { Call, calls } from "./calls";
import { Lock } from "./lock";
import { Lockspace, STARTING } from "./lockspace";
import {
  ALIVE,
  BUDGET,
  DEATHS_LEFT,
  ENDED,
  GRANTED,
  matters,
  note,
  ofSlot,
  RECORDED,
  resources,
  ROLE,
  slots,
  UNDELIVERED,
} from "./notes";
import { Resource } from "./resource";
import { table } from "./table";
import { RT_GL } from "./vocabulary";

const WORDS: i32 = 8192;
const words: usize = memory.data(WORDS * 4, 8);
let length: i32 = 0;

/** What was come by, in order: 1 is the first. */
const MOST: i32 = 16;
const clientNames: usize = memory.data(64, 8);
const clientOrder: usize = memory.data(64, 8);
let clientCount: i32 = 0;
const actionOrder: usize = memory.data(MOST * 4, 8);
let actionCount: i32 = 0;
const callOrder: usize = memory.data(MOST * 4, 8);
let callCount: i32 = 0;
const timerOrder: usize = memory.data(MOST * 4, 8);
let timerCount: i32 = 0;

function put(word: u32): void {
  store<u32>(words + (<usize> length << 2), word);
  length++;
}

function putText(text: Bytes): void {
  put(text.length);
  for (let i = 0; i < text.length; i++) put(load<u8>(dataOf(text) + i));
}

/** Client by number. One that is gone for good is just that. */
function client(id: u32): u32 {
  if (id == 0) return 0;
  if (!matters(id)) return 15;
  const known = load<u32>(clientNames + (<usize> id << 2));
  if (known != 0) return known;
  store<u32>(clientOrder + (<usize> clientCount << 2), id);
  store<u32>(clientNames + (<usize> id << 2), ++clientCount);
  return clientCount;
}

function findIn(order: usize, count: i32, what: u32): i32 {
  for (let i = 0; i < count; i++) if (load<u32>(order + (<usize> i << 2)) == what) return i + 1;
  return 0;
}

function putTimer(id: i32): void {
  put(id == 0 ? 0 : 1);
  if (id == 0) return;
  store<u32>(timerOrder + (<usize> timerCount << 2), id);
  timerCount++;
}

function placeOf(r: Resource | null): u32 {
  return r == null ? 0 : r.lockspace.hash * 31 + r.hash + r.rt;
}

function putAction(action: Action | null): void {
  if (action == null) return put(0);
  const known = findIn(actionOrder, actionCount, <u32> changetype<usize>(action));
  if (known != 0) return put(known);
  store<u32>(actionOrder + (<usize> actionCount << 2), <u32> changetype<usize>(action));
  actionCount++;
  assert(actionCount < MOST, "more requests than are expected");
  const at = action.lockspace;
  put(0x1000 | action.op);
  put(
    client(action.clientId) | (action.client == null ? 0 : 16) | (action.inFlight ? 32 : 0) |
      (action.inCall ? 64 : 0) | (action.givenUp ? 128 : 0) | (action.queue == null ? 0 : 256) |
      action.rt << 9 | (action.mode + 1) << 12 | (action.lockType + 2) << 16,
  );
  put(action.flags);
  put(action.version);
  put(action.maxRetries << 16 | action.retries & 0xffff);
  put(action.lmResult);
  put(action.replyFlags);
  put(action.ownerHost);
  put(action.prevGeneration);
  put(placeOf(action.resource));
  put(at == null ? 0 : at.hash);
  putText(action.lvArgs);
  putTimer(action.timer);
}

function putQueue(queue: ActionQueue): void {
  put(queue.size);
  for (let next = queue.first; next != null;) {
    const action = next;
    next = action.next;
    putAction(action);
  }
}

function putCall(call: Call): void {
  store<u32>(callOrder + (<usize> callCount << 2), call.id);
  callCount++;
  assert(callCount < MOST, "more calls than are expected");
  const at = call.lockspace;
  put(call.op | (call.mode + 1) << 8 | (call.checkedGl ? 0x1000 : 0));
  put(call.version);
  put(at == null ? 0 : at.hash);
  put(placeOf(call.resource));
  putAction(call.action);
  const claim = call.lock;
  if (claim == null) return put(0);
  let place = 1;
  for (let next: Lock | null = claim.prev; next != null;) {
    const before: Lock = next;
    next = before.prev;
    place++;
  }
  put(place);
}

/**
 * Only looked at when a reply to that client was not delivered; every such reply is preceded by an
 * assignment.
 */
function lastClientOf(r: Resource): u32 {
  const slot = <i32> r.lastClient - 1;
  const known = slot >= 0 && slot < slots() && ofSlot(slot, UNDELIVERED) != 0;
  return known ? client(r.lastClient) : 15;
}

function putResource(r: Resource): void {
  put(r.rt << 8 | (r.mode + 1) << 4 | r.remote);
  put(r.hash);
  put(r.version);
  put(lastClientOf(r) | (r.versionZero ? 16 : 0) | r.lockCount << 8);
  putText(r.lvArgs);
  for (let next = r.locks; next != null;) {
    const claim = next;
    next = claim.next;
    const owner = claim.client;
    put(
      claim.mode | (claim.persistent ? 8 : 0) | (claim.orphan ? 16 : 0) | (claim.adopted ? 64 : 0) |
        (r.kept == claim ? 32 : 0) | (owner == null ? 0 : client(owner.id)) << 8,
    );
    put(claim.version);
  }
  putTimer(r.timer);
  putQueue(r.waiting);
  const call = r.call;
  if (call == null) put(0);
  else putCall(call);
}

function putLockspace(at: Lockspace): void {
  put(at.hash);
  put(
    at.state | at.lockType << 4 | (at.killed ? 0x100 : 0) | (at.dropped ? 0x200 : 0) |
      (at.freeing ? 0x400 : 0) | (at.glEnabled ? 0x800 : 0) | (at.stopWhenIdle ? 0x1000 : 0),
  );
  put(at.hostId);
  put(at.generation);
  put(at.state == STARTING ? client(at.startedBy) : 0);
  put(at.calls);
  putText(at.vgUuid);
  putText(at.vgArgs);
  putAction(at.starter);
  putAction(at.ender);
  putQueue(at.waiting);
  for (let next = at.resources; next != null;) {
    const r = next;
    next = r.listNext;
    putResource(r);
  }
  put(0xffff);
}

/** Calls that belong to no resource, in the order in which they were made. */
function putOtherCalls(): void {
  for (let last: u32 = 0;;) {
    let least: Call | null = null;
    for (let next = calls.first(); next != null;) {
      const at = next;
      next = calls.after(at);
      if (at.resource == null && at.id > last && (least == null || at.id < least.id)) least = at;
    }
    if (least == null) break;
    putCall(least);
    last = least.id;
  }
  put(0xfffe);
}

/** Clients that the walk did not come by: alike if they may still ask for, and be told, as much. */
function nameIdleClients(): void {
  for (;;) {
    let best = -1;
    let bestKey = 0;
    for (let slot = 0; slot < slots(); slot++) {
      if (!matters(slot + 1) || load<u32>(clientNames + (<usize> (slot + 1) << 2)) != 0) continue;
      const known = table.client(slot + 1);
      const key = ofSlot(slot, ROLE) << 28 | ofSlot(slot, BUDGET) << 24 |
        ofSlot(slot, UNDELIVERED) << 16 | (known == null ? 0 : -known.startResult);
      if (best >= 0 && key >= bestKey) continue;
      best = slot;
      bestKey = key;
    }
    if (best < 0) return;
    client(best + 1);
  }
}

function putClients(): void {
  for (let i = 0; i < clientCount; i++) {
    const id = load<u32>(clientOrder + (<usize> i << 2));
    const slot = <i32> id - 1;
    put(
      ofSlot(slot, ROLE) | ofSlot(slot, ALIVE) << 4 | ofSlot(slot, BUDGET) << 8 |
        ofSlot(slot, UNDELIVERED) << 16,
    );
    const known = table.client(id);
    if (known == null) {
      put(0);
      put(0);
      put(0);
      continue;
    }
    put(known.startResult);
    put(known.lockCount);
    for (let next = known.locks; next != null;) {
      const claim = next;
      next = claim.clientNext;
      put(placeOf(claim.resource));
    }
    put(known.actionCount);
    for (let next = known.actions; next != null;) {
      const action = next;
      next = action.clientNext;
      putAction(action);
    }
  }
}

/** Requests for one resource are compared by number: later ones have greater numbers. */
function putRanks(): void {
  for (let i = 0; i < actionCount; i++) {
    const action = changetype<Action>(load<usize>(actionOrder + (<usize> i << 2)));
    let rank = 0;
    for (let j = 0; j < actionCount; j++) {
      const other = changetype<Action>(load<usize>(actionOrder + (<usize> j << 2)));
      const same = action.rt == RT_GL ? other.rt == RT_GL : action.resource == other.resource;
      if (same && action.resource != null && other.request < action.request) rank++;
      else if (same && action.rt == RT_GL && other.request < action.request) rank++;
    }
    put(rank);
  }
}

/** Writes the state down. Returns the number of words. */
export function write(): i32 {
  length = clientCount = actionCount = callCount = timerCount = 0;
  memory.fill(clientNames, 0, 64);
  put(
    table.glType + 2 | (table.glSticky ? 16 : 0) | (table.glDuplicate ? 32 : 0) |
      (table.glRemoved ? 64 : 0) | (table.changed ? 128 : 0) | (table.shuttingDown ? 256 : 0),
  );
  put(note(DEATHS_LEFT) | note(ENDED) << 8);
  for (let i = 0; i < resources(); i++) put(note(GRANTED + i) | note(RECORDED + i) << 8);
  putText(table.glSanlock);
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    putLockspace(at);
  }
  putQueue(table.startWaiters);
  putQueue(table.stopWaiters);
  putOtherCalls();
  nameIdleClients();
  putClients();
  putRanks();
  assert(length + 1024 < WORDS, "the state has more words than are expected");
  store<u32>(words + (<usize> length << 2), 0); // they are hashed in pairs
  return length;
}

export function wordsAt(): usize {
  return words;
}

/** Two hashes of 64 bits each. */
const hashes: usize = memory.data(16, 8);

export function hashAt(): usize {
  return hashes;
}

/** Hashes the words, which are taken in pairs. */
export function hash(): void {
  let a: u64 = 0x243f6a8885a308d3 ^ <u64> length;
  let b: u64 = 0x13198a2e03707344 + <u64> length;
  const end = words + (<usize> length << 2);
  for (let at = words; at < end; at += 8) {
    const pair = load<u64>(at);
    a = (a ^ pair) * 0x9e3779b97f4a7c15;
    a ^= a >> 32;
    b = (rotl<u64>(b, 23) + pair) * 0xd6e8feb86659fd93;
    b ^= b >> 29;
  }
  store<u64>(hashes, mix(a));
  store<u64>(hashes + 8, mix(b));
}

function mix(from: u64): u64 {
  let h = (from ^ (from >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return h ^ (h >> 31);
}

export function clients(): i32 {
  return clientCount;
}

export function clientAt(i: i32): i32 {
  return load<i32>(clientOrder + (<usize> i << 2));
}

export function callsWritten(): i32 {
  return callCount;
}

export function callAt(i: i32): i32 {
  return load<i32>(callOrder + (<usize> i << 2));
}

export function timersWritten(): i32 {
  return timerCount;
}

export function timerAt(i: i32): i32 {
  return load<i32>(timerOrder + (<usize> i << 2));
}
