/**
 * What a daemon process has of the simulated sanlock: the same interface as the real backend, with
 * the answers that the real one gives.
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
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import { ENABLED_GL } from "../../../../backends/sanlock/lockspace.ts";
import { Errno } from "../../../../core/errno.ts";
import { LockType, type Mode } from "../../../../core/types.ts";
import { noValueBlock, Process } from "../shared.ts";
import type { Cluster } from "./cluster.ts";
import { acquireFailureOf, takenInVain } from "./faults.ts";
import type { SanlockHost } from "./host.ts";
import { countHosts, findLeftBehind, statusOf } from "./hosts.ts";
import { Leases } from "./leases.ts";
import { type HowToLock, Locks } from "./locks.ts";
import { Session } from "./session.ts";
import { checkStart, Join, leave } from "./starts.ts";

/** The connection to a sanlock daemon that is gone. */
const EPIPE = -32;

export class SanlockDaemon implements LockManager {
  readonly type = LockType.sanlock;
  readonly acrossHosts = true;
  onLost: LockManager["onLost"];
  /** As with the real backend, one that has a recorder takes over lockspaces that are joined. */
  recorder?: LockRecorder | undefined;
  readonly process: Process;
  readonly leases: Leases;
  readonly #sessions = new Map<number, Session>();
  readonly #locks: Locks;

  constructor(readonly cluster: Cluster, readonly host: SanlockHost) {
    this.process = new Process(host);
    this.leases = new Leases(this);
    this.#locks = new Locks(cluster.timing, () => cluster.now());
  }

  /** How long a call takes that needs the disk. */
  get ioMs(): number {
    return this.host.reaches ? 0 : this.cluster.timing.ioMs;
  }

  session(id: number): Session | undefined {
    return this.#sessions.get(id);
  }

