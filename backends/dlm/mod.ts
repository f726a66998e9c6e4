/**
 * The DLM: the kernel's distributed lock manager, with corosync and dlm_controld on every node of a
 * cluster. Each VG is a lockspace; its locks are the kernel's, reached through libdlm.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { type LockspaceOutlook, LockType, Mode } from "../../core/types.ts";
import type {
  Adopt,
  Answer,
  GrantAnswer,
  HostsAnswer,
  InitAnswer,
  InitVgSpec,
  JoinAnswer,
  JoinOptions,
  LeftBehind,
  LockManager,
  LockRecorder,
  LockspaceSpec,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import type { ControlLibrary, DlmLibrary } from "./client.ts";
import { Controller } from "./controller.ts";
import { findBlocker } from "./holders.ts";
import { loadControl, loadDlm } from "./library.ts";
import { leaveLockspace } from "./leave.ts";
import { vgArgsOf } from "./lock_args.ts";
import { convertLock, releaseLock, takeLock } from "./locks.ts";
import { type DlmLockspace, kernelName } from "./lockspace.ts";
import { Monitor } from "./monitor.ts";
import { NodeNames } from "./node_names.ts";
import { findLeftBehind } from "./orphans.ts";
import { LOOK_MS } from "./quorum.ts";
import { lvOfPath, refreshOnOthers } from "./refresh.ts";
import { forgetLock } from "./requests.ts";
import { Join, prepareStart, type Surroundings } from "./start.ts";
import { SystemFiles } from "./system_files.ts";
import { Tools } from "./tools.ts";

const log = logger("dlm");

export interface DlmSettings {
  /** Where LV locks are noted so that a later daemon, also the stock one, can adopt them. */
  recorder?: LockRecorder;
  /** Parts of the world that are replaced, for tests. */
  library?: () => DlmLibrary;
  control?: () => ControlLibrary;
  files?: SystemFiles;
  tools?: Tools;
  controller?: Controller;
  /** Is the LV with this UUID active on this host? Each may be if this is absent. */
  mayBeActive?: (lvUuid: string) => boolean;
  /** Milliseconds between two looks at what changes outside, for tests. */
  lookMs?: number;
}

export class DlmManager implements LockManager {
  readonly type = LockType.dlm;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  readonly #lockspaces = new Map<number, DlmLockspace>();
  readonly #joins = new Map<number, Join>();
  readonly #around: Surroundings & { names: NodeNames };
  readonly #monitor: Monitor;
  /** A dead daemon has left the lockspace of the global lock behind. */
  #globalLeft = false;

