/**
 * Other hosts in a lockspace. The drives tell how many hosts hold a mutex, not which; a host that has
 * started a VG and holds nothing in it is not seen at all.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { type LockspaceOutlook, Mode, ResourceType } from "../../core/types.ts";
import type { HostsAnswer, ResourceSpec } from "../lock_manager.ts";
import type { LockId, LockWish } from "./client.ts";
import { Answered, IlmMode, LEASE_MS } from "./constants.ts";
import { lockIdOf } from "./lock_id.ts";
import { type Connected, type IdmLockspace, lockName, lockspaceTitle } from "./lockspace.ts";

interface Asked {
  resource: Pick<ResourceSpec, "type" | "name">;
  id: LockId;
  wish: LockWish;
  held: boolean;
}

/** What other hosts may hold of what this one has used: its VG or global lock, and LVs it holds. */
function askedAbout(lockspace: IdmLockspace, { drives }: Connected): Asked[] {
  const asked: Asked[] = [...lockspace.held.values()].map((held) => ({ ...held, held: true }));
  const { spec } = lockspace;
  const own = spec.vgName === ""
    ? { type: ResourceType.gl, name: "GLLK" }
    : { type: ResourceType.vg, name: "VGLK" };
  const id = lockIdOf(spec, own);
  if (lockspace.held.has(own.name) || !lockspace.wasLocked(own.name) || id === undefined) {
    return asked;
  }
  const paths = spec.vgName === "" ? drives() : spec.pvPaths;
  const wish = { mode: IlmMode.exclusive, drives: [...paths], leaseMs: LEASE_MS };
  return [...asked, { resource: own, id, wish, held: false }];
}

/** The most hosts that hold any one of these mutexes. The first that is held is enough. */
export async function countOthers(lockspace: IdmLockspace): Promise<HostsAnswer> {
  const title = lockspaceTitle(lockspace.spec);
  if (lockspace.lost !== "") {
    return { result: -Errno.ELOCKIO, message: `${title}: ${lockspace.lost}` };
  }
  const connected = await lockspace.connect();
  if ("result" in connected) return { ...connected, message: `${title}: ${connected.message}` };
  for (const { resource, id, wish, held } of askedAbout(lockspace, connected)) {
    const { result, others } = await connected.connection.hostCount(id, wish);
    // Nobody has it, or no drive answers: of a mutex that is held here it can only be the latter.
    if (result === Answered.unknown && !held) continue;
    if (result < 0) {
      const what = lockName(lockspace.spec, resource);
      const message = `${what}: whether other hosts hold it cannot be told (${result})`;
      return { result: -Errno.ELOCKIO, lmResult: result, message };
    }
    lockspace.noteOthers(others);
    if (others > 0) return { result: others };
  }
  return { result: 0 };
}

/** What people want to know of a lockspace, from memory. */
export function outlookOf(lockspace: IdmLockspace): LockspaceOutlook {
  const { lost, trouble, others } = lockspace;
  const seen = others === undefined
    ? ""
    : `; ${hostsText(others.count)} held a lock here at ${new Date(others.atMs).toISOString()}`;
  const state = lost !== "" ? "lost" : trouble !== "" ? "late" : "healthy";
  const note = lost ||
    (trouble === ""
      ? `the IDM lock manager renews the leases of ${locksText(lockspace)}${seen}`
      : `${trouble}; nothing is locked, the next request connects again`);
  return { lease: { state, note, renewedMs: 0, expiresMs: 0 }, hosts: [] };
}

function locksText({ held }: IdmLockspace): string {
  const exclusive = [...held.values()].filter(({ mode }) => mode === Mode.ex).length;
  return `${held.size} locks (${exclusive} exclusive)`;
}

export function hostsText(count: number): string {
  return `${count} other ${count === 1 ? "host" : "hosts"}`;
}
