/**
 * What a daemon that died left behind: the lockspaces of LVM that this host is still in and, where
 * the kernel lists them, the locks of LVs in them.
 *
 * @module
 */
import { LockType, Mode } from "../../core/types.ts";
import type { LeftBehind } from "../lock_manager.ts";
import { DlmMode } from "./constants.ts";
import { LV_ARGS, vgArgsOf } from "./lock_args.ts";
import type { DlmLockspace } from "./lockspace.ts";
import type { SystemFiles } from "./system_files.ts";
import type { DumpedLock, Tools } from "./tools.ts";

const PREFIX = "lvm_";
const GLOBAL = "lvm_global";
/** An LV's UUID with its dashes, 6-4-4-4-4-4-6; other resources are not LVs. */
const LV_UUID = /^[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}$/;

export async function findLeftBehind(
  { files, tools }: { files: SystemFiles; tools: Tools },
): Promise<LeftBehind[]> {
  const vgArgs = vgArgsOf(files.clusterName()) ?? "";
  const names = files.lvmLockspaces();
  return await Promise.all(names.map(async (name): Promise<LeftBehind> => {
    const about = { lockType: LockType.dlm, vgUuid: "", vgArgs, hostId: 0 };
    if (name === GLOBAL) return { ...about, vgName: "", locks: [] };
    const dump = orphansIn({ held: new Map() }, await tools.locks(name));
    const locks = dump.filter(({ resource }) => LV_UUID.test(resource))
      .map(({ resource, mode }) => ({
        lvUuid: resource,
        lvArgs: LV_ARGS,
        mode: mode === "EX" ? Mode.ex : Mode.sh,
      }));
    return { ...about, vgName: name.slice(PREFIX.length), locks };
  }));
}

/** Locks of this node in a lockspace that this daemon does not hold. */
export function orphansIn(
  lockspace: Pick<DlmLockspace, "held">,
  dump: readonly DumpedLock[] | undefined,
): DumpedLock[] {
  const ours = new Set(
    [...lockspace.held].filter(([, { mode, inherited }]) => mode !== DlmMode.nl && !inherited)
      .map(([name]) => name),
  );
  // One of the locks of a resource may be ours; any other is not.
  return (dump ?? []).filter(({ node, mode, resource }) =>
    node === 0 && (mode === "PR" || mode === "EX") && !ours.delete(resource)
  );
}
