/**
 * A cluster lock manager in memory, for tests of adoption: it keeps lockspaces and locks when the
 * daemon dies, as orphans, and other hosts may hold locks as well.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  GrantAnswer,
  JoinAnswer,
  JoinOptions,
  LeaseStorage,
  LeftBehind,
  LockManager,
  LockRecorder,
  LockspaceSpec,
  Outcome,
  PrepareAnswer,
  ResourceSpec,
} from "../../backends/lock_manager.ts";
import { Errno } from "../../core/errno.ts";
import { LockType, Mode } from "../../core/types.ts";

const ok: Answer = { result: 0 };
const refused = (errno: number): Answer => ({ result: -errno });

/** What the manager knows of a lockspace that this host is in. */
export type Lockspace = Omit<LeftBehind, "locks">;

export class TestManager implements LockManager {
  readonly acrossHosts = true;
  /** Lockspaces that this host is in, by VG name. */
  readonly lockspaces = new Map<string, Lockspace>();
  /** By `VG/LV`, `VG/VGLK`, `VG/GLLK`; of the global lockspace without VG. */
  readonly orphans = new Map<string, Mode>();
  readonly held = new Map<string, Mode>();
  /** Locks of other hosts. */
  readonly elsewhere = new Map<string, Mode>();
  /** Orphaned LV locks that it lists, as `VG/LV`; others it finds when asked. */
  readonly listed = new Set<string>();
  /** What a join of this VG is answered instead. */
  readonly joinAnswers = new Map<string, Outcome<JoinAnswer>>();
  /** What a lock of this resource is answered instead. */
  readonly lockAnswers = new Map<string, GrantAnswer>();
  /** The VG with the global lock (sanlock). */
  globalIn = "";
  readonly leases?: LeaseStorage;
  /** Answers come in a later turn of the event loop. */
  slow = false;

  constructor(readonly type: LockType, readonly recorder: LockRecorder) {
    if (type === LockType.sanlock) this.leases = this.#leases();
  }

  /** On the VGs' disks nothing happens but a look for the global lock. */
  #leases(): LeaseStorage {
    const none = () => refused(Errno.EPROTONOSUPPORT);
    return {
      initLv: none,
      freeLv: none,
      findFreeLock: none,
      renameVg: none,
      setGlobalLock: none,
      hasGlobalLock: ({ vgName }) => this.#answer({ result: vgName === this.globalIn ? 1 : 0 }),
      checkLockArgs: none,
      setLockArgs: none,
    };
  }

  /** The daemon has died. */
  crash(): void {
    for (const [key, mode] of this.held) this.orphans.set(key, mode);
    this.held.clear();
  }

  #answer<T>(answer: T): Outcome<T> {
    if (!this.slow) return answer;
    return new Promise((resolve) => setImmediate(() => resolve(answer)));
  }

  #key = ({ vgName }: LockspaceSpec, { name }: ResourceSpec) => `${vgName}/${name}`;

  isRunning(): boolean {
    return true;
  }
  initVg(): Answer {
    return ok;
  }
  prepare({ vgName }: LockspaceSpec): Outcome<PrepareAnswer> {
    return this.#answer({ result: 0, glEnabled: vgName !== "" && vgName === this.globalIn });
  }

  join(spec: LockspaceSpec, how: JoinOptions): Outcome<JoinAnswer> {
    const { vgName, vgUuid, vgArgs, lockType, hostId } = spec;
    const instead = this.joinAnswers.get(vgName);
    if (instead !== undefined) return instead;
    const there = this.lockspaces.has(vgName);
    if (there && how.adopt === "no" && vgName !== "") return this.#answer(refused(Errno.EEXIST));
    if (!there) this.lockspaces.set(vgName, { vgName, vgUuid, vgArgs, lockType, hostId });
    return this.#answer(there && vgName === "" ? { ...ok, temporary: true } : ok);
  }

  leave({ vgName }: LockspaceSpec): Outcome<Answer> {
    const prefix = `${vgName}/`;
    const stays = [...this.orphans.keys()].some((key) => key.startsWith(prefix));
    if (!stays) this.lockspaces.delete(vgName);
    return this.#answer(stays ? refused(Errno.EBUSY) : ok);
  }

  lock(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { adopt }: { adopt: Adopt },
  ): Outcome<GrantAnswer> {
    const key = this.#key(lockspace, resource);
    const instead = this.lockAnswers.get(key);
    if (instead !== undefined) return this.#answer(instead);
    const orphan = this.orphans.get(key);
    if (orphan !== undefined) {
      if (adopt === "no") return this.#answer(refused(Errno.EORPHAN));
      if (orphan !== mode) return this.#answer(refused(Errno.EADOPT_RETRY));
      this.orphans.delete(key);
    } else if (adopt === "only") {
      return this.#answer(refused(Errno.EADOPT_NONE));
    } else {
      const theirs = this.elsewhere.get(key) ?? Mode.un;
      const fits = theirs === Mode.un || (theirs === Mode.sh && mode === Mode.sh);
      if (!fits) return this.#answer(refused(Errno.EAGAIN));
    }
    this.held.set(key, mode);
    return this.#answer(ok);
  }

  convert(lockspace: LockspaceSpec, resource: ResourceSpec, mode: Mode): Outcome<Answer> {
    this.held.set(this.#key(lockspace, resource), mode);
    return this.#answer(ok);
  }

  unlock(lockspace: LockspaceSpec, resource: ResourceSpec): Outcome<Answer> {
    this.held.delete(this.#key(lockspace, resource));
    return this.#answer(ok);
  }

  otherHosts(): Answer {
    return ok;
  }

  leftBehind(): Outcome<LeftBehind[]> {
    return this.#answer([...this.lockspaces.values()].map((lockspace) => ({
      ...lockspace,
      locks: [...this.orphans].flatMap(([key, mode]) => {
        const [vgName, lvUuid = ""] = key.split("/");
        const isListed = vgName === lockspace.vgName && this.listed.has(key);
        return isListed ? [{ lvUuid, lvArgs: "", mode }] : [];
      }),
    })));
  }

  close(): void {}
}

/** A lockspace as a manager knows it after a daemon that served it has died. */
export function lockspaceOf(vgName: string, lockType: LockType): Lockspace {
  return { vgName, vgUuid: `uuid-of-${vgName}`, vgArgs: "1.0.0:args", lockType, hostId: 1 };
}
