/**
 * Other hosts in a lockspace, and what a dead daemon left behind on this one.
 *
 * @module
 */
import type { HostsAnswer, LeftBehind } from "../../../../backends/lock_manager.ts";
import { LockType, Mode, type Owner } from "../../../../core/types.ts";
import { Errno } from "../../../../core/errno.ts";
import type { Cluster } from "./cluster.ts";
import { argsOf, isHeldBy } from "./disk.ts";
import type { SanlockHost } from "./host.ts";
import type { Session } from "./session.ts";

/** After the join nothing is known of the others until sanlock has looked around. */
const BLIND_MS = 1000;

export function countHosts({ membership, disk, hostId }: Session, cluster: Cluster): HostsAnswer {
  if (membership === undefined || membership.phase === "gone") {
    return { result: -1, lmResult: -Errno.ENOENT, message: "sanlock does not know the lockspace" };
  }
  const now = cluster.now();
  const age = now - membership.joinedMs;
  if (age < BLIND_MS) return { result: 1, lmResult: -Errno.EAGAIN, hostsUnknown: true };
  let others = 0;
  for (const id of disk.deltas.keys()) {
    if (id !== hostId && disk.stateOf(id, now) === "LIVE") others++;
  }
  // Nobody's lease has been seen to change yet.
  return { result: others, hostsUnknown: others > 0 && age < cluster.timing.renewalMs };
}

export function statusOf({ membership, hostId, disk }: Session, cluster: Cluster) {
  if (membership === undefined || membership.phase === "gone") {
    return { result: 0, lmResult: -Errno.ENOENT };
  }
  const owner: Owner = {
    hostId,
    generation: membership.generation,
    timestamp: Math.floor(membership.renewedMs / 1000),
    state: disk.stateOf(hostId, cluster.now()),
    name: "",
  };
  return { result: 0, owner };
}

/** From sanlock and the disk alone; what cannot be read is not found. */
export function findLeftBehind(
  host: SanlockHost,
  cluster: Cluster,
  known: ReadonlySet<string>,
): LeftBehind[] {
  const found: LeftBehind[] = [];
  for (const { spec, hostId, generation, disk, phase } of host.memberships.values()) {
    if (phase !== "joined") continue;
    const vgName = cluster.nameOf(disk);
    if (vgName === undefined || `lvm_${vgName}` !== spec.name) continue;
    const locks: LeftBehind["locks"] = [];
    const slots = host.reaches ? disk.lvs : [];
    for (const [slot, { name, owners }] of slots.entries()) {
      const own = owners.find((owner) => isHeldBy(owner, hostId, generation));
      if (own === undefined || known.has(name)) continue;
      locks.push({
        lvUuid: name,
        lvArgs: argsOf(slot),
        mode: own.mode === Mode.ex ? Mode.ex : Mode.sh,
      });
    }
    const { vgUuid, vgArgs } = spec;
    found.push({ lockType: LockType.sanlock, vgName, vgUuid, vgArgs, hostId, locks });
  }
  return found;
}
