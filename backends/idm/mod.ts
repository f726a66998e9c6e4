/**
 * IDM: mutexes inside the drives themselves, which hosts reach through Seagate Propeller's daemon
 * seagate_ilm. A lock is held on most of the drives that it is about, by a lease that the daemon
 * renews; each VG is a connection to it.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import {
  type KillCommand,
  type LockspaceOutlook,
  LockType,
  type Mode,
  ResourceType,
} from "../../core/types.ts";
import type {
  Adopt,
  Answer,
  GrantAnswer,
  HostsAnswer,
  InitAnswer,
  InitVgSpec,
  JoinAnswer,
  LeftBehind,
  LockManager,
  LockRecorder,
  LockspaceSpec,
  PrepareAnswer,
  ResourceSpec,
} from "../lock_manager.ts";
import { type Clock, systemClock } from "./change_stamps.ts";
import type { IlmLibrary } from "./client.ts";
import { ANSWER_MS } from "./constants.ts";
import type { DriveRecords } from "./drive_records.ts";
import { countOthers, outlookOf } from "./hosts.ts";
import { loadIlm } from "./library.ts";
import { convertLock, releaseLock, takeLock } from "./locks.ts";
import { IdmLockspace, lockspaceTitle } from "./lockspace.ts";
import {
  connectInTime,
  connectLockspace,
  NOT_RUNNING,
  prepareStart,
  type Surroundings,
} from "./start.ts";

export { DriveRecords } from "./drive_records.ts";

const log = logger("idm");

export interface IdmSettings {
  /** What makes the LVs of a VG safe when its locks are lost. */
  killCommand: KillCommand;
  /** Where LV locks are noted so that a later daemon can take them again. */
  recorder?: LockRecorder;
  /** The drives of these locks, and of the VGs. */
  records?: DriveRecords;
  /** Where sysfs is; `/sys` if absent. */
  sysfs?: string;
  /** Parts of the world that are replaced, for tests. */
  library?: () => IlmLibrary;
  clock?: Clock;
  answerMs?: number;
}

export class IdmManager implements LockManager {
  readonly type = LockType.idm;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  readonly #lockspaces = new Map<number, IdmLockspace>();
  readonly #joins = new Map<number, NonNullable<LockspaceOutlook["joining"]>>();
  readonly #around: Surroundings;
  #probe: Promise<boolean> | undefined;

  constructor(private readonly settings: IdmSettings) {
    const { killCommand, library = loadIlm, sysfs = "/sys", answerMs = ANSWER_MS } = settings;
    this.#around = { killCommand, library, sysfs, answerMs };
  }

  get recorder(): LockRecorder | undefined {
    return this.settings.recorder;
  }

