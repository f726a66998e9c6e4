/**
 * Taking, converting and releasing one lock of one lockspace.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { Mode, ResourceType } from "../../core/types.ts";
import type { Adopt, Answer, GrantAnswer, ResourceSpec, ValueBlock } from "../lock_manager.ts";
import type { ResourceArg, SanlockClient } from "./client.ts";
import { AcquireFlag, ReleaseFlag, Res, Sanlk } from "./constants.ts";
import { GL_SLOT } from "./geometry.ts";
import { isGlEnabled } from "./global_lock.ts";
import { countOtherHosts } from "./hosts.ts";
import { leaseOf, REMOVED, type SanlockLockspace, usesValueBlock } from "./lockspace.ts";
import { acquireFailure, convertFailure, isDamaged, refusal, shown } from "./results.ts";
import {
  decodeValueBlock,
  encodeValueBlock,
  noValueBlock,
  VALUE_BLOCK_LENGTH,
} from "./value_block.ts";

const log = logger("sanlock");

const adoptFlags: Record<Adopt, number> = {
  no: 0,
  ok: AcquireFlag.orphan,
  // Only with `lvb` does sanlock 3.8.5 refuse where there is no orphan. It reads no value block then.
  only: AcquireFlag.orphanOnly | AcquireFlag.lvb,
};

/** Locks of all types outlive this process: an active LV must not lose its lock. */
function inMode(lease: ResourceArg, mode: Mode): ResourceArg {
  const shared = mode === Mode.sh ? Res.shared : 0;
  return { ...lease, flags: lease.flags | Res.persistent | shared };
}

function nameOf(lockspace: SanlockLockspace, { type, name }: ResourceSpec): string {
  const vg = lockspace.spec.vgName;
  if (type === ResourceType.gl) return `the global lock in VG ${vg}`;
  return type === ResourceType.vg ? `the lock of VG ${vg}` : `the lock of LV ${name} in VG ${vg}`;
}

export async function takeLock(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  mode: Mode,
  how: { adopt: Adopt; repair: boolean; persistent?: boolean },
): Promise<GrantAnswer> {
  const plain = leaseOf(lockspace, resource);
  if (plain === undefined) {
    const message = `${nameOf(lockspace, resource)}: the lock args "${shown(resource.lockArgs)}" ` +
      "are not understood";
    return { result: -1, lmResult: 0, message };
  }
  const lease = inMode(plain, mode);
  const withBlock = usesValueBlock(lockspace, resource);
  const flags = AcquireFlag.ownerNowait | adoptFlags[how.adopt] |
    (withBlock ? AcquireFlag.lvb : 0);
  let lmResult = await lockspace.connection.acquire(lease, flags);
  if (how.repair && isDamaged(lmResult) && await mayRewrite(client, lockspace, plain)) {
    const written = await client.writeResource(plain);
    if (written >= 0) lmResult = await lockspace.connection.acquire(lease, flags);
  }
  if (lmResult < 0) {
    const answer = await refused(client, lockspace, resource, mode, how.adopt, lmResult);
    const isInherited = answer.result === -Errno.EORPHAN && how.persistent &&
      resource.type === ResourceType.lv;
    return isInherited ? await takeInherited(client, lockspace, resource, mode, answer) : answer;
  }
  // An adopted lock keeps what its value block was; nobody has asked for it.
  const block = withBlock && how.adopt === "no" ? await readBlock(client, lease) : undefined;
  const held = withBlock ? { mode, block: block ?? noValueBlock } : { mode };
  lockspace.held.set(resource.name, held);
  return block === undefined ? { result: 0, lmResult } : { result: 0, lmResult, valueBlock: block };
}

/**
 * An orphan that could not be adopted when the daemon started, for instance because its disk did not
 * answer: it is given to whoever activates the LV in the mode that it had. Anybody else would release
 * it again, although the LV may be active.
 */
async function takeInherited(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  mode: Mode,
  refusal: GrantAnswer,
): Promise<GrantAnswer> {
  const adopting = { adopt: "only", repair: false } as const;
  const answer = await takeLock(client, lockspace, resource, mode, adopting);
  if (answer.result < 0) return refusal;
  log.warn(`${nameOf(lockspace, resource)} was held by a daemon that died; it is taken over`);
  return { ...answer, inherited: true };
}

