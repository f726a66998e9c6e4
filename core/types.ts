/**
 * The vocabulary that the lock table, the backends and both front ends share: operations, lock modes,
 * requests, replies and the rows of a state listing. Types and constant tables only; the numbers are
 * those of LVM's native protocol, so that they can travel unchanged from the wire to the table.
 *
 * Text is held as *byte strings*: one JavaScript character (0 to 255) a byte, as it came over the
 * wire. Names in LVM are ASCII; anything else passes through unharmed. `""` means absent.
 *
 * @module
 */

/** Operation numbers, echoed as `op` in native replies. */
export const Op = {
  hello: 1,
  quit: 2,
  init: 3,
  free: 4,
  start: 5,
  stop: 6,
  lock: 7,
  update: 8,
  close: 9,
  enable: 10,
  disable: 11,
  startWait: 12,
  stopAll: 13,
  dumpInfo: 14,
  dumpLog: 15,
  renameBefore: 16,
  renameFinal: 17,
  runningLm: 18,
  findFreeLock: 19,
  killVg: 20,
  dropVg: 21,
  busy: 22,
  queryLock: 23,
  refreshLv: 24,
  vgStatus: 25,
  setLockArgsBefore: 28,
  setLockArgsFinal: 29,
  setRemoteLvLock: 30,
} as const;
export type Op = typeof Op[keyof typeof Op];

/** Lock modes; bigger is stricter. `iv` is "no valid mode given", `nl` is never granted. */
export const Mode = { iv: -1, un: 0, nl: 1, sh: 2, ex: 3 } as const;
export type Mode = typeof Mode[keyof typeof Mode];

/** What is locked: the global lock, a VG or an LV. `none` for requests about neither. */
export const ResourceType = { none: 0, gl: 1, vg: 2, lv: 3 } as const;
export type ResourceType = typeof ResourceType[keyof typeof ResourceType];

/** Lock manager types as LVM numbers them; `unknown` is a word LVM does not know. */
export const LockType = { unknown: -2, none: 0, dlm: 2, sanlock: 3, idm: 4 } as const;
export type LockType = typeof LockType[keyof typeof LockType];

/** Option bits of a request, as the stock daemon shows them in its state dump. */
export const OptionFlag = {
  persistent: 0x1,
  unlockCancel: 0x4,
  nextVersion: 0x8,
  wait: 0x10,
  force: 0x20,
  exDisable: 0x40,
  enable: 0x80,
  disable: 0x100,
  adopt: 0x10000,
  adoptOnly: 0x200000,
  nodelay: 0x400000,
  repair: 0x800000,
} as const;

/** Result flag bits of a reply; the native front end prints them as `result_flags`. */
export const ResultFlag = {
  noLockspaces: 0x1,
  noGlLs: 0x2,
  noLm: 0x4,
  dupGlLs: 0x8,
  warnGlRemoved: 0x10,
  shExists: 0x20,
  hostsUnknown: 0x40,
} as const;

/** One request to the lock table, from either front end. */
export interface Request {
  op: Op;
  resourceType: ResourceType;
  mode: Mode;
  /** {@link OptionFlag} bits. */
  flags: number;
  lockType: LockType;
  vgName: string;
  vgUuid: string;
  vgArgs: string;
  lvName: string;
  lvUuid: string;
  lvArgs: string;
  /** `prev_lv_args` or `set_lock_args`. */
  otherArgs: string;
  /** `path` of refresh_lv. Stays in the host; the table never sees it. */
  path: string;
  /** PV paths of idm requests. Stay in the host. */
  pvPaths: string[];
  /** Unsigned 32 bit: the VG's metadata sequence number. */
  version: number;
  /** 0 (unset) or a sanlock host id, 1 to 2000. */
  hostId: number;
  /** How often the daemon tries again after a conflict with another host, 1 s apart. */
  maxRetries: number;
  /** Lease size of a new sanlock VG in MiB; 0 is the default. */
  alignMb: number;
  /** Size of the internal lvmlock LV in bytes, for find_free_lock; 0 is unknown. */
  lvSizeBytes: number;
}

/** A request with nothing set, to be spread over. `maxRetries` is the stock daemon's default. */
export const emptyRequest: Readonly<Request> = Object.freeze({
  op: Op.hello,
  resourceType: ResourceType.none,
  mode: Mode.iv,
  flags: 0,
  lockType: LockType.none,
  vgName: "",
  vgUuid: "",
  vgArgs: "",
  lvName: "",
  lvUuid: "",
  lvArgs: "",
  otherArgs: "",
  path: "",
  pvPaths: [],
  version: 0,
  hostId: 0,
  maxRetries: 4,
  alignMb: 0,
  lvSizeBytes: 0,
});

