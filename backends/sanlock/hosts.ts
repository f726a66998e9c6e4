/**
 * Other hosts in a lockspace: how many there are, who they are, and who holds a lock.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { LockspaceHost, Owner } from "../../core/types.ts";
import type { HostsAnswer } from "../lock_manager.ts";
import type { HostEntry, ResourceArg, SanlockClient } from "./client.ts";
import { HostState } from "./constants.ts";
import { readDeltaLease } from "./delta_lease.ts";
import type { SanlockLockspace } from "./lockspace.ts";
import { refusal } from "./results.ts";

const stateWords: Record<number, string> = {
  [HostState.unknown]: "UNKNOWN",
  [HostState.free]: "FREE",
  [HostState.live]: "LIVE",
  [HostState.fail]: "FAIL",
  [HostState.dead]: "DEAD",
};

export function stateWord(state: number): string {
  return stateWords[state] ?? "UNKNOWN";
}

/** Names by host id; a new generation may be another host. */
export class HostNames {
  readonly #names = new Map<string, string>();

  /** `""` if the host never wrote one, or the disk does not answer. */
  async of(lockspace: SanlockLockspace, hostId: number, generation: number): Promise<string> {
    const key = `${hostId}:${generation}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const lease = await readDeltaLease(lockspace.path, lockspace.geometry, hostId);
    if (lease === undefined || lease.generation !== generation) return lease?.hostName ?? "";
    this.#names.set(key, lease.hostName);
    return lease.hostName;
  }

  known(hostId: number, generation: number): string {
    return this.#names.get(`${hostId}:${generation}`) ?? "";
  }
}

/**
 * Counts the others. A host that has not been seen renewing yet counts: it may be using the VG. So
 * does "no information yet", right after the join.
 */
export async function countOtherHosts(
  client: SanlockClient,
  lockspace: SanlockLockspace,
): Promise<HostsAnswer> {
  const { result, hosts } = await client.getHosts(lockspace.spec.name, 0);
  if (result === -Errno.EAGAIN) return { result: 1, lmResult: result, hostsUnknown: true };
  if (result < 0) {
    const message = refusal(`asking for the hosts of VG ${lockspace.spec.vgName}`, result);
    return { result: -1, lmResult: result, message };
  }
  const isSelf = (host: HostEntry) => host.hostId === lockspace.hostId;
  if (!hosts.some(isSelf)) {
    const message = `sanlock does not list this host in VG ${lockspace.spec.vgName}`;
    return { result: -1, message };
  }
  const others = hosts.filter((host) => !isSelf(host));
  const live = others.filter(({ state }) => state === HostState.live).length;
  const unknown = others.filter(({ state }) => state === HostState.unknown).length;
  return { result: live + unknown, hostsUnknown: live === 0 && unknown > 0 };
}

/** Finding out who holds a lock is a courtesy: the refusal does not wait for it any longer. */
const OWNER_LIMIT_MS = 2000;

/** Who keeps us from a lease; undefined if it cannot be found out in time. */
export async function blockingOwner(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  lease: ResourceArg,
  names: HostNames,
): Promise<Owner | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OWNER_LIMIT_MS);
  });
  try {
    return await Promise.race([findOwner(client, lockspace, lease, names), limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function findOwner(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  lease: ResourceArg,
  names: HostNames,
): Promise<Owner | undefined> {
  const { result, owners } = await client.readOwners({ ...lease, flags: lockspace.geometry.flags });
  const owner = owners.find(({ hostId }) => hostId !== lockspace.hostId);
  if (result < 0 || owner === undefined) return undefined;
  const [name, seen] = await Promise.all([
    names.of(lockspace, owner.hostId, owner.generation),
    client.getHosts(lockspace.spec.name, owner.hostId),
  ]);
  const host = seen.hosts.find(({ hostId }) => hostId === owner.hostId);
  const found: Owner = {
    hostId: owner.hostId,
    generation: owner.generation,
    timestamp: owner.timestamp,
    state: host === undefined ? "UNKNOWN" : stateWord(host.state),
    name,
  };
  const held = host === undefined ? -1 : host.timestamp - owner.timestamp;
  // Both are times of that host's clock; shared locks carry none.
  if (owner.timestamp > 0 && held >= 0) found.heldSinceMs = Date.now() - held * 1000;
  return found;
}

/** "host 2 (node2), LIVE" */
export function describeOwner({ hostId, name, state, heldSinceMs }: Owner): string {
  const since = heldSinceMs === undefined
    ? ""
    : `, for about ${Math.max(0, Math.round((Date.now() - heldSinceMs) / 1000))} s`;
  return `host ${hostId}${name === "" ? "" : ` (${name})`}, ${state}${since}`;
}

/** A host as people want to see it; `lastSeenMs` is when its clock was last seen to have moved. */
export function presentHost(
  host: HostEntry,
  lockspace: SanlockLockspace,
  names: HostNames,
  lastSeenMs: number,
): LockspaceHost {
  return {
    hostId: host.hostId,
    name: names.known(host.hostId, host.generation),
    generation: host.generation,
    state: stateWord(host.state),
    self: host.hostId === lockspace.hostId,
    lastSeenMs,
  };
}
