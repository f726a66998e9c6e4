/**
 * What a daemon process has of the simulated IDM: the same interface as the real backend, with the
 * answers that the real one gives.
 *
 * @module
 */
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
  Outcome,
  PrepareAnswer,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { isUuid } from "../../../../backends/idm/lock_id.ts";
import { troubleWith } from "../../../../backends/idm/locks.ts";
import { Errno } from "../../../../core/errno.ts";
import { LockType, type Mode, ResourceType } from "../../../../core/types.ts";
import { Process } from "../shared.ts";
import type { Cluster } from "./cluster.ts";
import { Connection } from "./connection.ts";
import type { Identity } from "./drives.ts";
import type { IdmHost } from "./host.ts";
import { Locks } from "./locks.ts";
import { Session } from "./session.ts";

/** Until the manager has given up what a process held that died. */
const CLEANUP_MS = 2200;

export class IdmDaemon implements LockManager {
  readonly type = LockType.idm;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  recorder?: LockRecorder | undefined;
  readonly process: Process;
  /** Another one after the manager was started again. */
  #identity: Identity;
  readonly #sessions = new Map<number, Session>();
  readonly #locks: Locks;

  constructor(readonly cluster: Cluster, readonly host: IdmHost) {
    this.process = new Process(host);
    this.#identity = { host: host.number, life: host.managerLife };
    this.#locks = new Locks(cluster, this.process, (session) => this.#connect(session));
  }

  #joined({ id, name }: LockspaceSpec): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`Lockspace ${name} is not joined`);
    return session;
  }

  /** The connection of a lockspace, made anew if it has ended; undefined if the manager is gone. */
  #connect(session: Session): Connection | undefined {
    if (session.connection !== undefined || !this.host.managed) return session.connection;
    const { number, managerLife } = this.host;
    if (this.#identity.life !== managerLife) this.#identity = { host: number, life: managerLife };
    const { name, vgName } = session.spec;
    const connection = new Connection(this.cluster, this.host, this.#identity, name, () => {
      if (vgName !== "") this.cluster.around.killCommand?.(number, vgName);
    });
    session.connection = connection;
    this.host.connections.add(connection);
    return connection;
  }

  isRunning(): boolean {
    return this.host.managed;
  }

  initVg({ vgName }: InitVgSpec): InitAnswer {
    if (this.host.managed) return { result: 0 };
    return { result: -Errno.EMANAGER, message: `VG ${vgName}: the IDM lock manager does not run` };
  }

  prepare({ vgName, vgUuid, pvPaths }: LockspaceSpec): PrepareAnswer {
    const refuse = (error: number, why: string) => ({ result: -error, message: why });
    if (!this.host.managed) return refuse(Errno.EMANAGER, "the IDM lock manager does not run");
    if (vgName === "") return { result: 0 };
    if (!isUuid(vgUuid)) return refuse(Errno.EARGS, "the VG's UUID is missing or none of LVM's");
    const trouble = troubleWith(pvPaths);
    return trouble === "" ? { result: 0 } : refuse(Errno.EINVAL, trouble);
  }

  join(spec: LockspaceSpec): Outcome<JoinAnswer> {
    const fault = this.process.fault();
    return this.process.call(() => {
      const { clock } = this.cluster.around;
      const session = new Session(spec, this, () => BigInt(clock.now()) * 1000n);
      if (fault !== "" || this.#connect(session) === undefined) {
        const message = `${spec.name}: the IDM lock manager does not answer`;
        return { result: -Errno.EMANAGER, message };
      }
      this.#sessions.set(spec.id, session);
      if (spec.vgName !== "") this.host.records.joined(spec);
      return { result: 0 };
    });
  }

  leave(spec: LockspaceSpec): Answer {
    const session = this.#joined(spec);
    if (session.connection !== undefined) this.host.connections.delete(session.connection);
    session.leave();
    this.#sessions.delete(spec.id);
    if (spec.vgName !== "") this.host.records.left(spec.vgName);
    return { result: 0 };
  }

  /** There is nothing to adopt: what the last daemon had is taken again, where its drives are known. */
  lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { adopt }: { adopt: Adopt },
  ): Outcome<GrantAnswer> {
    const isLv = resource.type === ResourceType.lv;
    if (adopt === "only" && (!isLv || !resource.pvPaths?.length)) {
      return { result: -Errno.EADOPT_NONE };
    }
    const session = this.#joined(spec);
    return this.#locks.take(session, resource, mode, (answer) => {
      if (answer.result < 0 || this.process.dead) return;
      this.#record(session, resource);
      if (resource.type === ResourceType.vg) this.host.records.joined(spec);
    });
  }

  #record({ spec, held }: Session, { type, name, lockArgs }: ResourceSpec): void {
    const own = held.get(name);
    if (type !== ResourceType.lv || own === undefined) return;
    const lock = { lvUuid: name, lvArgs: lockArgs, mode: own.mode, pvPaths: [...own.paths] };
    this.host.records.locked(spec.vgName, lock);
  }

  convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { version }: { version: number },
  ): Outcome<GrantAnswer> {
    const session = this.#joined(spec);
    return this.#locks.convert(session, resource, mode, version, (answer) => {
      if (answer.result >= 0 && !this.process.dead) this.#record(session, resource);
    });
  }

  unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    { version }: { version: number },
  ): Outcome<Answer> {
    const session = this.#joined(spec);
    return this.#locks.release(session, resource, version, () => {
      if (resource.type !== ResourceType.lv || this.process.dead) return;
      this.host.records.released(spec.vgName, resource.name);
    });
  }

  otherHosts(spec: LockspaceSpec): Outcome<HostsAnswer> {
    return this.process.call(() => this.#locks.countOthers(this.#joined(spec)));
  }

  leftBehind(known: ReadonlySet<string>): LeftBehind[] {
    return this.host.records.leftBehind(known);
  }

  /** The manager of this host is gone. */
  managerGone(): void {
    for (const session of this.#sessions.values()) {
      if (session.connection !== undefined) session.connectionEnded(session.connection);
    }
  }

  /** This process is dead: the manager sees its connections end, and gives up what they held. */
  died(): void {
    this.process.dead = true;
    for (const { connection } of this.#sessions.values()) {
      if (connection === undefined) continue;
      this.host.later(this.cluster.around.chance.below(CLEANUP_MS), () => {
        this.host.connections.delete(connection);
        connection.close(true);
      });
    }
  }

  close(): void {}
}
