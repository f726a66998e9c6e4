/**
 * The numbers of sanlock's public headers (sanlock.h, sanlock_admin.h, sanlock_resource.h,
 * sanlock_rv.h) that this backend uses, under the headers' own names in camel case:
 * `SANLK_ACQUIRE_OWNER_NOWAIT` is `AcquireFlag.ownerNowait`. Three result codes are of later
 * versions and marked so.
 *
 * @module
 */

/** Bytes of a lockspace's or resource's name: `SANLK_NAME_LEN`. No NUL has to follow them. */
export const NAME_LENGTH = 48;

/** Bytes of the field for a path, its closing NUL included: `SANLK_PATH_LEN`. */
export const PATH_LENGTH = 1024;

/**
 * Bytes of the kill program's path, and of its arguments, that arrive at the daemon: the library
 * cuts both to two less than the 128 of `SANLK_HELPER_PATH_LEN` and `SANLK_HELPER_ARGS_LEN`.
 */
export const HELPER_TEXT_LENGTH = 126;

/** Most host ids a lockspace can have: with 512 byte sectors, or 4 KiB ones and 8 MiB leases. */
export const MAX_HOST_ID = 2000;

/**
 * Bits of a resource's flags (`SANLK_RES_*`). Of sizes, give one alignment and one sector size or
 * neither: 512/1M, 4K/1M, 4K/2M, 4K/4M and 4K/8M exist.
 */
export const Res = {
  /** The lock is, or is to be, shared. */
  shared: 0x4,
  /** The lock outlives its connection, as an orphan of this host. */
  persistent: 0x8,
  align1m: 0x10,
  align2m: 0x20,
  align4m: 0x40,
  align8m: 0x80,
  sector512: 0x100,
  sector4k: 0x200,
} as const;

/** Bits of a lockspace's flags (`SANLK_LSF_*`). The sizes have the values of {@link Res}. */
export const Lsf = {
  /** Output only: it is being joined. */
  add: 0x1,
  /** Output only: it is being left. */
  rem: 0x2,
  align1m: 0x10,
  align2m: 0x20,
  align4m: 0x40,
  align8m: 0x80,
  sector512: 0x100,
  sector4k: 0x200,
} as const;

/** Flags of acquire (`SANLK_ACQUIRE_*`). `ownerNowait` is convert's flag as well. */
export const AcquireFlag = {
  /**
   * The lock has a value block. It lies in sector 2002 of the lease: never with 4 KiB sectors and
   * leases smaller than 8 MiB, where that is in another lease.
   */
  lvb: 0x1,
  /** Takes the orphan if there is one, else a new lock. */
  orphan: 0x2,
  /**
   * Takes the orphan if there is one, else answers -2. sanlock 3.8.5 keeps to that only together
   * with `lvb`; without it a new lock is taken.
   */
  orphanOnly: 0x4,
  /** Answers `acquireOwnedRetry` where it would wait for a failed host to be dead. */
  ownerNowait: 0x8,
} as const;

/**
 * Flags of release (`SANLK_REL_*`). `SANLK_REL_ALL` (0x1) is left out so that nobody uses it: with
 * more than eight locks it makes the sanlock daemon write past an array, and the library then sends
 * structures that the daemon does not read.
 */
export const ReleaseFlag = {
  /** The lease gets the name of a second resource as it is released. */
  rename: 0x2,
  /** Releases an orphan of this host; the empty name means all orphans of the lockspace. */
  orphan: 0x4,
} as const;

/** Flags of restrict (`SANLK_RESTRICT_*`). */
export const RestrictFlag = {
  /** The daemon may not end this process with SIGKILL; it sends SIGTERM instead. */
  sigkill: 0x2,
} as const;

/** Flags of rem_lockspace (`SANLK_REM_*`). */
export const RemFlag = {
  /** Answers -16 at once if the lockspace is in use, instead of killing its users and waiting. */
  unused: 0x2,
} as const;

/** Commands of set_config (`SANLK_CONFIG_*`): whether a lockspace counts as in use. */
export const ConfigCommand = {
  used: 0x1,
  unused: 0x2,
  /** It is in use while there are orphans. */
  usedByOrphans: 0x4,
  unusedByOrphans: 0x8,
} as const;

/** State of a host as another sees it (`SANLK_HOST_*`). 0 means that the call does not tell. */
export const HostState = {
  /** Joined ourselves too recently to know. */
  unknown: 1,
  /** It has left. */
  free: 2,
  live: 3,
  /** No renewal seen for 8 I/O timeouts: it may be ending the users of its leases. */
  fail: 4,
  /** Failed, and 60 seconds later its watchdog has fired: its locks may be taken. */
  dead: 5,
} as const;

/** The part of `sanlk_host.flags` that is the state: `SANLK_HOST_MASK`. */
export const HOST_STATE_MASK = 0xf;

/** sanlock's own results (`SANLK_*` of sanlock_rv.h). Other negative results are errnos. */
export const Sanlk = {
  error: -201,
  aioTimeout: -202,
  wdError: -203,
  dblockRead: -210,
  dblockWrite: -211,
  dblockLver: -212,
  dblockMbal: -213,
  dblockChecksum: -214,
  leaderRead: -220,
  leaderWrite: -221,
  leaderDiff: -222,
  leaderMagic: -223,
  leaderVersion: -224,
  leaderSectorsize: -225,
  leaderLockspace: -226,
  leaderResource: -227,
  leaderNumhosts: -228,
  leaderChecksum: -229,
  addlsSizes: -230,
  addlsInvalidHostid: -231,
  acquireLver: -240,
  acquireLockspace: -241,
  acquireIddisk: -242,
  acquireIdlive: -243,
  acquireOwned: -244,
  acquireOther: -245,
  acquireShretry: -246,
  acquireOwnedRetry: -247,
  /** Of sanlock 4 and later. */
  acquireOwnedNoTimeout: -249,
  releaseLver: -250,
  releaseOwner: -251,
  renewOwner: -260,
  renewDiff: -261,
  hostidBusy: -262,
  requestMagic: -270,
  requestVersion: -271,
  requestOld: -272,
  requestLver: -273,
  rindexMagic: -274,
  rindexVersion: -275,
  rindexLockspace: -276,
  rindexOffset: -277,
  rindexDiff: -278,
  /** Of sanlock 5 and later. */
  wrongCaw: -281,
  /** Of sanlock 5 and later. */
  cawMiscompare: -285,
} as const;

export type SanlkName = keyof typeof Sanlk;
