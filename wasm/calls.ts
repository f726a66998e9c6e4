/**
 * Lock manager calls under way. Each carries the identity of the completion it owes, so that the
 * host may answer calls of different resources in any order.
 */
import { Action } from "./action";
import {
  append,
  CALL,
  FLAGS,
  LOCK_TYPE,
  LOCKSPACE,
  LV_ARGS,
  LV_UUID,
  MODE,
  OP,
  put,
  putText,
  REQUEST,
  RT,
  VERSION,
} from "./frame";
import { Lock } from "./lock";
import { Lockspace } from "./lockspace";
import { CALL as CALL_OBJECT, retire } from "./memory";
import { Numbered, NumberIndex } from "./number_index";
import { Resource } from "./resource";
import { OUT_LM_CALL, RT_LV } from "./vocabulary";

@unmanaged
export class Call extends Numbered {
  action: Action | null = null;
  resource: Resource | null = null;
  lock: Lock | null = null;
  lockspace: Lockspace | null = null;
  /** Version that this call writes to the value block; 0 is none. */
  version: u32 = 0;
  mode: i32 = 0;
  /** The answer also says whether the lockspace's global lock is still enabled. */
  checkedGl: bool = false;
  constructor(id: u32, public op: i32) {
    super(CALL_OBJECT, id);
  }
}

/** Calls under way. */
export const calls: NumberIndex<Call> = new NumberIndex<Call>();
let lastCall: u32 = 0;

/**
 * Takes the call out of the index and gives it back; null if the host answers one that is not under
 * way.
 */
export function takeCall(id: i32): Call | null {
  const call = calls.find(id);
  if (call == null) return null;
  calls.remove(call);
  retire<Call>(call);
  const action = call.action;
  if (action != null) action.inCall = false;
  const lockspace = call.lockspace;
  if (lockspace != null) lockspace.calls--;
  return call;
}

/** Starts a call; the returned record may be filled in further. */
export function startCall(call: Call, lockType: i32): usize {
  calls.add(call);
  const record = append(OUT_LM_CALL);
  put(record, CALL, call.id);
  put(record, OP, call.op);
  put(record, LOCK_TYPE, lockType);
  const lockspace = call.lockspace;
  if (lockspace != null) {
    lockspace.calls++;
    put(record, LOCKSPACE, lockspace.id);
  }
  const action = call.action;
  if (action != null) {
    action.inCall = true;
    put(record, FLAGS, action.flags);
    put(record, REQUEST, action.request);
  }
  return record;
}

export function newCall(op: i32): Call {
  do lastCall = lastCall == i32.MAX_VALUE ? 1 : lastCall + 1; while (calls.find(lastCall) != null);
  return new Call(lastCall, op);
}

/** A call that concerns no lockspace, or one that is not started. */
export function callFor(op: i32, action: Action | null, lockType: i32): usize {
  const call = newCall(op);
  call.action = action;
  return startCall(call, lockType);
}

export function callLockspace(op: i32, lockspace: Lockspace, action: Action | null): usize {
  const call = newCall(op);
  call.action = action;
  call.lockspace = lockspace;
  return startCall(call, lockspace.lockType);
}

/** A call for a resource. There is never more than one under way for it. */
export function callResource(
  op: i32,
  resource: Resource,
  action: Action | null,
  lock: Lock | null,
  mode: i32,
  version: u32,
): usize {
  assert(resource.call == null, "one lock manager call at a time for one resource");
  const call = newCall(op);
  call.action = action;
  call.resource = resource;
  call.lock = lock;
  call.lockspace = resource.lockspace;
  call.version = version;
  call.mode = mode;
  resource.call = call;
  const record = startCall(call, resource.lockspace.lockType);
  put(record, MODE, mode);
  put(record, VERSION, version);
  describeResource(record, resource);
  return record;
}

export function describeResource(record: usize, resource: Resource): void {
  put(record, RT, resource.rt);
  if (resource.rt != RT_LV) return;
  putText(record, LV_UUID, resource.name);
  putText(record, LV_ARGS, resource.lvArgs);
}
