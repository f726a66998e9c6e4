/**
 * Taking, converting and releasing one lock. Every lock begins and ends in mode NL; the modes in use
 * are PR (shared) and EX. Nothing is ever queued behind another node: who waits is the lock table.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { Mode, ResourceType } from "../../core/types.ts";
import type { Adopt, Answer, GrantAnswer, ResourceSpec } from "../lock_manager.ts";
import { DlmMode, LockFlag, StatusFlag } from "./constants.ts";
import { adoptLock, clearTheWay, dropTwin } from "./inherited.ts";
import { type DlmLockspace, type Held, lockName, LOST, usesValueBlock } from "./lockspace.ts";
import { refusal, request, TO_NL } from "./requests.ts";
import { changedBlock, decodeBlock, noBlock } from "./value_block.ts";

/** Refused at once if another node is in the way; outlives this process if it is granted. */
const CONVERSION = LockFlag.convert | LockFlag.noqueue | LockFlag.persistent;

const modeOf = (mode: Mode): DlmMode => mode === Mode.ex ? DlmMode.ex : DlmMode.pr;

interface HowToLock {
  adopt: Adopt;
  persistent?: boolean;
}

export async function takeLock(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  mode: Mode,
  how: HowToLock,
): Promise<GrantAnswer> {
  const what = `taking ${lockName(lockspace.spec, resource)}`;
  const { adopt } = how;
  if (lockspace.held.get(resource.name)?.inherited) {
    return await takeInherited(lockspace, resource, mode, how);
  }
  if (adopt !== "no") {
    const adopted = await adoptLock(lockspace, resource, modeOf(mode));
    if (adopted === 0) return { result: 0 };
    if (adopted !== Errno.ENOENT) return adoptRefusal(lockspace, what, adopted);
    if (adopt === "only") return { result: -Errno.EADOPT_NONE, lmResult: -adopted };
  }
  const held = lockspace.use(resource.name) ?? await begin(lockspace, resource, what);
  if ("result" in held) return held;
  const status = await raise(lockspace, held, modeOf(mode));
  if (status === Errno.EAGAIN && await clearTheWay(lockspace, resource)) {
    return await takeLock(lockspace, resource, mode, { ...how, adopt: "no" });
  }
  if (status !== 0) return refusal(lockspace, what, status);
  held.mode = modeOf(mode);
  if (held.state.value === undefined) return { result: 0 };
  const lost = (held.state.flags & StatusFlag.valNotValid) !== 0;
  held.block = lost ? noBlock() : Uint8Array.from(held.state.value);
  return { result: 0, valueBlock: decodeBlock(held.block) };
}

/**
 * Where the LV is active only who activates it gets the lock, since anybody else would release it
 * again.
 */
async function takeInherited(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  mode: Mode,
  { adopt, persistent }: HowToLock,
): Promise<GrantAnswer> {
  if (adopt === "no" && !persistent && lockspace.mayBeActive(resource.name)) {
    const message = `${lockName(lockspace.spec, resource)} is held by a daemon of this host that ` +
      "died, and the LV is active: activate it again, which takes the lock over, or deactivate it";
    return { result: -Errno.EORPHAN, message };
  }
  const held = lockspace.held.get(resource.name)!;
  if (adopt !== "no" && held.mode !== modeOf(mode)) return { result: -Errno.EADOPT_RETRY };
  held.inherited = false;
  if (held.mode === modeOf(mode)) return { result: 0, inherited: true };
  return { ...await convertLock(lockspace, resource, mode, { version: 0 }), inherited: true };
}

/** The lock that is kept from now on, in mode NL. */
async function begin(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  what: string,
): Promise<Held | Answer> {
  const withValue = usesValueBlock(resource);
  const state = lockspace.handle.makeLock(resource.name, withValue);
  const held: Held = { state, mode: DlmMode.nl, block: undefined };
  const flags = LockFlag.expedite | (withValue ? LockFlag.valblk : 0);
  const status = await request(lockspace, held, DlmMode.nl, flags);
  if (status === 0) {
    lockspace.held.set(resource.name, held);
    return held;
  }
  const answer = refusal(lockspace, what, status);
  if (status !== LOST) lockspace.handle.drop(state);
  return { ...answer, result: -Errno.ELMERR };
}

