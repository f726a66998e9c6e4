/**
 * Locks that a daemon of this host left behind when it died. The kernel keeps them as orphans: nobody
 * can release one but who takes it over first.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { ResourceType } from "../../core/types.ts";
import type { ResourceSpec } from "../lock_manager.ts";
import { DlmMode, LockFlag } from "./constants.ts";
import { type DlmLockspace, type Held, lockName, LOST, usesValueBlock } from "./lockspace.ts";
import { forgetLock, giveUp } from "./requests.ts";

const log = logger("dlm");

/**
 * Takes over what a dead daemon of this host held: 0, or a positive errno: ENOENT if there is
 * nothing, EAGAIN if it has the other mode.
 */
export async function adoptLock(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  mode: DlmMode,
): Promise<number | typeof LOST> {
  let found = await adoptOrphan(lockspace, resource, mode);
  // A request that was refused leaves an orphan too, in mode NL. It says nothing of the others.
  while (found === Errno.EAGAIN) {
    const idle = await adoptOrphan(lockspace, resource, DlmMode.nl);
    if (typeof idle !== "object") break;
    giveUp(lockspace, resource, idle);
    found = await adoptOrphan(lockspace, resource, mode);
  }
  if (typeof found !== "object") return found;
  const old = lockspace.use(resource.name);
  lockspace.held.set(resource.name, found);
  if (old !== undefined) giveUp(lockspace, resource, old);
  return 0;
}

/** An orphan of this very mode. */
async function adoptOrphan(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  mode: DlmMode,
): Promise<Held | number | typeof LOST> {
  const withValue = usesValueBlock(resource);
  const state = lockspace.handle.makeLock(resource.name, withValue);
  const flags = withValue ? LockFlag.valblk : 0;
  const error = await lockspace.call((handle) => handle.adopt(state, mode, flags));
  // What its value block says was not read with it.
  if (error === 0) return { state, mode, block: undefined };
  if (error !== LOST) lockspace.handle.drop(state);
  return error;
}

/**
 * A lock that is held shared here cannot be made exclusive. If an orphan of this host is in the way, it
 * says no more than the lock itself: it is released.
 * @returns whether there was one: it is worth to look again.
 */
export async function dropTwin(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
): Promise<boolean> {
  const twin = await adoptOrphan(lockspace, resource, DlmMode.pr);
  if (typeof twin !== "object") return false;
  giveUp(lockspace, resource, twin);
  return true;
}

/**
 * Deals with an orphan of this host that is in the way of a lock, one that was not there yet or not
 * known when locks were adopted. That of an LV is kept, marked as inherited; a shared one stays,
 * whoever wants more has to share it first. That of a VG or the global lock protects nobody and is released.
 * @returns whether there was one: it is worth to look again.
 */
export async function clearTheWay(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
): Promise<boolean> {
  const isLv = resource.type === ResourceType.lv;
  for (const mode of isLv ? [DlmMode.ex] : [DlmMode.ex, DlmMode.pr]) {
    if (await adoptLock(lockspace, resource, mode) !== 0) continue;
    const what = `a daemon of this host held ${lockName(lockspace.spec, resource)} when it died`;
    if (isLv) {
      log.warn(`${what}; it stays held here`);
      lockspace.held.get(resource.name)!.inherited = true;
      return true;
    }
    const changed = mode === DlmMode.ex ? "; look whether its command was completed" : "";
    log.warn(`${what}; the lock is released${changed}`);
    forgetLock(lockspace, resource);
    return true;
  }
  return false;
}
