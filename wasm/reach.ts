/**
 * Proves that memory is used as memory.ts says: whatever a living object refers to lives, and every
 * living object is reached, each once. invariants.ts walks the table and reports what it comes by.
 */
import { Action } from "./action";
import { Bytes, EMPTY } from "./bytes";
import { Call, calls } from "./calls";
import { Client } from "./client";
import { GLOBAL_NAME } from "./global_lock";
import { Lock } from "./lock";
import { GL_NAME, Lockspace, VG_LOCK_NAME } from "./lockspace";
import {
  ACTION,
  BUCKETS,
  BYTES,
  CALL,
  CLIENT,
  INDEX,
  KINDS,
  livingOf,
  LOCK,
  LOCKSPACE,
  Owned,
  QUEUE,
  RESOURCE,
  TIMER,
} from "./memory";
import { Resource } from "./resource";
import { table, Timer } from "./table";

/** Objects reached, by kind. */
const reached: usize = memory.data(KINDS * 4, 8);

/** A reference of a living object. */
export function refer(object: Owned | null, kind: u32): void {
  if (object != null) assert(object.mark == kind, "what is referred to lives");
}

/** The reference through which an owner has the object. */
function reach(object: Owned, kind: u32): void {
  refer(object, kind);
  const counter = reached + (kind << 2);
  store<i32>(counter, load<i32>(counter) + 1);
}

function reachText(text: Bytes): void {
  if (text != EMPTY) reach(text, BYTES);
}

function reachIndex(index: Owned): void {
  reach(index, INDEX);
}

/** Begins: what is there from the start. */
export function reachConstants(): void {
  memory.fill(reached, 0, KINDS * 4);
  reach(EMPTY, BYTES);
  reachText(GLOBAL_NAME);
  reachText(GL_NAME);
  reachText(VG_LOCK_NAME);
  reachText(table.glSanlock);
  reachIndex(table.lockspaces);
  reachIndex(table.clients);
  reachIndex(table.timers);
  reachIndex(calls);
  reach(table.startWaiters, QUEUE);
  reach(table.stopWaiters, QUEUE);
}

export function reachLockspace(at: Lockspace): void {
  reach(at, LOCKSPACE);
  reachText(at.name);
  reachText(at.vgName);
  reachText(at.vgUuid);
  reachText(at.vgArgs);
  reach(at.waiting, QUEUE);
  reachIndex(at.lvs);
  refer(at.gl, RESOURCE);
  refer(at.vg, RESOURCE);
  reachUnlisted(at.starter);
  reachUnlisted(at.ender);
}

/** The start or stop request of a lockspace, once its client is gone. */
function reachUnlisted(action: Action | null): void {
  if (action == null) return;
  refer(action, ACTION);
  if (action.client == null) reachAction(action);
}

export function reachResource(r: Resource): void {
  reach(r, RESOURCE);
  reachText(r.name);
  reachText(r.lvArgs);
  reach(r.waiting, QUEUE);
  refer(r.kept, LOCK);
  refer(r.call, CALL);
}

export function reachLock(claim: Lock): void {
  reach(claim, LOCK);
  refer(claim.client, CLIENT);
}

export function reachAction(action: Action): void {
  reach(action, ACTION);
  reachText(action.lvArgs);
  reachText(action.ownerName);
  reachText(action.ownerState);
  refer(action.client, CLIENT);
  refer(action.resource, RESOURCE);
  refer(action.lockspace, LOCKSPACE);
  refer(action.queue, QUEUE);
}

export function reachClient(client: Client): void {
  reach(client, CLIENT);
}

export function reachCall(call: Call): void {
  reach(call, CALL);
  refer(call.action, ACTION);
  refer(call.resource, RESOURCE);
  refer(call.lock, LOCK);
  refer(call.lockspace, LOCKSPACE);
}

export function reachTimer(timer: Timer): void {
  reach(timer, TIMER);
  refer(timer.action, ACTION);
  refer(timer.resource, RESOURCE);
}

/** Ends: nothing lives that was not reached. */
export function endReaching(): void {
  for (let kind: u32 = 1; kind < KINDS; kind++) {
    const counted: u32 = kind == BUCKETS ? INDEX : kind;
    assert(livingOf(kind) == load<i32>(reached + (counted << 2)), "every living object is reached");
  }
}
