/** The inputs other than a lock manager's answer: requests, deaths, timers, restored state. */
import { Action } from "./action";
import { copyOf, copyOfBytes, EMPTY } from "./bytes";
import { Client } from "./client";
import { dropAction, dropTimer, reply } from "./effects";
import {
  ARG,
  BITS,
  CLIENT,
  FLAGS,
  GENERATION,
  HOST_ID,
  input,
  inputLength,
  inputText,
  LOCK_TYPE,
  LOCKSPACE,
  LV_ARGS,
  LV_UUID,
  MAX_RETRIES,
  MODE,
  OP,
  REQUEST,
  RT,
  TIMER,
  VERSION,
  VG_ARGS,
  VG_NAME,
  VG_UUID,
} from "./frame";
import { abandon } from "./grants";
import { GLOBAL_NAME, globalByName, globalLockspace } from "./global_lock";
import { MAX_CLIENT_ACTIONS, MAX_VG_NAME } from "./limits";
import { Lock } from "./lock";
import { Lockspace, RUNNING } from "./lockspace";
import { retire } from "./memory";
import { isReservedName, lockspaceNameBytes, lockspaceOfRequest } from "./names";
import { Resource } from "./resource";
import { route } from "./route";
import { sweep } from "./sweep";
import { table } from "./table";
import { TouchedList } from "./touched";
import { shutdown } from "./waiters";
import {
  ECANCELED,
  ENOMEM,
  EX,
  F_LV_UNLOCK,
  F_PERSISTENT,
  LM_TYPE_NONE,
  OP_LOCK,
  RT_GL,
  RT_LV,
  RT_VG,
  SH,
  UN,
} from "./vocabulary";

export function configure(): void {
  table.test = (input(FLAGS) & 1) != 0;
  table.glType = input(LOCK_TYPE);
  table.glSticky = table.glType > 0;
  table.supported = input(BITS);
  table.forgets = input(ARG);
}

function actionOfInput(): Action {
  const action = new Action();
  action.clientId = input(CLIENT);
  action.request = input(REQUEST);
  action.op = input(OP);
  action.rt = input(RT);
  action.mode = input(MODE);
  action.flags = input(FLAGS);
  action.lockType = input(LOCK_TYPE);
  action.version = input(VERSION);
  action.maxRetries = input(MAX_RETRIES);
  action.since = table.now;
  if (action.op == OP_LOCK && action.rt == RT_LV) {
    action.lvArgs = copyOf(inputText(LV_ARGS), inputLength(LV_ARGS));
  }
  return action;
}

/** Every request gets one answer. */
export function request(): void {
  table.served = true;
  const action = actionOfInput();
  assert(action.clientId != 0, "client 0 stands for nobody");
  const client = table.clientFor(action.clientId);
  assert(client != null, "the host keeps the number of clients below MAX_CLIENTS");
  client!.addAction(action);
  if (client!.actionCount > MAX_CLIENT_ACTIONS) reply(action, -ENOMEM);
  else route(action);
}

/**
 * Cancels what the client waits for and releases its transient locks. All of it is taken away before
 * anything else is looked at, so that nothing is granted to the client on the way.
 */
export function clientGone(): void {
  const id = input(CLIENT);
  const client = table.client(id);
  if (client == null) return;
  table.clients.remove(client);
  retire<Client>(client);
  const touched = new TouchedList();
  while (client.actions != null) {
    const action = client.actions!;
    const resource = action.resource;
    if (action.inFlight) { // settled when it is done; nobody waits for the answer any more
      client.removeAction(action);
    } else {
      dropAction(action);
      if (resource != null) touched.add(resource);
    }
  }
  while (client.locks != null) {
    const claim = client.locks!;
    client.removeLock(claim);
    abandon(claim);
    touched.add(claim.resource);
  }
  touched.sweepAll();
}

/** Gives up one request. What the manager is asked for already is answered as it turns out. */
export function cancel(): void {
  const client = table.client(input(CLIENT));
  if (client == null) return;
  const id = <u32> input(REQUEST);
  for (let next = client.actions; next != null;) {
    const action = next;
    next = action.clientNext;
    if (action.request != id) continue;
    const resource = action.resource;
    if (action.inFlight) {
      action.maxRetries = -1;
      action.givenUp = true;
      return;
    }
    reply(action, -ECANCELED);
    if (resource != null) sweep(resource);
    return;
  }
}

