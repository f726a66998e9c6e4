/**
 * What a dead daemon left behind on a node: lockspaces that its kernel is in, and the orphans in them.
 *
 * @module
 */
import { LV_ARGS, vgArgsOf } from "../../../../backends/dlm/lock_args.ts";
import type { LeftBehind } from "../../../../backends/lock_manager.ts";
import { LockType } from "../../../../core/types.ts";
import type { Cluster } from "./cluster.ts";
import type { DlmHost } from "./host.ts";
import type { Member, Space } from "./space.ts";

const PREFIX = "lvm_";
const GLOBAL = "lvm_global";
const VG_LOCK = "VGLK";

export function findLeftBehind(cluster: Cluster, host: DlmHost): LeftBehind[] {
  const vgArgs = vgArgsOf(cluster.clusterName)!;
  const found: LeftBehind[] = [];
  for (const space of cluster.spaces.values()) {
    const { name } = space;
    const member = space.members.get(host.number);
    if (member === undefined || !name.startsWith(PREFIX)) continue;
    const isGlobal = name === GLOBAL;
    const vgName = isGlobal ? "" : name.slice(PREFIX.length);
    const locks = isGlobal ? [] : orphansIn(space, member);
    found.push({ lockType: LockType.dlm, vgName, vgUuid: "", vgArgs, hostId: 0, locks });
  }
  return found;
}

/** The daemon that asks has no locks yet. */
function orphansIn({ resources }: Space, member: Member): LeftBehind["locks"] {
  const locks: LeftBehind["locks"] = [];
  for (const { name, locks: all } of resources.values()) {
    const orphan = all.find((lock) => lock.member === member);
    if (orphan === undefined || name === VG_LOCK) continue;
    locks.push({ lvUuid: name, lvArgs: LV_ARGS, mode: orphan.mode });
  }
  return locks;
}
