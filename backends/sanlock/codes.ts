/**
 * The results of sanlock's library in words: the name of each, as its headers have it, and one
 * sentence that tells an operator what is the case.
 *
 * @module
 */
import { Sanlk, type SanlkName } from "./constants.ts";

/** The errnos that sanlock answers with, negated. */
export const SystemError = {
  EPERM: -1,
  ENOENT: -2,
  ESRCH: -3,
  EINTR: -4,
  EIO: -5,
  EBADF: -9,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  EBUSY: -16,
  EEXIST: -17,
  ENODEV: -19,
  EINVAL: -22,
  ENFILE: -23,
  EMFILE: -24,
  ENOSPC: -28,
  EPIPE: -32,
  EOVERFLOW: -75,
  EMSGSIZE: -90,
  ECONNRESET: -104,
  ENOBUFS: -105,
  ETIMEDOUT: -110,
  ECONNREFUSED: -111,
  EALREADY: -114,
  EINPROGRESS: -115,
  EUCLEAN: -117,
} as const;

type SystemErrorName = keyof typeof SystemError;

const systemMeanings: Record<SystemErrorName, string> = {
  EPERM: "The connection to the sanlock daemon was lost, or it holds no such lock, " +
    "or the flags do not fit together",
  ENOENT: "The sanlock daemon is not running, or the lockspace, lock, orphan or device " +
    "that was named does not exist",
  ESRCH: "The process is not registered with the sanlock daemon",
  EINTR: "The call was interrupted by a signal",
  EIO: "Reading or writing the leases failed",
  EBADF: "The connection to the sanlock daemon is closed",
  EAGAIN: "Other hosts hold the lock shared, or this host is still releasing it, " +
    "or there is no answer yet because the lockspace was just joined or is being left",
  ENOMEM: "Out of memory",
  EACCES: "The sanlock daemon, or this process, has no permission for the device or socket",
  EBUSY: "The lockspace is in use, or is being left or recovered",
  EEXIST: "The lockspace is joined already, or another connection of this host holds the lock",
  ENODEV: "The sanlock daemon cannot open the device",
  EINVAL: "The arguments do not fit each other, the leases on disk or what is joined already",
  ENFILE: "The system has too many open files",
  EMFILE: "This process has too many open files",
  ENOSPC: "The lockspace is not joined or has failed; when writing: the device ends before here",
  EPIPE: "The sanlock daemon has ended",
  EOVERFLOW: "sanlock answered with a number that is too large to be right",
  EMSGSIZE: "The lease lies beyond the end of the device",
  ECONNRESET: "The sanlock daemon ended during the call",
  ENOBUFS: "This host has no memory left for connections",
  ETIMEDOUT: "The sanlock daemon did not answer in time",
  ECONNREFUSED: "The sanlock daemon is not running: its socket is left over",
  EALREADY: "The lock has this mode already",
  EINPROGRESS: "The lockspace is being joined or left already",
  EUCLEAN: "The lock is an orphan of this host in a mode or state that does not allow this",
};

const sanlockMeanings: Record<SanlkName, string> = {
  error: "The call failed; a join was ended by a leave",
  aioTimeout: "The disk did not answer within the I/O timeout",
  wdError: "The watchdog daemon wdmd is not running or refuses",
  dblockRead: "Reading the ballot of a lease failed",
  dblockWrite: "Writing the ballot of a lease failed",
  dblockLver: "Another host won the ballot for the lease with a later version",
  dblockMbal: "Another host won the ballot for the lease with a higher number",
  dblockChecksum: "A ballot block of the lease is damaged",
  leaderRead: "Reading the lease failed",
  leaderWrite: "Writing the lease failed",
  leaderDiff: "The copies of the lease differ",
  leaderMagic: "There is no lease at this place: it was never formatted, or has been cleared",
  leaderVersion: "The lease has a format that this sanlock does not know",
  leaderSectorsize: "The lease was formatted for another sector size",
  leaderLockspace: "The lease belongs to a lockspace of another name",
  leaderResource: "The lease belongs to a resource of another name",
  leaderNumhosts: "The lease was formatted for another number of hosts",
  leaderChecksum: "The lease is damaged: its checksum is wrong",
  addlsSizes: "The sector size and lease size of the lockspace do not fit each other",
  addlsInvalidHostid: "The host id is larger than this lockspace allows",
  acquireLver: "The lease has another version than was asked for",
  acquireLockspace: "The lock's lockspace is not the one that is joined",
  acquireIddisk: "The owner's host lease could not be found on the disk",
  acquireIdlive: "Another host that is alive holds the lock",
  acquireOwned: "Another host took the lock at the same time",
  acquireOther: "Another host won the lock at the same time",
  acquireShretry: "Too many hosts tried for the shared lock at the same time",
  acquireOwnedRetry: "A host that has failed holds the lock until it is known to be dead",
  acquireOwnedNoTimeout:
    "A host that has failed holds the lock, and this lockspace never takes locks of failed hosts",
  releaseLver: "The lease was changed on disk while this host held it: its version differs",
  releaseOwner: "The lease was changed on disk while this host held it: its owner differs",
  renewOwner: "Another host has taken this host's lease in the lockspace",
  renewDiff: "This host's lease in the lockspace was changed on disk by somebody else",
  hostidBusy: "Another host uses this host id",
  requestMagic: "The place for requests to the lock's owner was never formatted",
  requestVersion: "The place for requests to the lock's owner has an unknown format",
  requestOld: "A newer request to the lock's owner exists",
  requestLver: "The request to the lock's owner is for another version of the lease",
  rindexMagic: "There is no resource index at this place",
  rindexVersion: "The resource index has a format that this sanlock does not know",
  rindexLockspace: "The resource index belongs to another lockspace",
  rindexOffset: "The resource index does not cover this place",
  rindexDiff: "The resource index does not agree with the leases",
  wrongCaw: "The lease uses atomic writes and the request does not, or the other way round",
  cawMiscompare: "Another host changed the lease at the same time",
};

/** `acquireIdlive` → `SANLK_ACQUIRE_IDLIVE`. */
const headerName = (name: string) =>
  `SANLK_${name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}`;

const known = new Map<number, { name: string; meaning: string }>();
for (const [name, result] of Object.entries(SystemError) as [SystemErrorName, number][]) {
  known.set(result, { name, meaning: systemMeanings[name] });
}
for (const [name, result] of Object.entries(Sanlk) as [SanlkName, number][]) {
  known.set(result, { name: headerName(name), meaning: sanlockMeanings[name] });
}

/**
 * The name of a result: `codeName(-243)` is `SANLK_ACQUIRE_IDLIVE`, 0 or more is `OK`. One without
 * a name here is `SANLK_` or `E` with its number.
 */
export function codeName(result: number): string {
  if (result >= 0) return "OK";
  return known.get(result)?.name ?? (result <= -200 ? `SANLK_${-result}` : `E${-result}`);
}

/** What a result of sanlock means, as a sentence without its full stop. */
export function codeMeaning(result: number): string {
  if (result >= 0) return "Done";
  const meaning = known.get(result)?.meaning;
  return meaning ?? `sanlock answered ${result}, which this version does not know`;
}
