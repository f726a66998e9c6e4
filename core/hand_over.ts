/**
 * Handing over to the next daemon: all locks and lockspaces stay as they are in the lock managers,
 * and the next daemon takes them over. What it cannot take over is what a running command holds;
 * commands are given time to end.
 *
 * @module
 */
import type { LockService } from "./service.ts";

/** How long running commands are waited for, milliseconds. Most LVM commands take less than one. */
export const HAND_OVER_LIMIT_MS = 30_000;

/**
 * LVM commands connect once and ask soon: whoever has been connected for longer without holding or
 * wanting anything is a program that stays, and connects again.
 */
const COMMAND_AGE_MS = 60_000;

/**
 * Waits until no command holds a transient lock, none waits for anything, and none is just about to.
 * No connections may be taken meanwhile.
 * @returns what is still under way after `limitMs`, a line each; empty if nothing is.
 */
export async function commandsEnded(
  service: LockService,
  limitMs: number,
  nowMs = () => performance.now(),
): Promise<string[]> {
  const left = () => [...underWay(service, nowMs()).values()];
  if (left().length === 0) return [];
  const quiet = Promise.withResolvers<void>();
  const timer = setTimeout(quiet.resolve, limitMs);
  const forget = service.onChange(() => {
    if (left().length === 0) quiet.resolve();
  });
  await quiet.promise;
  forget();
  clearTimeout(timer);
  return left();
}

/** What each client is about, by its number. */
function underWay(service: LockService, nowMs: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const { id, origin, command, pid, connectedMs } of service.clients()) {
    if (origin !== "native" || nowMs - connectedMs > COMMAND_AGE_MS) continue;
    found.set(id, `${command || "a client"}[${pid}] is connected`);
  }
  let vg = "";
  for (const row of service.inspect()) {
    if (row.kind === "lockspace") vg = row.vgName;
    const holds = row.kind === "lock" && !row.persistent;
    if (!holds && row.kind !== "action") continue;
    const { command = "", pid = 0 } = service.client(row.clientId) ?? {};
    const about = holds ? "holds a lock" : "waits";
    found.set(row.clientId, `${command || "a client"}[${pid}] ${about} (VG ${vg})`);
  }
  return found;
}
