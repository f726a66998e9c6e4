/**
 * Lists everything in the table, one row at a time, in the order of the stock daemon's state dump.
 * The host reads the rows without any input in between, so they are one consistent picture.
 */
import { Action } from "./action";
import { putOwner } from "./effects";
import { globalLockspace } from "./global_lock";
import { lockspaceOfRequest } from "./names";
import {
  append,
  BITS,
  clearOutbox,
  CLIENT,
  FLAGS,
  GENERATION,
  HOST_ID,
  input,
  inputLength,
  inputText,
  LM_RESULT,
  LOCK_TYPE,
  LOCKSPACE,
  LV_NAME,
  LV_UUID,
  MODE,
  NOW,
  OP,
  put,
  putFloat,
  putText,
  REQUEST,
  RT,
  SH_COUNT,
  STATE,
  TAKEN_BY,
  VERSION,
  VG_ARGS,
  VG_NAME,
  VG_UUID,
} from "./frame";
import { Lock } from "./lock";
import { Lockspace } from "./lockspace";
import { Resource } from "./resource";
import { table } from "./table";
import { ROW_ACTION, ROW_LOCK, ROW_LOCKSPACE, ROW_RESOURCE, RT_GL, RT_VG } from "./vocabulary";

let lockspace: Lockspace | null = null;
let resource: Resource | null = null;
let claim: Lock | null = null;
let action: Action | null = null;
/** A lockspace that has not been listed yet. */
let pending: bool = false;
/** Only one resource is wanted, with its lockspace. */
let single: bool = false;

export function inspectBegin(): void {
  begin(table.firstLockspace, false);
}

/** Begins a listing of what the request in the inbox is about: its lockspace and its resource. */
export function inspectBeginResource(): void {
  const rt = input(RT);
  const at = rt == RT_GL ? globalLockspace() : lockspaceOfRequest();
  begin(at, true);
  if (at == null) return;
  if (rt == RT_GL) resource = at.gl;
  else if (rt == RT_VG) resource = at.vg;
  else resource = at.lvs.find(inputText(LV_UUID), inputLength(LV_UUID));
}

function begin(at: Lockspace | null, one: bool): void {
  lockspace = at;
  resource = null;
  claim = null;
  action = null;
  pending = at != null;
  single = one;
}

/** Nothing that a listing had reached may be there any more once an input was handled. */
export function inspectEnd(): void {
  begin(null, false);
}

/** Puts the next row alone into the outbox; false when there is none. */
export function inspectNext(): bool {
  clearOutbox();
  if (pending) return lockspaceNext();
  const c = claim;
  if (c != null) {
    lockRow(c);
    claim = c.next;
    return true;
  }
  const a = action;
  if (a != null) {
    actionRow(a);
    action = a.next;
    return true;
  }
  return resourceNext();
}

function lockspaceNext(): bool {
  pending = false;
  const at = lockspace;
  if (at == null) return false;
  lockspaceRow(at);
  if (!single) {
    action = at.waiting.first;
    resource = at.resources;
  }
  return true;
}

function resourceNext(): bool {
  const r = resource;
  if (r != null) {
    resourceRow(r);
    claim = r.locks;
    action = r.waiting.first;
    resource = single ? null : r.listNext;
    return true;
  }
  const at = lockspace;
  if (at == null || single) return false;
  lockspace = at.next;
  return lockspace == null ? false : lockspaceNext();
}

function lockspaceRow(at: Lockspace): void {
  const row = append(ROW_LOCKSPACE);
  put(row, LOCKSPACE, at.id);
  put(row, LOCK_TYPE, at.lockType);
  put(row, HOST_ID, at.hostId);
  put(row, GENERATION, at.generation);
  put(row, STATE, at.state);
  put(row, BITS, (at.killed ? 1 : 0) | (at.dropped ? 2 : 0) | (at.glEnabled ? 4 : 0));
  putFloat(row, NOW, at.since);
  putText(row, LV_NAME, at.name);
  putText(row, VG_NAME, at.vgName);
  putText(row, VG_UUID, at.vgUuid);
  putText(row, VG_ARGS, at.vgArgs);
}

function resourceRow(r: Resource): void {
  const row = append(ROW_RESOURCE);
  put(row, RT, r.rt);
  put(row, MODE, r.mode);
  put(row, SH_COUNT, r.shCount);
  put(row, VERSION, r.version);
  putText(row, LV_NAME, r.name);
}

function lockRow(at: Lock): void {
  const row = append(ROW_LOCK);
  put(row, MODE, at.mode);
  put(row, VERSION, at.version);
  put(row, FLAGS, at.persistent ? 1 : 0);
  put(row, CLIENT, at.clientId);
  put(row, TAKEN_BY, at.takenBy);
  putFloat(row, NOW, at.since);
}

function actionRow(at: Action): void {
  const row = append(ROW_ACTION);
  put(row, BITS, at.resource != null ? 1 : 0);
  put(row, CLIENT, at.clientId);
  put(row, REQUEST, at.request);
  put(row, FLAGS, at.flags);
  put(row, VERSION, at.version);
  put(row, OP, at.op);
  put(row, RT, at.rt);
  put(row, MODE, at.mode);
  put(row, LOCK_TYPE, at.lockType);
  put(row, LM_RESULT, at.lmResult);
  putOwner(row, at);
  putFloat(row, NOW, at.since);
}
