/**
 * What a daemon process has of the simulated DLM: the same interface as the real backend, with the
 * answers that the real one gives.
 *
 * @module
 */
import type {
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
  Outcome,
  PrepareAnswer,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { clusterOf, vgArgsOf } from "../../../../backends/dlm/lock_args.ts";
import { Errno } from "../../../../core/errno.ts";
import { LockType, Mode } from "../../../../core/types.ts";
import { Process } from "../shared.ts";
import type { Cluster } from "./cluster.ts";
import type { DlmHost } from "./host.ts";
import { Join } from "./join.ts";
import { findLeftBehind } from "./left_behind.ts";
import { failedAnswer, type HowToLock, Locks, lostAnswer } from "./locks.ts";
import type { Session } from "./session.ts";

/** A lockspace is left in so many milliseconds. */
const LEAVE_MS = [100, 300] as const;

export class DlmDaemon implements LockManager {
  readonly type = LockType.dlm;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  recorder?: LockRecorder | undefined;
  readonly process: Process;
  readonly #sessions = new Map<number, Session>();
  readonly #joins = new Map<number, Join>();
  readonly #locks: Locks;
  #globalLeft = false;

  constructor(readonly cluster: Cluster, readonly host: DlmHost) {
    this.process = new Process(host);
    this.#locks = new Locks(() => {
      const { valueBlockLost } = cluster.faults;
      return valueBlockLost !== 0 && cluster.around.chance.perMille(valueBlockLost);
    }, () => cluster.now());
  }

  #joined({ id, name }: LockspaceSpec): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`Lockspace ${name} is not joined`);
    return session;
  }

  isRunning(): boolean {
    return this.host.managed;
  }

  initVg({ vgName }: InitVgSpec): InitAnswer {
    const vgArgs = vgArgsOf(this.cluster.clusterName);
    if (this.host.managed && vgArgs !== undefined) return { result: 0, vgArgs };
    return { result: -Errno.EMANAGER, message: `VG ${vgName}: no DLM cluster runs on this host` };
  }

  /**
   * A process whose request is in the kernel's hands cannot end, and holds the pid file: until then no
   * other daemon gets anywhere. The same goes for leftBehind().
   */
  prepare(spec: LockspaceSpec): Outcome<PrepareAnswer> {
    if (this.process.othersSettled) return this.#check(spec);
    return this.process.answer<PrepareAnswer>((settle) => {
      this.process.whenOthersSettled(() => settle(this.#check(spec)));
    });
  }

  #check({ vgName, vgArgs }: LockspaceSpec): PrepareAnswer {
    const refuse = (error: number, why: string) => ({ result: -error, message: why });
    const wanted = vgName === "" ? "" : clusterOf(vgArgs);
    if (wanted === undefined) return refuse(Errno.EARGS, "the lock args are not understood");
    if (!this.host.managed) return refuse(Errno.EMANAGER, "dlm_controld does not run");
    if (vgName !== "" && wanted !== this.cluster.clusterName) {
      return refuse(Errno.EARGS, `VG ${vgName} belongs to the cluster "${wanted}"`);
    }
    return { result: 0 };
  }

  join(spec: LockspaceSpec, { adopt }: JoinOptions): Promise<JoinAnswer> {
    const fault = this.process.fault();
    return this.process.answer<JoinAnswer>((settle) => {
      const join = new Join(this, spec, adopt, (answer, session) => {
        this.#joins.delete(spec.id);
        if (session !== undefined) {
          if (spec.vgName === "") this.#clearGlobal(session);
          this.#sessions.set(spec.id, session);
        }
        const isLeft = session !== undefined && spec.vgName === "" && this.#globalLeft;
        if (isLeft) this.#globalLeft = false;
        settle(isLeft ? { ...answer, temporary: true } : answer);
      });
      this.#joins.set(spec.id, join);
      join.begin(fault);
    });
  }

  /** A global lock that a dead daemon held would keep every host from changes. */
  #clearGlobal(session: Session): void {
    for (const mode of [Mode.ex, Mode.sh]) {
      for (let orphan; (orphan = session.space.orphan("GLLK", session.member, mode));) {
        orphan.resource.remove(orphan);
      }
    }
  }

  cancelJoin({ id }: LockspaceSpec): void {
    this.#joins.get(id)?.cancel();
  }

  leave(spec: LockspaceSpec, { force }: { freeVg: boolean; force: boolean }): Outcome<Answer> {
    const session = this.#joined(spec);
    const { space, member, lost } = session;
    if (lost !== "") {
      this.#sessions.delete(spec.id);
      return { result: 0, message: lost };
    }
    if (!force && space.hasOrphans(member)) {
      const message = `VG ${spec.vgName}: locks of a daemon that died are still held in it`;
      return { result: -Errno.EBUSY, message };
    }
    const { around } = this.cluster;
    return this.process.call(
      () => {
        this.#sessions.delete(spec.id);
        if (session.lost !== "") return { result: 0, message: session.lost };
        space.remove(member, this.cluster.now(), () => false);
        this.cluster.look();
        return { result: 0 };
      },
      around.chance.between(...LEAVE_MS),
      session,
    );
  }

  /** @param work is done unless the request is to fail, or the lockspace is lost. */
  #request<T extends Answer>(
    session: Session,
    name: string,
    work: () => T | Answer,
  ): Outcome<T | Answer> {
    if (session.lost !== "") return lostAnswer(session);
    const fault = this.process.fault();
    return this.process.call(
      () => {
        if (session.lost !== "") return lostAnswer(session);
        return fault === "" ? work() : failedAnswer(name);
      },
      0,
      session,
    );
  }

  lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: HowToLock,
  ): Outcome<GrantAnswer> {
    const session = this.#joined(spec);
    return this.#request<GrantAnswer>(
      session,
      resource.name,
      () => this.#locks.take(session, resource, mode, how),
    );
  }

  convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { version }: { version: number },
  ): Outcome<GrantAnswer> {
    const session = this.#joined(spec);
    return this.#request<GrantAnswer>(
      session,
      resource.name,
      () => this.#locks.convert(session, resource, mode, version),
    );
  }

  /** What is lost cannot be released, and nobody counts on it. */
  unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Outcome<Answer> {
    const session = this.#joined(spec);
    const fault = this.process.fault();
    const lost = () => ({ result: 0, message: session.lost });
    if (session.lost !== "") return lost();
    return this.process.call<Answer>(
      () => {
        if (session.lost !== "") return lost();
        if (fault !== "") return failedAnswer(resource.name);
        return this.#locks.release(session, resource, how);
      },
      0,
      session,
    );
  }

  forget(spec: LockspaceSpec, { name }: ResourceSpec): void {
    const session = this.#joined(spec);
    if (session.lost === "") session.pass(() => this.#locks.forget(session, name));
  }

  otherHosts({ name }: LockspaceSpec): HostsAnswer {
    const space = this.cluster.space(name);
    if (!space.members.has(this.host.number)) {
      return { result: -Errno.ECONNREFUSED, message: "who else is in the lockspace is not known" };
    }
    // Those that failed are members until the others have agreed about them.
    return { result: space.members.size - 1 + space.recoveries.length };
  }

  refreshLv(): Answer {
    return { result: 0 };
  }

  leftBehind(): Promise<LeftBehind[]> {
    return this.process.answer<LeftBehind[]>((settle) => {
      this.process.whenOthersSettled(() => {
        const left = findLeftBehind(this.cluster, this.host);
        this.#globalLeft = left.some(({ vgName }) => vgName === "");
        settle(left);
      });
    });
  }

  /** dlm_controld of this host is gone: nothing is answered any more, and others may take its locks. */
  loseAll(why: string): void {
    for (const join of [...this.#joins.values()]) join.fail(-Errno.EMANAGER, why);
    for (const session of this.#sessions.values()) session.lose(why);
  }

  /** This process is dead: what it had in mode NL is gone. */
  died(): void {
    this.process.dead = true;
    for (const session of this.#sessions.values()) {
      for (const name of session.held.keys()) {
        session.space.resource(name).leftBy(session, this.cluster.now());
      }
      session.space.forgetSession(session);
    }
  }

  close(): void {
    for (const join of [...this.#joins.values()]) join.cancel();
  }
}