/** The host that holds what was asked for, as far as the lock manager can tell. */
export interface Owner {
  hostId: number;
  generation: number;
  timestamp: number;
  /** FREE, LIVE, FAIL, DEAD, UNKNOWN, ERROR or `""`. */
  state: string;
  name: string;
  /** About when it took what it holds, milliseconds since the epoch; absent when not known. */
  heldSinceMs?: number;
}

/** A host in a lockspace, as the lock manager of this host sees it. */
export interface LockspaceHost {
  hostId: number;
  name: string;
  generation: number;
  /** LIVE, FAIL, DEAD, FREE or UNKNOWN. */
  state: string;
  self: boolean;
  /** Milliseconds since the epoch of its last sign of life; 0 when not known. */
  lastSeenMs: number;
}

/** What a lock manager can tell people about a lockspace, beyond what is in the table. */
export interface LockspaceOutlook {
  /** While it is being joined: what is waited for. */
  joining?: {
    note: string;
    sinceMs: number;
    /** Longest time the join may take, milliseconds; 0 when not known. */
    longestMs: number;
  };
  /** The lease by which this host proves that it is alive (sanlock). */
  lease?: {
    state: "healthy" | "late" | "lost";
    renewedMs: number;
    /** When this host's locks in it are lost unless the lease is renewed before. */
    expiresMs: number;
    note: string;
  };
  hosts: LockspaceHost[];
}

/** What a lock manager runs when the leases of a VG are lost. */
export interface KillCommand {
  /** Full path of a program. */
  path: string;
  /** Its arguments for a VG, separated by spaces. */
  args(vgName: string): string;
}

/** The table's answer to one request. */
export interface Reply {
  op: Op;
  /** 0 or positive on success, else a negative errno (see errno.ts). */
  result: number;
  /** Raw value of the lock manager's last call for this request, 0 if none. */
  lmResult: number;
  lockType: LockType;
  /** {@link ResultFlag} bits. */
  flags: number;
  /** A persistent lock was made that was not there before: if this is not delivered, it must go. */
  created?: boolean;
  /** Current mode of the resource (queryLock only, else `iv`). */
  mode: Mode;
  /** Lock args made by init_vg, init_lv or setlockargs; `""` if none. */
  vgArgs: string;
  lvArgs: string;
  /** `hostId` 0 when the owner is not known. */
  owner: Owner;
  /** This host's generation in the lockspace; 0 when the lock manager has none. */
  lsGeneration: number;
  /** Generation found on disk before the join; 0 when there was none. */
  prevGeneration: number;
  /** What the lock manager had to say about a refusal. */
  message?: string;
}

/** Number the host gives a client: 1 to 0xFFFFFFFE. 0 stands for "nobody" (persistent locks). */
export type ClientId = number;
/** Number the host gives a request; unique among those not answered yet. */
export type RequestId = number;

/** One row of a state listing, in the stock daemon's order: each lockspace, then what is in it. */
export type InspectRow = LockspaceRow | ResourceRow | LockRow | ActionRow;

export interface LockspaceRow {
  kind: "lockspace";
  name: string;
  vgName: string;
  vgUuid: string;
  vgArgs: string;
  lockType: LockType;
  hostId: number;
  generation: number;
  state: LockspaceState;
  createFail: boolean;
  createDone: boolean;
  threadWork: boolean;
  threadStop: boolean;
  threadDone: boolean;
  killed: boolean;
  dropped: boolean;
  glEnabled: boolean;
  /** Host clock of the start request, milliseconds since the epoch. */
  sinceMs: number;
}

/** Life of a lockspace; `failed` is a join that did not work and is being cleared away. */
export const lockspaceStates = ["starting", "running", "stopping", "failed"] as const;
export type LockspaceState = typeof lockspaceStates[number];

export interface ResourceRow {
  kind: "resource";
  /** GLLK, VGLK or the LV's UUID. */
  name: string;
  type: ResourceType;
  mode: Mode;
  shCount: number;
  version: number;
}

/** A held lock. Belongs to the resource row before it. */
export interface LockRow {
  kind: "lock";
  mode: Mode;
  /** Version to be written when the lock is released (set by vg_update). */
  version: number;
  persistent: boolean;
  /** 0 for persistent locks. */
  clientId: ClientId;
  /** Client that was granted the lock, also for persistent ones; it may be gone. 0 after a restart. */
  takenBy: ClientId;
  sinceMs: number;
}

/** A request that waits. Belongs to the resource row before it, or to the lockspace (`resource` false). */
export interface ActionRow {
  kind: "action";
  resource: boolean;
  clientId: ClientId;
  requestId: RequestId;
  flags: number;
  version: number;
  op: Op;
  type: ResourceType;
  mode: Mode;
  lockType: LockType;
  result: number;
  lmResult: number;
  owner: Owner;
  sinceMs: number;
}

/** Layouts of `--info`; the lvmlockctl of one release cannot read that of the other. */
export const infoLayouts = ["2.03.16", "2.03.40"] as const;
export type InfoLayout = typeof infoLayouts[number];