/** From NL up, with the value block as it is now. */
async function raise(
  lockspace: DlmLockspace,
  held: Held,
  mode: DlmMode,
): Promise<number | typeof LOST> {
  const flags = CONVERSION | (held.state.value === undefined ? 0 : LockFlag.valblk);
  if (lockspace.slowExclusive && mode === DlmMode.ex && held.state.value !== undefined) {
    const shared = await request(lockspace, held, DlmMode.pr, flags);
    if (shared !== 0) return shared;
    const status = await request(lockspace, held, mode, flags);
    if (status !== 0 && status !== LOST) await request(lockspace, held, DlmMode.nl, TO_NL);
    return status;
  }
  return await request(lockspace, held, mode, flags);
}

function adoptRefusal(
  lockspace: DlmLockspace,
  what: string,
  error: number | typeof LOST,
): GrantAnswer {
  if (error === Errno.EAGAIN) return { result: -Errno.EADOPT_RETRY, lmResult: -error };
  return { ...refusal(lockspace, what, error), result: -Errno.ELMERR };
}

const notHeld: Answer = { result: -Errno.ELMERR, message: "the DLM lock is not held" };

export async function convertLock(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  mode: Mode,
  { version }: { version: number },
): Promise<GrantAnswer> {
  const held = lockspace.held.get(resource.name);
  if (held === undefined) return notHeld;
  let flags = CONVERSION;
  let block: Uint8Array | undefined;
  if (held.state.value !== undefined && held.mode === DlmMode.ex && version !== 0) {
    block = changedBlock(held.block ?? noBlock(), { version, removed: false });
    held.state.value.set(block);
    flags |= LockFlag.valblk;
  }
  const status = await request(lockspace, held, modeOf(mode), flags);
  if (status === Errno.EAGAIN && await dropTwin(lockspace, resource)) {
    return await convertLock(lockspace, resource, mode, { version });
  }
  if (status !== 0) {
    return refusal(lockspace, `converting ${lockName(lockspace.spec, resource)}`, status);
  }
  held.mode = modeOf(mode);
  if (block !== undefined) held.block = block;
  return { result: 0 };
}

export async function releaseLock(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  { version, freeVg }: { version: number; freeVg: boolean },
): Promise<Answer> {
  // What is lost cannot be released, and nobody counts on it.
  if (lockspace.lost !== "") return { result: 0, message: lockspace.lost };
  const held = lockspace.held.get(resource.name);
  if (held === undefined) return notHeld;
  const removed = freeVg && resource.type === ResourceType.vg;
  let flags = TO_NL;
  if (writesBlock(resource, held, version, removed)) {
    // Always all of it: requests without a value block have left zeros in the library's copy.
    held.state.value!.set(changedBlock(held.block ?? noBlock(), { version, removed }));
    flags |= LockFlag.valblk;
  }
  const status = await request(lockspace, held, DlmMode.nl, flags);
  if (status === LOST) return { result: 0, message: lockspace.lost };
  if (status !== 0) {
    return refusal(lockspace, `releasing ${lockName(lockspace.spec, resource)}`, status);
  }
  held.mode = DlmMode.nl;
  held.block = undefined;
  return { result: 0 };
}

/**
 * An exclusive lock writes its block even when nothing in it changes, so that one that was lost is
 * valid again. Where it is not known what is in it, as in adopted locks, it is left as it is, unless
 * a VG has something to say: the version of the global lock would only be a guess.
 */
function writesBlock(
  { type }: ResourceSpec,
  { state, mode, block }: Held,
  version: number,
  removed: boolean,
): boolean {
  if (state.value === undefined || mode !== DlmMode.ex) return false;
  return block !== undefined || (type === ResourceType.vg && (version !== 0 || removed));
}
