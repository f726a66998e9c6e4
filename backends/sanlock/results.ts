/**
 * What sanlock answers, in the numbers of lvmlockd.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { ResourceType } from "../../core/types.ts";
import type { Adopt } from "../lock_manager.ts";
import { codeMeaning, codeName, SystemError } from "./codes.ts";
import { Sanlk } from "./constants.ts";

/** Text of unknown origin, for a message of one line. */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

/** What a refusal of sanlock means, for people. */
export function refusal(what: string, result: number): string {
  return `${shown(what)}: ${codeName(result)} (${result}): ${codeMeaning(result)}`;
}

/** Another host has the lock, or was faster. Passing when a shared lock was wanted. */
const heldElsewhere: readonly number[] = [
  -Errno.EAGAIN,
  Sanlk.acquireIdlive,
  Sanlk.acquireOwned,
  Sanlk.acquireOther,
  Sanlk.acquireShretry,
  Sanlk.cawMiscompare,
  // A ballot lost: sanlock tries again itself, so these are rare.
  Sanlk.dblockLver,
  Sanlk.dblockMbal,
];

/** Another host has the lock and is failing; it is not passing yet. */
const heldByFailed: readonly number[] = [Sanlk.acquireOwnedRetry, Sanlk.acquireOwnedNoTimeout];

const ioErrors: readonly number[] = [
  -Errno.EIO,
  Sanlk.leaderRead,
  Sanlk.leaderWrite,
  Sanlk.dblockRead,
  Sanlk.dblockWrite,
  // The lockspace is gone or is being given up because its storage failed.
  -Errno.ENOSPC,
];

/** What is on disk is not what should be. */
const corrupt: readonly number[] = [
  Sanlk.leaderDiff,
  Sanlk.leaderMagic,
  Sanlk.leaderVersion,
  Sanlk.leaderLockspace,
  Sanlk.leaderResource,
  Sanlk.leaderChecksum,
  Sanlk.dblockChecksum,
  Sanlk.wrongCaw,
];

export function isCorrupt(result: number): boolean {
  return corrupt.includes(result);
}

/** Corrupt, and not just the good lease of somebody else, which may be held. */
export function isDamaged(result: number): boolean {
  return isCorrupt(result) && result !== Sanlk.leaderResource && result !== Sanlk.leaderLockspace;
}

/** Whether the lock is held on another host: who it is can be found out. */
export function isHeldElsewhere(result: number): boolean {
  return heldElsewhere.includes(result) || heldByFailed.includes(result);
}

/**
 * The connection to the sanlock daemon may be lost. Only a question of its own tells for sure: -1
 * also says that there is no such lock.
 */
export function mayBeDisconnected(result: number): boolean {
  return [-1, -32, -104, -111].includes(result);
}

/**
 * A call that needs nothing but the sanlock daemon failed for want of something in this process or on
 * this host: that tells nothing about sanlock.
 */
export function isOwnShortage(result: number): boolean {
  const { EINTR, EAGAIN, ENOMEM, ENFILE, EMFILE, ENOBUFS } = SystemError;
  return ([EINTR, EAGAIN, ENOMEM, ENFILE, EMFILE, ENOBUFS] as number[]).includes(result);
}

/** The answer to an acquire that failed. */
export function acquireFailure(
  result: number,
  asked: { type: ResourceType; shared: boolean; adopt: Adopt },
): { result: number; retry?: boolean } {
  const { type, shared, adopt } = asked;
  if (result === -Errno.EMSGSIZE && type === ResourceType.lv) return { result };
  if (result === -Errno.EUCLEAN) {
    return { result: adopt === "no" ? -Errno.EORPHAN : -Errno.EADOPT_RETRY };
  }
  if (result === -Errno.ENOENT && adopt === "only") return { result: -Errno.EADOPT_NONE };
  if (heldElsewhere.includes(result)) return { result: -Errno.EAGAIN, retry: shared };
  if (heldByFailed.includes(result)) return { result: -Errno.EAGAIN };
  if (result === Sanlk.aioTimeout) return { result: -Errno.EIOTIMEOUT };
  if (ioErrors.includes(result)) return { result: -Errno.ELOCKIO };
  if (isCorrupt(result)) return { result: -Errno.ELOCKREPAIR };
  return { result: -Errno.ELMERR };
}

/** The answer to a conversion that failed; the old mode is still held. */
export function convertFailure(result: number): number {
  return isHeldElsewhere(result) || result === Sanlk.aioTimeout ? -Errno.EAGAIN : -Errno.ELMERR;
}
