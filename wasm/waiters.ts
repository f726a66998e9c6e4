/** Who waits for lockspaces: start_wait, stop_all, the stop of an idle `lvm_global`, the shutdown. */
import { reply } from "./effects";
import { append, ARG, put } from "./frame";
import { globalByName } from "./global_lock";
import { beginStop } from "./lifecycle";
import { Lockspace, RUNNING, STARTING, STOPPING } from "./lockspace";
import { table } from "./table";
import { F_FORCE, F_WAIT, OUT_QUIT, OUT_SHUTDOWN_REFUSED } from "./vocabulary";

/** Called at the end of every input: something may have ended that somebody waits for. */
export function lookAtWaiters(): void {
  while (table.changed) {
    table.changed = false;
    if (table.startWaiters.size > 0) answerStartWaiters();
    if (table.stopWaiters.size > 0) answerStopWaiters();
    stopIdleGlobal();
    if (table.shuttingDown) shutdown();
  }
}

/** start_wait: answered once no lockspace of anybody is still being joined. */
export function answerStartWaiters(): void {
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.state == STARTING) return;
  }
  for (let action = table.startWaiters.first; action != null;) {
    const next = action.next;
    const client = action.client;
    const result = client == null ? 0 : client.startResult;
    if (client != null) client.startResult = 0;
    reply(action, result);
    action = next;
  }
}

/** stop_all: stops what is free of locks; waits for the rest, or answers how many there are. */
export function answerStopWaiters(): void {
  for (let action = table.stopWaiters.first; action != null;) {
    const next = action.next;
    const left = stopUnlocked(action.has(F_FORCE));
    if (left == 0 || !action.has(F_WAIT)) reply(action, left);
    action = next;
  }
}

/** Begins to stop every lockspace without a lock. Returns how many lockspaces are left. */
function stopUnlocked(force: bool): i32 {
  for (let at = table.firstLockspace; at != null;) {
    const next: Lockspace | null = at.next;
    const ending = at.state == STOPPING || at.ender != null;
    const unlocked = at.lockCount == 0 && !at.adopts;
    if (!ending && at.state != STARTING && (force || unlocked)) beginStop(at);
    at = next;
  }
  return table.lockspaces.size;
}

function stopIdleGlobal(): void {
  const global = globalByName();
  if (global == null || !global.stopWhenIdle || global.state != RUNNING || global.inUse) return;
  global.stopWhenIdle = false;
  beginStop(global);
}

/** SIGTERM: stops what is free of locks; ends the daemon, or says that locks forbid it. */
export function shutdown(): void {
  stopUnlocked(false);
  let held = 0;
  let leaving = 0;
  for (let next = table.firstLockspace; next != null;) {
    const at = next;
    next = at.next;
    if (at.state == STOPPING || at.state == STARTING) leaving++;
    else held++;
  }
  if (leaving > 0) return;
  table.shuttingDown = false;
  if (held == 0) append(OUT_QUIT);
  else put(append(OUT_SHUTDOWN_REFUSED), ARG, held);
}