  joined({ id, name }: LockspaceSpec): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`Lockspace ${name} is not prepared`);
    return session;
  }

  isRunning(): boolean {
    return this.host.managed;
  }

  isTakingLocks(): boolean {
    return [...this.#sessions.values()].some(({ membership }) =>
      membership?.phase === "recovering"
    );
  }

  initVg(spec: InitVgSpec): Outcome<InitAnswer> {
    return this.leases.initVg(spec);
  }

  prepare(spec: LockspaceSpec, how: JoinOptions): Outcome<PrepareAnswer> {
    const failed = this.process.fault() === "failed";
    return this.process.call(() => {
      if (failed) {
        const lmResult = Sanlk.aioTimeout;
        return { result: -Errno.EMANAGER, lmResult, message: "reading the leases failed" };
      }
      const disk = this.cluster.disks.get(spec.vgName);
      const readable = disk?.removed === true ? undefined : disk;
      const { answer, hostId } = checkStart(this.host, spec, readable, this.#howToJoin(spec, how));
      if (answer.result >= 0) {
        this.#sessions.set(spec.id, new Session(spec, hostId, disk!, this.process, this));
      }
      return answer;
    }, this.ioMs);
  }

  join(spec: LockspaceSpec, how: JoinOptions): Promise<JoinAnswer> {
    const session = this.joined(spec);
    const adopting = this.#howToJoin(spec, how);
    const fault = this.process.fault();
    return this.process.answer<JoinAnswer>((settle) => {
      const { host, cluster: { timing } } = this;
      const ended = (answer: JoinAnswer) => {
        if (answer.result < 0) this.#close(session);
        else this.#replaceOld(spec);
        settle(answer);
      };
      if (!host.managed) return ended({ result: EPIPE, lmResult: EPIPE });
      new Join(host, session, timing, fault, ended).begin(adopting);
    });
  }

  /** A start of the same VG that could not be stopped has ended with this one. */
  #replaceOld({ id, name }: LockspaceSpec): void {
    for (const [old, session] of this.#sessions) {
      if (old === id || session.spec.name !== name) continue;
      this.#close(session);
    }
  }

  #close(session: Session): void {
    session.closed = true;
    this.#sessions.delete(session.spec.id);
  }

  cancelJoin({ id }: LockspaceSpec): void {
    this.#sessions.get(id)?.cancel?.();
  }

  #howToJoin({ id, name }: LockspaceSpec, how: JoinOptions): JoinOptions {
    if (how.adopt !== "no") return how;
    let ours = this.recorder !== undefined;
    for (const [old, { spec, membership }] of this.#sessions) {
      ours ||= old !== id && spec.name === name && membership !== undefined;
    }
    return ours ? { ...how, adopt: "ok" } : how;
  }

  leave(spec: LockspaceSpec, how: { freeVg: boolean; force: boolean }): Outcome<Answer> {
    const session = this.joined(spec);
    return this.process.answer<Answer>((settle) =>
      leave(this.host, session, how, (answer) => {
        if (answer.result >= 0) this.#close(session);
        settle(answer);
      })
    );
  }

  lock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    how: HowToLock & { checkGl: boolean },
  ): Outcome<GrantAnswer> {
    const session = this.joined(spec);
    const fault = this.process.fault();
    return this.process.call(() => {
      // An orphan is adopted in sanlock's memory: nothing is written that could be done in vain.
      const isOrphan = session.membership?.tokens.has(resource.name) === true;
      const fails = fault === "failed" || (fault === "doneButFailed" && isOrphan);
      const failure = this.host.managed ? fails ? acquireFailureOf(mode, this.cluster) : 0 : EPIPE;
      const answer = this.#locks.take(session, resource, mode, how, failure);
      if (answer.result >= 0 && fault === "doneButFailed") {
        return takenInVain(session, resource.name);
      }
      if (answer.valueBlock !== undefined && this.#losesBlock()) answer.valueBlock = noValueBlock;
      return how.checkGl && this.host.reaches
        ? { ...answer, glEnabled: session.disk.gl.name === ENABLED_GL }
        : answer;
    }, this.ioMs);
  }

  /** Reading the block fails; the lock is held all the same. */
  #losesBlock(): boolean {
    const { valueBlockLost } = this.cluster.faults;
    return valueBlockLost !== 0 && this.cluster.around.chance.perMille(valueBlockLost);
  }

  convert(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    mode: Mode,
    { version }: { version: number },
  ): Outcome<GrantAnswer> {
    const session = this.joined(spec);
    const fault = this.process.fault();
    return this.process.call(() => {
      const failure = this.host.managed ? fault === "" ? 0 : Sanlk.aioTimeout : EPIPE;
      const done = this.host.managed && fault === "doneButFailed";
      return this.#locks.convert(session, resource, mode, version, { failure, done });
    }, this.ioMs);
  }

  unlock(
    spec: LockspaceSpec,
    resource: ResourceSpec,
    how: { version: number; freeVg: boolean },
  ): Outcome<Answer> {
    const session = this.joined(spec);
    const fault = this.process.fault();
    return this.process.call(() => {
      const failure = this.host.managed ? fault === "" ? 0 : Sanlk.aioTimeout : EPIPE;
      return this.#locks.release(session, resource, how, failure);
    }, this.ioMs);
  }

  otherHosts(spec: LockspaceSpec): Outcome<HostsAnswer> {
    const session = this.joined(spec);
    const failed = this.process.fault() === "failed";
    return this.process.call(() => {
      if (failed || !this.host.managed) {
        return { result: -1, lmResult: -Errno.ENOENT, message: "asking for the hosts failed" };
      }
      return countHosts(session, this.cluster);
    });
  }

  status(spec: LockspaceSpec) {
    return statusOf(this.joined(spec), this.cluster);
  }

  leftBehind(known: ReadonlySet<string>): Promise<LeftBehind[]> {
    return this.process.answer<LeftBehind[]>((settle) => {
      // What the dead daemon has begun is done first.
      this.process.whenOthersSettled(() => {
        settle(findLeftBehind(this.host, this.cluster, known));
      });
    });
  }

  /** The sanlock daemon of this host is gone. */
  loseAll(): void {
    for (const session of [...this.#sessions.values()]) {
      session.loseForGood("the sanlock daemon is gone, and with it the leases of this host");
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) session.unwatch();
  }
}
