/**
 * Joining a lockspace: how long it may take and why, and the one case in which sanlock would wait
 * for minutes although the answer is there: our host id is in use by another live host.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { LockspaceOutlook } from "../../core/types.ts";
import type { SanlockClient } from "./client.ts";
import { Sanlk } from "./constants.ts";
import { type DeltaLease, readDeltaLease } from "./delta_lease.ts";
import { lockspaceArg, type SanlockLockspace } from "./lockspace.ts";
import { DEFAULT_IO_TIMEOUT, joinSeconds, takeOverSeconds } from "./timing.ts";

export type Joining = NonNullable<LockspaceOutlook["joining"]>;

/** How often the lease of our host id is looked at while sanlock waits for it. */
const WATCH_MS = 1000;

/** Who had the host id last, and how long sanlock will have to wait. */
export interface Prospect {
  joining: Joining;
  /** The lease of somebody else who may be alive. */
  rival?: DeltaLease;
}

/** @param ownName name of this host's sanlock daemon, `""` if not known. */
export function prospectOf(
  lease: DeltaLease | undefined,
  hostId: number,
  ownName: string,
  ioTimeout: number,
): Prospect {
  const sinceMs = Date.now();
  const own = ioTimeout || DEFAULT_IO_TIMEOUT;
  const timeout = lease?.ioTimeout || own;
  if (lease === undefined || lease.timestamp === 0) {
    const note = `joining as host ${hostId}`;
    return { joining: { note, sinceMs, longestMs: joinSeconds(timeout) * 1000 } };
  }
  if (lease.hostName === ownName) {
    const note = `joining as host ${hostId} again; this host did not leave the last time`;
    return { joining: { note, sinceMs, longestMs: joinSeconds(timeout) * 1000 } };
  }
  const note = `host id ${hostId} was last used by "${lease.hostName}", which did not leave: ` +
    "waiting until it is certain that it is dead";
  const joining = { note, sinceMs, longestMs: takeOverSeconds(timeout) * 1000 };
  return ownName === "" ? { joining } : { joining, rival: lease };
}

/**
 * Adds the lockspace. When `cancelled` is aborted sanlock is told to leave, which makes it give up.
 * While sanlock waits for a rival to be dead, its lease is watched: if it is renewed, the join is
 * given up at once.
 * @returns the result of sanlock; `hostidBusy` also when it was given up because of a rival.
 */
export async function addLockspace(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  ioTimeout: number,
  rival: DeltaLease | undefined,
  cancelled: AbortSignal,
): Promise<number> {
  if (cancelled.aborted) return -Errno.ECANCELED;
  const arg = lockspaceArg(lockspace);
  const giveUp = () => void client.remLockspace(arg, 0);
  cancelled.addEventListener("abort", giveUp);
  const added = client.addLockspace(arg, 0, ioTimeout)
    .finally(() => cancelled.removeEventListener("abort", giveUp));
  if (rival === undefined) return await added;
  let over = false;
  const result = added.finally(() => over = true);
  const alive = watchRival(lockspace, rival, () => over)
    .then<number | undefined>((renewed) => renewed ? undefined : result);
  const first = await Promise.race([result, alive]);
  if (first !== undefined) return first;
  await client.remLockspace(arg, 0);
  const late = await result;
  if (late === 0) await client.remLockspace(arg, 0);
  return Sanlk.hostidBusy;
}

/** True as soon as the rival has renewed its lease; false when the join is over. */
async function watchRival(
  { path, geometry, hostId }: SanlockLockspace,
  rival: DeltaLease,
  isOver: () => boolean,
): Promise<boolean> {
  while (!isOver()) {
    await new Promise((wake) => setTimeout(wake, WATCH_MS));
    if (isOver()) break;
    const lease = await readDeltaLease(path, geometry, hostId);
    if (lease === undefined || isOver()) continue;
    const renewed = lease.timestamp !== rival.timestamp && lease.timestamp !== 0;
    if (renewed && lease.hostName === rival.hostName) return true;
  }
  return false;
}
