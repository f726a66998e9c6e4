/**
 * The interface between the daemon and a lock manager. A backend is the only code that knows its
 * lock manager; it never decides who gets a lock among the clients of this host (the lock table
 * does), it only asks the manager on behalf of this host as a whole.
 *
 * Every call answers with a result, 0 or a negative errno, and never throws for a refusal. A backend
 * that has its answer at once returns it directly; one that must wait returns a promise. The host
 * makes at most one call at a time for one resource, and none for a lockspace before its join is
 * done or after its leave has begun. Calls for different resources may overlap: a backend whose
 * manager takes one call at a time queues them itself.
 *
 * @module
 */
import type { LockspaceOutlook, LockType, Mode, Owner, ResourceType } from "../core/types.ts";

export type Outcome<T> = T | Promise<T>;

/** What every call answers. `lmResult` is the manager's raw value, shown to people only. */
export interface Answer {
  /** 0 (or positive where the call says so), else a negative errno of core/errno.ts. */
  result: number;
  lmResult?: number;
  /** Why it was refused and what to do, for the log and for people. */
  message?: string;
}

/** The 8 bytes that travel with a GL or VG lock. All zero when never written or lost. */
export interface ValueBlock {
  /** Format, 0x0101 once written. */
  version: number;
  /** Bit 0x1: the VG was removed. */
  flags: number;
  /** Unsigned 32 bit: VG metadata sequence number, or GL release counter. */
  resourceVersion: number;
}

export interface GrantAnswer extends Answer {
  /** Only where the resource uses one (GL and VG). */
  valueBlock?: ValueBlock;
  /** With EAGAIN: the conflict is passing, an LV lock too should be tried again. */
  retry?: boolean;
  /** With EAGAIN: the manager itself has tried for seconds; nothing is tried again. */
  persevered?: boolean;
  owner?: Owner;
  /** A dead daemon of this host held it, for an LV that may be active: it is not new. */
  inherited?: boolean;
  /** sanlock, when it was asked: is this VG's global lock lease still enabled? */
  glEnabled?: boolean;
}

/** A lockspace as the table describes it. */
export interface LockspaceSpec {
  /** The table's number for it; names may be reused, numbers are not. */
  id: number;
  name: string;
  vgName: string;
  vgUuid: string;
  vgArgs: string;
  lockType: LockType;
  hostId: number;
  pvPaths: string[];
}

/** A resource, described anew on every call: an LV may come back with other lock args. */
export interface ResourceSpec {
  type: ResourceType;
  /** GLLK, VGLK or the LV's UUID. */
  name: string;
  lockArgs: string;
  /** idm: PVs of an LV that is to be locked, a copy. Absent in calls that need none. */
  pvPaths?: string[];
}

/** How an orphan of a dead daemon is treated: ignored, accepted, or required. */
export type Adopt = "no" | "ok" | "only";

export interface JoinOptions {
  adopt: Adopt;
  nodelay: boolean;
  repair: boolean;
}
export interface JoinAnswer extends Answer {
  hostId?: number;
  generation?: number;
  /** sanlock: this VG's global lock lease is enabled. */
  glEnabled?: boolean;
  /** The global lockspace is to be left as soon as nobody uses it and no VG of its type runs. */
  temporary?: boolean;
}
export interface PrepareAnswer extends Answer {
  prevGeneration?: number;
  glEnabled?: boolean;
}
export interface InitAnswer extends Answer {
  vgArgs?: string;
  lvArgs?: string;
  glEnabled?: boolean;
}
export interface HostsAnswer extends Answer {
  /** `result` is the number of other hosts in the lockspace, or a negative errno. */
  hostsUnknown?: boolean;
}

export interface InitVgSpec {
  lockspaceName: string;
  vgName: string;
  vgArgs: string;
  otherArgs: string;
  alignMb: number;
  /** sanlock: create the global lock lease enabled. */
  enableGl: boolean;
}
export interface InitLvSpec {
  lockspaceName: string;
  vgName: string;
  vgArgs: string;
  lvName: string;
  lvUuid: string;
  prevLvArgs: string;
  /** The running lockspace's number, 0 if it is not running. */
  lockspaceId: number;
}

/** How a persistent lock is recorded so that a restarted daemon finds it: `un` removes it. */
export interface LockRecord {
  resource: ResourceSpec;
  mode: Mode;
}

/** What a backend kept for a restart: a lockspace with its persistent locks. */
export interface SavedLockspace {
  spec: Omit<LockspaceSpec, "id">;
  locks: LockRecord[];
}

/** A lockspace that this host is in although no daemon here serves it: a daemon died. */
export interface LeftBehind {
  lockType: LockType;
  /** `""` for the lockspace of the global lock. */
  vgName: string;
  /** `""` when the manager does not know it. */
  vgUuid: string;
  /** `""` when the manager does not know them. */
  vgArgs: string;
  /** 0 where the manager has no host ids. */
  hostId: number;
  /** idm: the VG's PVs. */
  pvPaths?: string[];
  /** Orphaned LV locks, as far as the manager can list them; idm: with their PVs. */
  locks: { lvUuid: string; lvArgs: string; mode: Mode; pvPaths?: string[] }[];
}