/**
 * The reply that told of a new persistent lock could not be delivered. Its client cannot know that it
 * holds the lock, so it is released, unless somebody used it since.
 */
export function replyFailed(): void {
  if (input(OP) != OP_LOCK || (input(FLAGS) & F_PERSISTENT) == 0) return;
  const lockspace = input(RT) == RT_GL ? globalLockspace() : lockspaceOfRequest();
  if (lockspace == null || lockspace.state != RUNNING || lockspace.ender != null) return;
  const resource = resourceOfInput(lockspace);
  if (resource == null) return;
  const action = actionOfInput();
  action.mode = UN;
  action.flags |= F_LV_UNLOCK;
  action.lockType = lockspace.lockType;
  action.lockspace = lockspace;
  action.resource = resource;
  resource.waiting.append(action);
  sweep(resource);
}

function resourceOfInput(lockspace: Lockspace): Resource | null {
  if (input(RT) == RT_GL) return lockspace.gl;
  if (input(RT) == RT_VG) return lockspace.vg;
  return lockspace.lvs.find(inputText(LV_UUID), inputLength(LV_UUID));
}

/** A pause is over: a refused request, or a release that failed, is tried again. */
export function timer(): void {
  const armed = table.timers.find(input(TIMER));
  if (armed == null) return;
  dropTimer(armed.id);
  const action = armed.action;
  if (action != null) {
    action.timer = 0;
    sweep(action.resource!);
    return;
  }
  const resource = armed.resource!;
  resource.timer = 0;
  sweep(resource);
}

/** A lockspace that was joined before this daemon started, from the backend's records. */
export function restoreLockspace(): void {
  assert(!table.served, "what was there before is restored before the first request");
  const isGlobal = inputLength(VG_NAME) == 0;
  const mayStart = inputLength(VG_NAME) <= MAX_VG_NAME && !isReservedName();
  assert(isGlobal || mayStart, "a lockspace is restored under a name that can be started");
  assert(input(LOCK_TYPE) > LM_TYPE_NONE, "a lockspace is restored with its lock type");
  const name = isGlobal ? copyOfBytes(GLOBAL_NAME) : lockspaceNameBytes();
  const known = isGlobal ? globalByName() : lockspaceOfRequest();
  assert(known == null, "a lockspace is restored once");
  const vgName = isGlobal ? EMPTY : copyOf(inputText(VG_NAME), inputLength(VG_NAME));
  const lockspace = new Lockspace(input(LOCKSPACE), name, vgName, input(LOCK_TYPE));
  table.lastLockspaceId = max(table.lastLockspaceId, input(LOCKSPACE));
  lockspace.vgUuid = copyOf(inputText(VG_UUID), inputLength(VG_UUID));
  lockspace.vgArgs = copyOf(inputText(VG_ARGS), inputLength(VG_ARGS));
  lockspace.hostId = input(HOST_ID);
  lockspace.generation = input(GENERATION);
  lockspace.since = table.now;
  lockspace.state = RUNNING;
  table.addLockspace(lockspace);
  if (table.glType == 0) table.glType = lockspace.lockType;
}

/** A persistent lock that was granted before this daemon started. */
export function restoreLock(): void {
  assert(!table.served, "what was there before is restored before the first request");
  const lockspace = inputLength(VG_NAME) == 0 ? globalByName() : lockspaceOfRequest();
  assert(lockspace != null, "a lock is restored into a restored lockspace");
  assert(input(MODE) == SH || input(MODE) == EX, "a lock is restored in a mode that is held");
  const resource = restoredResource(lockspace!);
  assert(resource.locks == null, "a lock is restored once");
  const claim = new Lock(resource, input(MODE));
  claim.persistent = true;
  claim.since = table.now;
  resource.takeLvArgs(copyOf(inputText(LV_ARGS), inputLength(LV_ARGS)));
  resource.mode = claim.mode;
  resource.addLock(claim);
}

function restoredResource(lockspace: Lockspace): Resource {
  if (input(RT) == RT_GL) return lockspace.globalResource();
  assert(!lockspace.isGlobal, "locks of a VG are restored into its lockspace");
  if (input(RT) == RT_VG) return lockspace.vg!;
  const known = lockspace.lvs.find(inputText(LV_UUID), inputLength(LV_UUID));
  if (known != null) return known;
  return lockspace.addLv(copyOf(inputText(LV_UUID), inputLength(LV_UUID)));
}

export function beginShutdown(): void {
  table.served = true;
  table.shuttingDown = true;
  shutdown();
}
