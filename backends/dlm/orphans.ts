/**
 * What a daemon that died left behind: the lockspaces of LVM that this host is still in and, where
 * the kernel lists them, the locks of LVs in them.
 *
 * @module
 */
import { logger } from "../../core/log.ts";
import { LockType, Mode } from "../../core/types.ts";
import type { LeftBehind } from "../lock_manager.ts";
import { LV_ARGS, vgArgsOf } from "./lock_args.ts";
import { kernelName } from "./lockspace.ts";
import { orphansIn, type Surroundings } from "./start.ts";

const log = logger("dlm");

const PREFIX = "lvm_";
const GLOBAL = "lvm_global";
/** An LV's UUID with its dashes, 6-4-4-4-4-4-6; other resources are not LVs. */
const LV_UUID = /^[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}$/;

export async function findLeftBehind(
  { files, tools, clusterName }: Pick<Surroundings, "files" | "tools" | "clusterName">,
): Promise<LeftBehind[]> {
  const vgArgs = vgArgsOf(await clusterName()) ?? "";
  const names = files.lvmLockspaces().filter((name) => name !== GLOBAL);
  const found = await Promise.all(names.map(async (name): Promise<LeftBehind | undefined> => {
    if (kernelName(`${name}+`) === name) {
      log.warn(`the name of the lockspace ${name} is cut; which VG's it is cannot be told`);
      return undefined;
    }
    const dump = orphansIn({ held: new Map() }, await tools.locks(name));
    const locks = dump.filter(({ resource }) => LV_UUID.test(resource))
      .map(({ resource, mode }) => ({
        lvUuid: resource,
        lvArgs: LV_ARGS,
        mode: mode === "EX" ? Mode.ex : Mode.sh,
      }));
    const vgName = name.slice(PREFIX.length);
    return { lockType: LockType.dlm, vgName, vgUuid: "", vgArgs, hostId: 0, locks };
  }));
  return found.filter((each) => each !== undefined);
}