/**
 * A store of what must outlive the daemon process. Calls are synchronous and may be batched by
 * `begin` and `commit`; a reply that depends on them is sent only after `commit` returned.
 */
export interface LockRecorder {
  begin(): void;
  commit(): void;
  recordLockspace(spec: LockspaceSpec, joined: boolean): void;
  recordLock(lockspaceName: string, record: LockRecord): void;
  saved(): SavedLockspace[];
}

/** Leases that live on the VG's own disks (sanlock). */
export interface LeaseStorage {
  initLv(spec: InitLvSpec): Outcome<InitAnswer>;
  freeLv(lockspace: LockspaceSpec, resource: ResourceSpec): Outcome<Answer>;
  findFreeLock(lockspace: LockspaceSpec, lvSizeBytes: number): Outcome<Answer>;
  renameVg(lockspaceName: string, vgName: string, vgArgs: string): Outcome<Answer>;
  /** `exclusively`: disables it only when no other host holds it. */
  setGlobalLock(
    lockspace: LockspaceSpec,
    enabled: boolean,
    exclusively: boolean,
  ): Outcome<Answer>;
  /** `result` 1 if this lockspace holds an enabled global lock lease, 0 if not. */
  hasGlobalLock(lockspace: LockspaceSpec): Outcome<Answer>;
  /** May the VG's lock args be changed so? 0, or EPROTONOSUPPORT. */
  checkLockArgs(lockspace: LockspaceSpec, setLockArgs: string): Outcome<Answer>;
  setLockArgs(vgName: string, vgArgs: string, setLockArgs: string): Outcome<InitAnswer>;
}

export interface LockManager {
  readonly type: LockType;
  /** Its locks hold on other hosts too. */
  readonly acrossHosts: boolean;
  /** Where persistent locks are kept, for managers that do not keep them themselves. */
  readonly recorder?: LockRecorder | undefined;
  readonly leases?: LeaseStorage;
  isRunning(): Outcome<boolean>;
  /** Whether a VG with these lock args was made by this manager, where several share a lock type. */
  recognises?(vgArgs: string): boolean;
  initVg(spec: InitVgSpec): Outcome<InitAnswer>;
  /** Quick check of arguments and manager, answered to the start request. */
  prepare(lockspace: LockspaceSpec, how: JoinOptions): Outcome<PrepareAnswer>;
  /** The slow part of a start; may take minutes. */
  join(lockspace: LockspaceSpec, how: JoinOptions): Outcome<JoinAnswer>;
  /** The join that is under way is not wanted any more; it may answer sooner then. */
  cancelJoin?(lockspace: LockspaceSpec): void;
  /**
   * `force`: the VG's locks are dropped whatever still counts on them. EBUSY if the manager keeps
   * the lockspace because of locks that this daemon does not hold.
   */
  leave(lockspace: LockspaceSpec, how: { freeVg: boolean; force: boolean }): Outcome<Answer>;
  lock(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    /**
     * `checkGl`: several VGs have an enabled global lock; look again whether this one has.
     * `persistent`: it outlives its client, because an LV is being activated.
     */
    how: { adopt: Adopt; repair: boolean; checkGl: boolean; persistent?: boolean },
  ): Outcome<GrantAnswer>;
  /** `version` 0 leaves the value block as it is. */
  convert(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { version: number },
  ): Outcome<GrantAnswer>;
  unlock(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Outcome<Answer>;
  /** Drops the manager's own state of a resource that holds no lock. */
  forget?(lockspace: LockspaceSpec, resource: ResourceSpec): void;
  otherHosts(lockspace: LockspaceSpec): Outcome<HostsAnswer>;
  /** dlm: refreshes an LV that is active on other nodes; absent means nothing to do. */
  refreshLv?(path: string, lvUuid: string): Outcome<Answer>;
  /** Own host id, generation, timestamp and state in a lockspace. */
  status?(lockspace: LockspaceSpec): Outcome<Answer & { owner?: Owner }>;
  /**
   * Lockspaces of a daemon that died. Asked once, before anything is served.
   * @param known UUIDs of LVs whose locks are known already and need not be looked for.
   */
  leftBehind?(known: ReadonlySet<string>): Outcome<LeftBehind[]>;
  /** The manager is ending processes whose locks it takes away: its SIGTERM is no order to end. */
  isTakingLocks?(): Outcome<boolean>;
  /** What people want to know of a lockspace; from memory. */
  outlook?(lockspace: LockspaceSpec): LockspaceOutlook | undefined;
  /**
   * Called when the locks of a lockspace are lost; set by the host. `commandRuns`: the manager
   * itself runs the kill command.
   */
  onLost?:
    | ((lockspace: LockspaceSpec, why: string, commandRuns?: boolean) => void)
    | undefined;
  /** Releases what the backend itself holds open (files, libraries). */
  close(): void;
}
