/** The effects that are not lock manager calls: replies, timers, records, the end. */
import { Action } from "./action";
import { Client } from "./client";
import {
  append,
  ARG,
  CLIENT,
  FLAGS,
  GENERATION,
  LM_RESULT,
  LOCK_TYPE,
  LOCKSPACE,
  LV_ARGS,
  LV_UUID,
  MODE,
  OP,
  OWNER_GENERATION,
  OWNER_HOST,
  OWNER_NAME,
  OWNER_STATE,
  OWNER_TIMESTAMP,
  PREV_GENERATION,
  put,
  putText,
  REQUEST,
  RESULT,
  RT,
  TIMER,
} from "./frame";
import { Lockspace } from "./lockspace";
import { retire } from "./memory";
import { Resource } from "./resource";
import { table, Timer } from "./table";
import {
  ENOLS,
  EUNATCH,
  IV,
  OUT_ARM_TIMER,
  OUT_LOCKSPACE_GONE,
  OUT_RECORD_LOCK,
  OUT_RECORD_LOCKSPACE,
  OUT_REPLY,
  R_WARN_GL_REMOVED,
  RT_LV,
  UN,
} from "./vocabulary";

/** Answers an action and forgets it. Returns the record, 0 if nobody waits for it. */
export function reply(action: Action, result: i32): usize {
  const client = action.client;
  dropAction(action);
  if (client == null) return 0;
  const record = append(OUT_REPLY);
  put(record, CLIENT, client.id);
  put(record, REQUEST, action.request);
  put(record, OP, action.op);
  put(record, RESULT, result == -EUNATCH ? -ENOLS : result);
  put(record, LM_RESULT, action.lmResult);
  put(record, LOCK_TYPE, action.lockType);
  put(record, FLAGS, action.replyFlags | (table.glRemoved ? R_WARN_GL_REMOVED : 0));
  put(record, MODE, IV);
  const lockspace = action.lockspace;
  if (lockspace != null) put(record, GENERATION, lockspace.generation);
  if (action.prevGeneration != 0) put(record, PREV_GENERATION, action.prevGeneration);
  if (action.ownerHost != 0) putOwner(record, action);
  return record;
}

export function putOwner(record: usize, action: Action): void {
  put(record, OWNER_HOST, action.ownerHost);
  put(record, OWNER_GENERATION, action.ownerGeneration);
  put(record, OWNER_TIMESTAMP, action.ownerTimestamp);
  putText(record, OWNER_NAME, action.ownerName);
  putText(record, OWNER_STATE, action.ownerState);
}

/**
 * Takes an action out of wherever it stands and gives it back. While a call refers to it, it stays:
 * the answer to the call drops it again.
 */
export function dropAction(action: Action): void {
  const queue = action.queue;
  if (queue != null) queue.remove(action);
  const client: Client | null = action.client;
  if (client != null) client.removeAction(action);
  dropTimer(action.timer);
  action.timer = 0;
  if (action.adopts) table.changed = true; // a stop_all may wait for its end
  if (!action.inCall) action.close();
}

/** Forgets a timer that was armed; 0 is none. */
export function dropTimer(id: i32): void {
  if (id == 0) return;
  const timer = table.timers.find(id);
  if (timer == null) return;
  table.timers.remove(timer);
  retire<Timer>(timer);
}

/** Asks the host to come back after `ms`; one of the two says what for. */
export function armTimer(ms: i32, action: Action | null, resource: Resource | null): i32 {
  do {
    table.lastTimer = table.lastTimer == i32.MAX_VALUE ? 1 : table.lastTimer + 1;
  } while (table.timers.find(table.lastTimer) != null);
  const id = table.lastTimer;
  table.timers.add(new Timer(id, action, resource));
  const record = append(OUT_ARM_TIMER);
  put(record, TIMER, id);
  put(record, ARG, ms);
  return id;
}

/** The persistent lock of a resource is now `mode` (un: there is none). */
export function recordLock(resource: Resource, mode: i32): void {
  const record = append(OUT_RECORD_LOCK);
  put(record, LOCKSPACE, resource.lockspace.id);
  put(record, RT, resource.rt);
  put(record, MODE, mode);
  if (resource.rt != RT_LV) return;
  putText(record, LV_UUID, resource.name);
  if (mode != UN) putText(record, LV_ARGS, resource.lvArgs);
}

/** A lockspace was joined, or (with its locks) is no more. */
export function recordLockspace(lockspace: Lockspace, joined: bool): void {
  const record = append(OUT_RECORD_LOCKSPACE);
  put(record, LOCKSPACE, lockspace.id);
  put(record, ARG, joined ? 1 : 0);
}

/** The host may forget the lockspace's number. */
export function lockspaceGone(lockspace: Lockspace): void {
  put(append(OUT_LOCKSPACE_GONE), LOCKSPACE, lockspace.id);
}