  #joined({ id, name }: LockspaceSpec): IdmLockspace {
    const lockspace = this.#lockspaces.get(id);
    if (lockspace === undefined) throw new Error(`Lockspace ${name} is not joined`);
    return lockspace;
  }

  isRunning(): Promise<boolean> {
    return this.#probe ??= this.#isThere().finally(() => this.#probe = undefined);
  }

  async #isThere(): Promise<boolean> {
    for (const { connection } of this.#lockspaces.values()) {
      if (connection !== undefined && !connection.ended) return true;
    }
    let library: IlmLibrary;
    try {
      library = this.#around.library();
    } catch {
      return false;
    }
    const connection = await connectInTime(library, this.#around.answerMs);
    if (typeof connection === "number") return false;
    void connection.close(); // which takes a second
    return true;
  }

  /** There are no lock args; LVM itself puts those of LVs. */
  async initVg({ vgName }: InitVgSpec): Promise<InitAnswer> {
    const why = await this.#troubleWithManager();
    return why === ""
      ? { result: 0 }
      : { result: -Errno.EMANAGER, message: `VG ${vgName}: ${why}` };
  }

  /** Why the manager cannot be used; `""` if it can. */
  async #troubleWithManager(): Promise<string> {
    try {
      this.#around.library();
    } catch (error) {
      return (error as Error).message;
    }
    return await this.isRunning() ? "" : NOT_RUNNING;
  }

  prepare(spec: LockspaceSpec): Promise<PrepareAnswer> {
    return prepareStart(spec, this.#around, () => this.#troubleWithManager());
  }

  async join(spec: LockspaceSpec): Promise<JoinAnswer> {
    const lockspace = new IdmLockspace({
      spec,
      clock: this.settings.clock ?? systemClock,
      connect: () => connectLockspace(spec, this.#around),
      onLost: (why) => this.onLost?.(spec, why),
    });
    const note = "connecting to the IDM lock manager";
    this.#joins.set(spec.id, { note, sinceMs: Date.now(), longestMs: 0 });
    const connected = await lockspace.connect();
    this.#joins.delete(spec.id);
    if ("result" in connected) {
      return { ...connected, message: `${lockspaceTitle(spec)}: ${connected.message}` };
    }
    this.#lockspaces.set(spec.id, lockspace);
    if (spec.vgName !== "") this.#record((records) => records.joined(spec));
    return { result: 0 };
  }

  leave(spec: LockspaceSpec): Answer {
    this.#joined(spec).leave();
    this.#lockspaces.delete(spec.id);
    if (spec.vgName !== "") this.#record((records) => records.left(spec.vgName));
    return { result: 0 };
  }

  /**
   * The manager gives up all mutexes of a process that ends, so there is nothing to adopt: what the
   * last daemon had is taken again, where its drives are known.
   */
  async lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { adopt }: { adopt: Adopt },
  ): Promise<GrantAnswer> {
    const isLv = resource.type === ResourceType.lv;
    if (adopt === "only" && (!isLv || !resource.pvPaths?.length)) {
      return { result: -Errno.EADOPT_NONE };
    }
    const answer = await takeLock(this.#joined(spec), resource, mode);
    if (answer.result >= 0) {
      this.#recordLv(spec, resource, mode);
      // They are others if the VG was started again.
      if (resource.type === ResourceType.vg) this.#record((records) => records.joined(spec));
    }
    if (answer.result !== -Errno.EAGAIN || adopt !== "only") return answer;
    return { ...answer, message: `${answer.message}. ${TAKEN_MEANWHILE}` };
  }

  async convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: { version: number },
  ): Promise<GrantAnswer> {
    const answer = await convertLock(this.#joined(spec), resource, mode, how);
    if (answer.result >= 0) this.#recordLv(spec, resource, mode);
    return answer;
  }

  async unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number },
  ): Promise<Answer> {
    const answer = await releaseLock(this.#joined(spec), resource, how);
    if (resource.type === ResourceType.lv) {
      this.#record((records) => records.released(spec.vgName, resource.name));
    }
    return answer;
  }

  #recordLv(spec: LockspaceSpec, { type, name, lockArgs }: ResourceSpec, mode: Mode): void {
    const held = this.#lockspaces.get(spec.id)?.held.get(name);
    if (type !== ResourceType.lv || held === undefined) return;
    const lock = { lvUuid: name, lvArgs: lockArgs, mode, pvPaths: [...held.wish.drives] };
    this.#record((records) => records.locked(spec.vgName, lock));
  }

  /** The lock itself is good: it only could not be taken again after this daemon. */
  #record(write: (records: DriveRecords) => void): void {
    const { records } = this.settings;
    try {
      if (records !== undefined) write(records);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(`Drives of locks cannot be noted for a later daemon: ${why}`);
    }
  }

  otherHosts(spec: LockspaceSpec): Promise<HostsAnswer> {
    return countOthers(this.#joined(spec));
  }

  leftBehind(known: ReadonlySet<string>): LeftBehind[] {
    return this.settings.records?.leftBehind(known) ?? [];
  }

  outlook({ id }: LockspaceSpec): LockspaceOutlook | undefined {
    const joining = this.#joins.get(id);
    if (joining !== undefined) return { joining, hosts: [] };
    const lockspace = this.#lockspaces.get(id);
    return lockspace && outlookOf(lockspace);
  }

  /** Connections end with the process, and with them all mutexes. */
  close(): void {
    for (const { connection } of this.#lockspaces.values()) connection?.stopWatching();
    this.settings.records?.close();
  }
}

const TAKEN_MEANWHILE = "If the LV is active here, two hosts use it: deactivate it on this one " +
  "(lvchange -an), and look whether its data are sound";
