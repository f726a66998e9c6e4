/**
 * Leases that are made, given to LVs, taken back and renamed.
 *
 * @module
 */
import type {
  Answer,
  InitAnswer,
  InitLvSpec,
  InitVgSpec,
  LeaseStorage,
  LockspaceSpec,
  Outcome,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import { formatVgArgs, isLvmName, parseVgArgs } from "../../../../backends/sanlock/lock_args.ts";
import { DISABLED_GL, ENABLED_GL, UNUSED } from "../../../../backends/sanlock/lockspace.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode } from "../../../../core/types.ts";
import type { SanlockDaemon } from "./daemon.ts";
import { argsOf, type Disk, othersOf } from "./disk.ts";

const ok: Answer = Object.freeze({ result: 0, lmResult: 0 });
const ENODEV = -19;
const raw = (result: number, message = `sanlock answered ${result}`): Answer => ({
  result,
  lmResult: result,
  message,
});
const TOO_NEW = "changing the lock args of a VG needs sanlock 4.2 or later";

/** The daemon's calls about leases. Each is one I/O: with a disk that is cut off it fails late. */
export class Leases implements LeaseStorage {
  constructor(private readonly daemon: SanlockDaemon) {}

  /** @param change what is to be done on the disk; it may be done though the answer is an error. */
  #io<T extends Answer>(disk: Disk | undefined, change: (disk: Disk) => T): Outcome<T | Answer> {
    const { process, host } = this.daemon;
    const fault = process.fault();
    return process.call<T | Answer>(() => {
      if (!host.managed) return { result: -Errno.EMANAGER, message: "sanlock does not run" };
      if (disk === undefined) return raw(ENODEV);
      if (!host.reaches || fault === "failed") return raw(Sanlk.aioTimeout);
      const answer = change(disk);
      // The last write of several was lost, or only its answer.
      return fault === "doneButFailed" && answer.result >= 0 ? raw(Sanlk.leaderWrite) : answer;
    }, this.daemon.ioMs);
  }

  initVg(spec: InitVgSpec): Outcome<InitAnswer> {
    const { vgName, vgArgs, lockspaceName, enableGl } = spec;
    if (vgArgs === "" || vgArgs === "none" || spec.otherArgs !== "") {
      return { result: -Errno.EARGS, message: "the lock args do not fit" };
    }
    if (!isLvmName(vgName) || !isLvmName(vgArgs)) return { result: -Errno.EINVAL };
    const disk = this.daemon.cluster.device(vgName);
    return this.#io<InitAnswer>(disk, () => {
      this.daemon.cluster.format(vgName, lockspaceName, enableGl);
      const made = formatVgArgs({ leaseLv: vgArgs, options: [] });
      return { result: 0, vgArgs: made, glEnabled: enableGl };
    });
  }

  initLv(spec: InitLvSpec): Outcome<InitAnswer> {
    const session = this.daemon.session(spec.lockspaceId);
    if (session === undefined && parseVgArgs(spec.vgArgs) === undefined) {
      return { result: -Errno.EARGS, message: `VG ${spec.vgName}: the lock args do not fit` };
    }
    const disk = session?.disk ?? this.daemon.cluster.disks.get(spec.vgName);
    return this.#io<InitAnswer>(disk, ({ lvs }) => {
      for (let slot = session?.freeSlot ?? 0; slot < lvs.length; slot++) {
        const lease = lvs[slot]!;
        if (lease.name === spec.lvUuid) return { result: -Errno.EEXIST };
        if (lease.name !== UNUSED) continue;
        disk!.rewrite(lease, spec.lvUuid);
        return { result: 0, lvArgs: argsOf(slot) };
      }
      return { result: -Errno.EMSGSIZE, message: "no free lease" };
    });
  }

  freeLv(spec: LockspaceSpec, { name, lockArgs }: ResourceSpec): Outcome<Answer> {
    const { disk } = this.daemon.joined(spec);
    return this.#io(disk, () => {
      const lease = disk.byArgs.get(lockArgs);
      if (lease === undefined) return { result: -1, message: "the lock args name no LV lease" };
      if (lease.name !== UNUSED && lease.name !== name) {
        return { result: -1, message: `the lease belongs to ${lease.name}` };
      }
      disk.rewrite(lease, UNUSED);
      return ok;
    });
  }

  findFreeLock(spec: LockspaceSpec): Outcome<Answer> {
    const session = this.daemon.joined(spec);
    const { disk } = session;
    return this.#io(disk, () => {
      let slot = disk.freeSlot(session.freeSlot);
      if (slot < 0) slot = disk.freeSlot(0);
      session.freeSlot = slot < 0 ? disk.lvs.length : slot;
      return slot < 0 ? { result: -Errno.EMSGSIZE, message: "no free lease" } : ok;
    });
  }

  renameVg(lockspaceName: string, vgName: string, vgArgs: string): Outcome<Answer> {
    const disk = this.daemon.cluster.disks.get(vgName);
    if (parseVgArgs(vgArgs) === undefined || disk === undefined) {
      return { result: -Errno.EARGS, message: `VG ${vgName}: there are no leases to rename` };
    }
    return this.#io(disk, () => {
      disk.lockspace = lockspaceName;
      for (const lease of disk.leases()) disk.rewrite(lease, lease.name);
      disk.deltas.clear();
      return ok;
    });
  }

  setGlobalLock(
    spec: LockspaceSpec,
    enabled: boolean,
    exclusively: boolean,
  ): Outcome<Answer> {
    const session = this.daemon.joined(spec);
    const { disk } = session;
    if (exclusively && !enabled) return this.#io(disk, () => this.#retire(spec));
    return this.#io(disk, () => {
      disk.rewrite(disk.gl, enabled ? ENABLED_GL : DISABLED_GL);
      return ok;
    });
  }

  /** Disabled by whoever holds it exclusively, so that no other host does. */
  #retire(spec: LockspaceSpec): Answer {
    const { disk, membership } = this.daemon.joined(spec);
    if (membership === undefined || membership.phase !== "joined") return raw(-Errno.ENOSPC);
    if (disk.gl.name !== ENABLED_GL) return raw(Sanlk.leaderResource);
    if (membership.tokens.has(ENABLED_GL)) return raw(-Errno.EEXIST);
    const [other] = othersOf(disk, disk.gl, membership.hostId, this.daemon.cluster.now());
    if (other !== undefined) {
      return raw(other.mode === Mode.ex ? Sanlk.acquireIdlive : -Errno.EAGAIN);
    }
    disk.gl.name = DISABLED_GL;
    disk.gl.owners = [];
    return ok;
  }

  hasGlobalLock(spec: LockspaceSpec): Outcome<Answer> {
    const { disk } = this.daemon.joined(spec);
    return this.#io(disk, () => {
      const result = disk.gl.name === ENABLED_GL ? 1 : 0;
      return { result, lmResult: result };
    });
  }

  checkLockArgs(): Answer {
    return { result: -Errno.EPROTONOSUPPORT, message: TOO_NEW };
  }

  setLockArgs(): InitAnswer {
    return { result: -Errno.EINVAL, message: TOO_NEW };
  }
}