  constructor(private readonly settings: DlmSettings = {}) {
    const files = settings.files ?? new SystemFiles();
    const tools = settings.tools ?? new Tools();
    this.#around = {
      library: settings.library ?? loadDlm,
      control: settings.control ?? loadControl,
      files,
      tools,
      controller: settings.controller ?? new Controller(),
      mayBeActive: settings.mayBeActive ?? (() => true),
      names: new NodeNames(() => tools.nodeNames()),
      lookMs: settings.lookMs ?? LOOK_MS,
    };
    this.#monitor = new Monitor(
      this.#around,
      { lost: ({ spec }, why) => this.onLost?.(spec, why) },
      settings.lookMs,
    );
  }

  get recorder(): LockRecorder | undefined {
    return this.settings.recorder;
  }

  #joined({ id, name }: LockspaceSpec): DlmLockspace {
    const lockspace = this.#lockspaces.get(id);
    if (lockspace === undefined) throw new Error(`Lockspace ${name} is not joined`);
    return lockspace;
  }

  /**
   * Nothing in the lockspace of the global lock outlives a command: when somebody has removed it, the
   * next one who wants the lock joins it again.
   */
  async #usable(spec: LockspaceSpec): Promise<DlmLockspace> {
    const lockspace = this.#joined(spec);
    if (spec.vgName !== "" || !lockspace.isGone) return lockspace;
    const again = await new Join(spec, "no", this.#around).run();
    if (again.lockspace === undefined) {
      if (again.answer.message !== undefined) log.warn(again.answer.message);
      return lockspace;
    }
    this.#lockspaces.set(spec.id, again.lockspace);
    this.#monitor.watch(again.lockspace);
    return again.lockspace;
  }

  isRunning(): boolean {
    return this.#around.files.clusterName() !== "";
  }

  initVg({ vgName }: InitVgSpec): InitAnswer {
    const cluster = this.#around.files.clusterName();
    if (cluster === "") {
      const message = `VG ${vgName}: no DLM cluster runs on this host`;
      return { result: -Errno.EMANAGER, message };
    }
    const vgArgs = vgArgsOf(cluster);
    if (vgArgs !== undefined) return { result: 0, vgArgs };
    const message = `VG ${vgName}: the name of the cluster is too long for lock args`;
    return { result: -Errno.EARGS, message };
  }

  prepare(spec: LockspaceSpec): Promise<PrepareAnswer> {
    return prepareStart(spec, this.#around);
  }

  async join(spec: LockspaceSpec, { adopt }: JoinOptions): Promise<JoinAnswer> {
    const join = new Join(spec, adopt, this.#around);
    this.#joins.set(spec.id, join);
    const { answer, lockspace } = await join.run().finally(() => this.#joins.delete(spec.id));
    if (lockspace === undefined) return answer;
    this.#lockspaces.set(spec.id, lockspace);
    this.#monitor.watch(lockspace);
    if (spec.vgName !== "" || !this.#globalLeft) return answer;
    // It is joined for what was left in it, unless a VG is started.
    this.#globalLeft = false;
    return { ...answer, temporary: true };
  }

  cancelJoin({ id }: LockspaceSpec): void {
    this.#joins.get(id)?.cancel();
  }

  async leave(spec: LockspaceSpec, { force }: { force: boolean }): Promise<Answer> {
    const lockspace = this.#joined(spec);
    const answer = await leaveLockspace(lockspace, force, this.#around.tools);
    if (answer.result < 0) return answer;
    if (answer.message !== undefined) log.warn(answer.message);
    this.#monitor.unwatch(lockspace);
    this.#lockspaces.delete(spec.id);
    return answer;
  }

  async lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { adopt: Adopt; persistent?: boolean },
  ): Promise<GrantAnswer> {
    const lockspace = await this.#usable(spec);
    const answer = await takeLock(lockspace, resource, mode, how);
    return await this.#explained(lockspace, resource, mode, answer);
  }

  async convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { version: number },
  ): Promise<GrantAnswer> {
    const lockspace = this.#joined(spec);
    const answer = await convertLock(lockspace, resource, mode, how);
    return await this.#explained(lockspace, resource, mode, answer);
  }

  /** Adds who holds the lock, as far as it can be told. */
  async #explained(
    lockspace: DlmLockspace,
    resource: ResourceSpec,
    mode: Mode,
    answer: GrantAnswer,
  ): Promise<GrantAnswer> {
    if (answer.result !== -Errno.EAGAIN) return answer;
    return {
      ...answer,
      ...await findBlocker(lockspace, resource, mode === Mode.ex, this.#around),
    };
  }

  async unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Promise<Answer> {
    return await releaseLock(this.#joined(spec), resource, how);
  }

  forget(spec: LockspaceSpec, resource: ResourceSpec): void {
    forgetLock(this.#joined(spec), resource);
  }

  otherHosts({ name }: LockspaceSpec): HostsAnswer {
    const members = this.#around.files.members(kernelName(name));
    if (members !== undefined) return { result: Math.max(0, members.length - 1) };
    const message = `who else is in the lockspace ${name} cannot be told: is dlm_controld running?`;
    return { result: -Errno.ECONNREFUSED, message };
  }

  /** Nothing to do for LVs of other lock managers, or where nobody else is. */
  async refreshLv(path: string): Promise<Answer> {
    if (this.#lockspaces.size === 0) return { result: 0 };
    const lv = lvOfPath(path);
    if (lv === undefined) {
      return { result: -Errno.EINVAL, message: "refreshing an LV: its path is not understood" };
    }
    const lockspace = [...this.#lockspaces.values()].find(({ spec }) => spec.vgName === lv.vgName);
    if (lockspace === undefined || this.otherHosts(lockspace.spec).result === 0) {
      return { result: 0 };
    }
    let control: ControlLibrary;
    try {
      control = this.#around.control();
    } catch (error) {
      const message = `refreshing ${lv.vgName}/${lv.lvName}: ${(error as Error).message}`;
      return { result: -Errno.EMANAGER, message };
    }
    return await refreshOnOthers(control, lv.vgName, lv.lvName);
  }

  async leftBehind(): Promise<LeftBehind[]> {
    const left = await findLeftBehind(this.#around);
    this.#globalLeft = left.some(({ vgName }) => vgName === "");
    return left;
  }

  outlook({ id }: LockspaceSpec): LockspaceOutlook | undefined {
    const join = this.#joins.get(id);
    if (join !== undefined) return { joining: join.joining, hosts: [] };
    const lockspace = this.#lockspaces.get(id);
    const hosts = lockspace && this.#monitor.hosts(lockspace);
    return hosts && { hosts };
  }

  /** Lockspaces stay open until the process ends: its locks are then left for the next daemon. */
  close(): void {
    for (const join of this.#joins.values()) join.cancel();
    this.#monitor.stop();
  }
}
