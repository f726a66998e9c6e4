/**
 * Leaving a lockspace.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import type { Answer } from "../lock_manager.ts";
import { type DlmLockspace, lockspaceTitle, LOST } from "./lockspace.ts";
import { orphansIn } from "./orphans.ts";
import type { Tools } from "./tools.ts";

const log = logger("dlm");

/**
 * Leaves the lockspace, and with it all its locks on this host: EBUSY if there are some that this
 * daemon does not hold, unless `force` says that nothing counts on them any more.
 */
export async function leaveLockspace(
  lockspace: DlmLockspace,
  force: boolean,
  tools: Tools,
): Promise<Answer> {
  const title = lockspaceTitle(lockspace.spec);
  if (lockspace.lost !== "") return { result: 0, message: `${title}: ${lockspace.lost}` };
  lockspace.leaving = true;
  const orphans = force ? 0 : await orphanCount(lockspace, tools);
  if (orphans > 0) {
    lockspace.leaving = false;
    const message = `${title}: ${orphans} locks of a daemon that died are still held in ` +
      "it: adopt them with --adopt 1, or drop them with lvmlockctl --drop " +
      `${lockspace.spec.vgName} once no LV of it is active`;
    return { result: -Errno.EBUSY, message };
  }
  const result = await lockspace.call((handle) => handle.release());
  if (result === LOST) return { result: 0, message: `${title}: ${lockspace.lost}` };
  if (result === 0) return { result: 0 };
  log.error(`${title}: the DLM could not leave its lockspace`);
  return { result: 0, lmResult: result };
}

/** The kernel's list, where there is one, has those that are inherited too. */
async function orphanCount(lockspace: DlmLockspace, tools: Tools): Promise<number> {
  const inherited = [...lockspace.held.values()].filter((held) => held.inherited).length;
  return Math.max(inherited, orphansIn(lockspace, await tools.locks(lockspace.name)).length);
}
