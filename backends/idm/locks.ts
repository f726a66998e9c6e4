/**
 * Taking, converting and releasing one lock. Nothing is ever queued behind another host: who waits is
 * the lock table, after the manager has tried for five seconds.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { Mode, ResourceType } from "../../core/types.ts";
import type { Answer, GrantAnswer, ResourceSpec } from "../lock_manager.ts";
import type { IlmConnection, LockWish } from "./client.ts";
import { Answered, IlmMode, LEASE_MS, MAX_DRIVES, PATH_ROOM } from "./constants.ts";
import { lockIdOf } from "./lock_id.ts";
import { type Connected, type Held, type IdmLockspace, lockName, usesValue } from "./lockspace.ts";
import { isConnectionLost, refusal } from "./refusals.ts";

const log = logger("idm");

const modeOf = (mode: Mode): IlmMode => mode === Mode.ex ? IlmMode.exclusive : IlmMode.shareable;

/** Why a list of drives cannot be used; `""` if it can. */
export function troubleWith(drives: readonly string[]): string {
  if (drives.length === 0) return "the request names no drives (PVs)";
  if (drives.length > MAX_DRIVES) {
    return `the request names ${drives.length} drives; ${MAX_DRIVES} are possible`;
  }
  const usable = drives.every((path) =>
    path !== "" && path.length < PATH_ROOM && !path.includes("\0")
  );
  return usable ? "" : "the request names a drive by a path that is too long or none";
}

export async function takeLock(
  lockspace: IdmLockspace,
  resource: ResourceSpec,
  mode: Mode,
): Promise<GrantAnswer> {
  const what = lockName(lockspace.spec, resource);
  const refuse = (error: number, why: string) => ({ result: -error, message: `${what}: ${why}` });
  if (lockspace.lost !== "") return refuse(Errno.ELOCKIO, lockspace.lost);
  const id = lockIdOf(lockspace.spec, resource);
  if (id === undefined) return refuse(Errno.EINVAL, "a UUID in the request is not one of LVM's");
  const connected = await lockspace.connect();
  if ("result" in connected) return refuse(Errno.ELOCKIO, connected.message);
  const { connection } = connected;
  const drives = drivesOf(lockspace, connected, resource);
  const trouble = troubleWith(drives);
  if (trouble !== "") {
    return resource.type === ResourceType.gl
      ? refuse(Errno.ELOCKIO, NO_GLOBAL_DRIVES)
      : refuse(Errno.EINVAL, trouble);
  }
  const wish = { mode: modeOf(mode), drives, leaseMs: LEASE_MS };
  const held: Held = { resource, id, mode, wish };
  const result = await ask(connection, held, what);
  // An answer that came before the end of its connection is worth nothing after it.
  const isCurrent = !connection.ended && lockspace.connection === connection;
  if (result === Answered.done && isCurrent && lockspace.lost === "") {
    lockspace.held.set(resource.name, held);
    return await granted(lockspace, connection, held, resource);
  }
  const failed = result === Answered.done ? Answered.notConnected : result;
  return await refusal({ lockspace, connection, resource, result: failed, id, wish });
}

const NO_GLOBAL_DRIVES = "no drive of this host has a partition named propeller. On one or more " +
  "drives that all hosts share there must be one (GPT)";

/** A copy: the request's own list may be gone while the manager uses it. */
function drivesOf(
  { spec }: IdmLockspace,
  { drives }: Connected,
  { type, pvPaths }: ResourceSpec,
): string[] {
  if (type === ResourceType.gl) return [...drives()];
  return [...(type === ResourceType.vg ? spec.pvPaths : pvPaths ?? [])];
}

/** A mutex that the manager has for us, but of which we know nothing, is given up first. */
async function ask(connection: IlmConnection, { id, wish }: Held, what: string): Promise<number> {
  const result = await connection.lock(id, wish);
  if (result !== Answered.heldAlready) return result;
  log.warn(`${what}: the IDM lock manager still has it from before; it is given up and taken anew`);
  await connection.unlock(id);
  return await connection.lock(id, wish);
}

async function granted(
  lockspace: IdmLockspace,
  connection: IlmConnection,
  { id }: Held,
  resource: ResourceSpec,
): Promise<GrantAnswer> {
  if (!usesValue(resource)) return { result: 0 };
  const { result, value } = await connection.readValue(id);
  if (isConnectionLost(result, connection)) {
    lockspace.connectionEnded(connection);
    const message = `${lockName(lockspace.spec, resource)}: ${lockspace.trouble}`;
    return { result: -Errno.ELOCKIO, lmResult: result, message };
  }
  return {
    result: 0,
    valueBlock: lockspace.stampOf(resource).read(result < 0 ? undefined : value),
  };
}