/** Never over the leases of hosts nor across two leases, and never while another host may hold it. */
async function mayRewrite(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  { offset }: ResourceArg,
): Promise<boolean> {
  const { alignSize } = lockspace.geometry;
  if (offset < GL_SLOT * alignSize || offset % alignSize !== 0) return false;
  return (await countOtherHosts(client, lockspace)).result === 0;
}

/** A value block that cannot be read counts as never written; the lock is held all the same. */
async function readBlock(client: SanlockClient, lease: ResourceArg): Promise<ValueBlock> {
  const { result, bytes } = await client.getLvb(lease, VALUE_BLOCK_LENGTH);
  return result < 0 ? noValueBlock : decodeValueBlock(bytes);
}

async function refused(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  mode: Mode,
  adopt: Adopt,
  lmResult: number,
): Promise<GrantAnswer> {
  const isGl = resource.type === ResourceType.gl;
  if (isGl && lmResult === Sanlk.leaderResource && await isGlEnabled(client, lockspace) === 0) {
    const message = `the global lock in VG ${lockspace.spec.vgName} was disabled by another host`;
    return { result: -Errno.EUNATCH, lmResult, message };
  }
  const answer = acquireFailure(lmResult, {
    type: resource.type,
    shared: mode === Mode.sh,
    adopt,
  });
  // Whoever adopts asks for locks that may well be held in another mode, or not be there.
  const expected = [-Errno.EADOPT_NONE, -Errno.EADOPT_RETRY].includes(answer.result);
  if (expected) return { ...answer, lmResult };
  return { ...answer, lmResult, message: refusal(nameOf(lockspace, resource), lmResult) };
}

/** The version to be written is kept by sanlock until the lease is written the next time. */
async function storeVersion(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  lease: ResourceArg,
  version: number,
): Promise<number> {
  const held = lockspace.held.get(resource.name);
  if (version === 0 || held?.block === undefined || held.mode !== Mode.ex) return 0;
  const result = await client.setLvb(lease, encodeValueBlock(held.block, version));
  // An orphan that was taken without a value block has none to be written.
  return result === -Errno.EINVAL ? 0 : result;
}

export async function convertLock(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  mode: Mode,
  { version }: { version: number },
): Promise<GrantAnswer> {
  const plain = leaseOf(lockspace, resource);
  if (plain === undefined) return { result: -1, lmResult: 0 };
  const lease = inMode(plain, mode);
  const stored = await storeVersion(client, lockspace, resource, lease, version);
  const what = `converting ${nameOf(lockspace, resource)}`;
  if (stored < 0) {
    return { result: -Errno.ELMERR, lmResult: stored, message: refusal(what, stored) };
  }
  const lmResult = await lockspace.connection.convert(lease, AcquireFlag.ownerNowait);
  if (lmResult < 0) {
    return { result: convertFailure(lmResult), lmResult, message: refusal(what, lmResult) };
  }
  const held = lockspace.held.get(resource.name);
  if (held !== undefined) held.mode = mode;
  return { result: 0, lmResult };
}

/**
 * A failed release counts as done: sanlock goes on trying to write it, and until then this host alone
 * gets EAGAIN for it. `freeVg` renames the leases of the VG, so that nobody takes them any more.
 */
export async function releaseLock(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
  { version, freeVg }: { version: number; freeVg: boolean },
): Promise<Answer> {
  const plain = leaseOf(lockspace, resource);
  if (plain === undefined) return { result: -1, lmResult: 0 };
  const mode = lockspace.held.get(resource.name)?.mode ?? Mode.ex;
  const lease = inMode(plain, mode);
  const what = `releasing ${nameOf(lockspace, resource)}`;
  const stored = await storeVersion(client, lockspace, resource, lease, version);
  if (stored < 0) {
    return { result: -Errno.ELMERR, lmResult: stored, message: refusal(what, stored) };
  }
  const rename = freeVg && resource.type !== ResourceType.lv;
  const lmResult = rename
    ? await lockspace.connection.release(lease, ReleaseFlag.rename, REMOVED)
    : await lockspace.connection.release(lease, 0);
  if (rename && lmResult < 0) {
    return { result: -Errno.ELMERR, lmResult, message: refusal(what, lmResult) };
  }
  lockspace.held.delete(resource.name);
  return lmResult < 0
    ? { result: 0, lmResult, message: refusal(what, lmResult) }
    : { result: 0, lmResult };
}