export async function convertLock(
  lockspace: IdmLockspace,
  resource: ResourceSpec,
  mode: Mode,
  { version }: { version: number },
): Promise<GrantAnswer> {
  const what = lockName(lockspace.spec, resource);
  const held = lockspace.held.get(resource.name);
  const { connection } = lockspace;
  if (held === undefined || connection === undefined) {
    const why = lockspace.lost || lockspace.trouble || "the lock is not held";
    return { result: -Errno.ELOCKIO, message: `${what}: ${why}` };
  }
  await writeChange(lockspace, connection, held, version);
  const wish: LockWish = { ...held.wish, mode: modeOf(mode) };
  const result = await connection.convert(held.id, wish.mode);
  if (result === Answered.done && lockspace.held.get(resource.name) === held) {
    held.mode = mode;
    return { result: 0 };
  }
  if (result === Answered.expired) return expired(lockspace, connection, resource, result);
  if (result === Answered.refused && !connection.ended) {
    const { result: counted, self } = await connection.hostCount(held.id, wish);
    if (counted === 0 && !self) return expired(lockspace, connection, resource, result);
  }
  if (mode !== Mode.ex && result < 0 && !isConnectionLost(result, connection)) {
    // Some drives may have it shared by now: to count on less than there may be harms nobody.
    log.warn(`${what}: the conversion to shared did not reach all of its drives (${result})`);
    held.mode = mode;
    return { result: 0, lmResult: result };
  }
  const failed = result === Answered.done ? Answered.notConnected : result;
  return await refusal({
    lockspace,
    connection,
    resource,
    result: failed,
    id: held.id,
    wish,
    held,
  });
}

/** Another host may have had it, and may have it now. */
function expired(
  lockspace: IdmLockspace,
  connection: IlmConnection,
  resource: ResourceSpec,
  lmResult: number,
): Answer {
  lockspace.leasesEnded(connection);
  const message = `${lockName(lockspace.spec, resource)}: ${OVERDUE}`;
  return { result: -Errno.ELOCKIO, lmResult, message };
}

const OVERDUE = "its lease had run out: another host may have used it meanwhile";

/** That something was changed; hosts that cannot be told of it keep what they have read before. */
async function writeChange(
  lockspace: IdmLockspace,
  connection: IlmConnection,
  { resource, id, mode }: Held,
  version: number,
): Promise<void> {
  if (version === 0 || mode !== Mode.ex || !usesValue(resource)) return;
  const stamp = lockspace.stampOf(resource);
  const result = await connection.writeValue(id, stamp.change(version));
  if (result >= 0) return;
  stamp.forget();
  log.error(
    `${lockName(lockspace.spec, resource)}: other hosts cannot be told of its change (${result})`,
  );
}

/**
 * Whatever the manager answers, the mutex is not held any more: it forgets it even if drives do not
 * answer.
 */
export async function releaseLock(
  lockspace: IdmLockspace,
  resource: ResourceSpec,
  { version }: { version: number },
): Promise<Answer> {
  const what = lockName(lockspace.spec, resource);
  const held = lockspace.held.get(resource.name);
  const { connection } = lockspace;
  if (connection === undefined) return { result: 0, message: `${what}: ${lockspace.trouble}` };
  if (held !== undefined) await writeChange(lockspace, connection, held, version);
  const id = held?.id ?? lockIdOf(lockspace.spec, resource);
  lockspace.held.delete(resource.name);
  if (id === undefined) return { result: 0 };
  const result = await connection.unlock(id);
  if (result >= 0) return { result: 0 };
  if (usesValue(resource)) lockspace.stampOf(resource).forget();
  const why = unlockTrouble(lockspace, connection, result);
  if (lockspace.lost === "") log.error(`${what}: ${why}`);
  return { result: 0, lmResult: result, message: `${what}: ${why}` };
}

function unlockTrouble(
  lockspace: IdmLockspace,
  connection: IlmConnection,
  result: number,
): string {
  if (result === Answered.expired) {
    lockspace.leasesEnded(connection);
    return OVERDUE;
  }
  if (isConnectionLost(result, connection)) {
    lockspace.connectionEnded(connection);
    return lockspace.trouble;
  }
  if (result === Answered.refused) return "the IDM lock manager did not have it any more";
  return `most of its drives did not take the release (${result}): other hosts get it when its ` +
    `lease has run out, within ${LEASE_MS / 1000} s`;
}
