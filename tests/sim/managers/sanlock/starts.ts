/**
 * Joining and leaving a lockspace.
 *
 * @module
 */
import type {
  Answer,
  JoinAnswer,
  JoinOptions,
  LockspaceSpec,
  PrepareAnswer,
} from "../../../../backends/lock_manager.ts";
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import { MAX_HOST_ID } from "../../../../backends/sanlock/geometry.ts";
import { isLvmName, parseVgArgs } from "../../../../backends/sanlock/lock_args.ts";
import { DISABLED_GL, ENABLED_GL } from "../../../../backends/sanlock/lockspace.ts";
import { refusal } from "../../../../backends/sanlock/results.ts";
import { Errno } from "../../../../core/errno.ts";
import type { Fault } from "../shared.ts";
import type { Delta, Disk } from "./disk.ts";
import type { SanlockHost } from "./host.ts";
import { Membership } from "./membership.ts";
import type { Session } from "./session.ts";
import type { Timing } from "./timing.ts";

const refuse = (error: number, message: string, lmResult = 0) => ({
  result: -error,
  lmResult,
  message,
});

/** The checks of a start, on a disk that can be read. The host id that counts, if all is well. */
export function checkStart(
  host: SanlockHost,
  spec: LockspaceSpec,
  disk: Disk | undefined,
  how: JoinOptions,
): { answer: PrepareAnswer; hostId: number } {
  const joined = how.adopt === "no" ? undefined : host.memberships.get(spec.name);
  const hostId = joined?.hostId ?? spec.hostId;
  const refused = (error: number, why: string, lmResult = 0) => ({
    answer: refuse(error, `VG ${spec.vgName}: ${why}`, lmResult),
    hostId,
  });
  if (!isLvmName(spec.vgName)) return refused(Errno.EINVAL, "not the name of a VG");
  if (parseVgArgs(spec.vgArgs) === undefined) {
    return refused(Errno.EARGS, "the lock args do not fit");
  }
  if (hostId < 1 || hostId > MAX_HOST_ID) {
    return refused(Errno.EHOSTID, `host id ${hostId} is not one of 1 to ${MAX_HOST_ID}`);
  }
  if (disk === undefined) return refused(Errno.EARGS, "there is no device with its leases");
  if (!host.managed) return refused(Errno.EMANAGER, "the sanlock daemon does not run", -111);
  if (!host.reaches) {
    return refused(Errno.EMANAGER, "reading the leases", Sanlk.aioTimeout);
  }
  const { name } = disk.gl;
  if (name !== ENABLED_GL && name !== DISABLED_GL) {
    return refused(Errno.EARGS, "reading the global lock's lease", -Errno.EINVAL);
  }
  const answer: PrepareAnswer = { result: 0, glEnabled: name === ENABLED_GL };
  const { generation } = disk.delta(hostId);
  if (generation > 0) answer.prevGeneration = generation;
  return { answer, hostId };
}

/** One join under way; `settle` is called once. */
export class Join {
  readonly #delta: Delta;
  #over = false;

  constructor(
    private readonly host: SanlockHost,
    private readonly session: Session,
    private readonly timing: Timing,
    private readonly fault: Fault,
    private readonly settle: (answer: JoinAnswer) => void,
  ) {
    this.#delta = session.disk.delta(session.hostId);
  }

  #now(): number {
    return this.host.world.around.clock.now();
  }

  /** @param how with what adoption means for a lockspace that this host is in already. */
  begin(how: JoinOptions): void {
    const { name } = this.session.spec;
    const old = this.host.memberships.get(name);
    if (old !== undefined) return this.#again(old, how);
    if (how.adopt === "only") {
      return this.#end({ result: -Errno.EADOPT_NONE, message: "its lockspace is not joined" });
    }
    if (this.host.joining.has(name)) return this.fail(-115);
    const { disk, hostId } = this.session;
    if (disk.lockspace !== name) return this.fail(Sanlk.leaderLockspace);
    if (this.fault === "failed") return this.#failLater(Sanlk.aioTimeout);
    const { claim } = this.#delta;
    if (claim !== 0 && claim !== this.host.number) return this.#failLater(Sanlk.hostidBusy);
    this.#delta.claim = this.host.number;
    this.host.joining.set(name, this);
    // sanlock goes on with it when this process dies.
    this.session.cancel = () => this.#cancel();
    const { number } = this.host;
    const foreign = this.#delta.inUse && this.#delta.host !== number && this.#delta.host !== 0;
    if (foreign && disk.stateOf(hostId, this.#now()) !== "DEAD") this.#watchRival();
    else this.#waitAndEnter();
  }

  /** A lockspace that this host is in already. */
  #again(old: Membership, how: JoinOptions): void {
    if (old.phase !== "joined") return this.fail(-Errno.EAGAIN);
    if (old.hostId !== this.session.hostId) return this.fail(-Errno.EINVAL);
    if (how.adopt === "no") return this.fail(-Errno.EEXIST);
    this.#enter(old);
  }

  /** Until it renews, and so is alive, or is dead. */
  #watchRival(): void {
    this.host.later(this.timing.renewalMs, () => {
      if (this.#over) return;
      const delta = this.#delta;
      if (delta.inUse && delta.silentSince === Infinity) return this.fail(Sanlk.hostidBusy);
      if (this.session.disk.stateOf(this.session.hostId, this.#now()) !== "DEAD" && delta.inUse) {
        return this.#watchRival();
      }
      this.#waitAndEnter();
    });
  }

  #waitAndEnter(): void {
    this.host.later(this.timing.joinMs, () => this.#over || this.#write());
  }

  #write(): void {
    if (!this.host.reaches) return this.fail(Sanlk.aioTimeout);
    const delta = this.#delta;
    const { disk, hostId, spec } = this.session;
    if (delta.inUse && delta.host !== this.host.number && delta.silentSince === Infinity) {
      return this.fail(Sanlk.hostidBusy);
    }
    delta.host = this.host.number;
    delta.generation++;
    delta.inUse = true;
    delta.silentSince = Infinity;
    const membership = new Membership(
      this.host,
      spec,
      hostId,
      disk,
      delta,
      this.timing,
      (gone) => this.host.forget(gone),
    );
    this.host.memberships.set(spec.name, membership);
    // setConfig failed: the backend leaves again what it has joined.
    if (this.fault !== "doneButFailed") return this.#enter(membership);
    membership.leave();
    this.fail(-Errno.ETIMEDOUT);
  }

  #enter(membership: Membership): void {
    if (this.session.isOpen) this.session.watch(membership);
    const { hostId, generation } = membership;
    this.#end({ result: 0, hostId, generation });
  }

  #cancel(): void {
    if (this.#over) return;
    const message = `VG ${this.session.spec.vgName}: the start was given up`;
    this.#end({ result: -Errno.ECANCELED, lmResult: Sanlk.error, message });
  }

  #failLater(lmResult: number): void {
    this.host.later(this.timing.joinMs, () => this.fail(lmResult));
  }

  /** sanlock does not go on with it. */
  fail(lmResult: number): void {
    const what = `VG ${this.session.spec.vgName}: joining as host ${this.session.hostId}`;
    this.#end({ result: lmResult, lmResult, message: refusal(what, lmResult) });
  }

  #end(answer: JoinAnswer): void {
    if (this.#over) return;
    this.#over = true;
    this.release();
    this.session.cancel = undefined;
    this.settle(answer);
  }

  /** It is not under way any more; also when its host dies. */
  release(): void {
    const { name } = this.session.spec;
    if (this.host.joining.get(name) !== this) return;
    this.host.joining.delete(name);
    this.#delta.claim = 0;
  }
}

const LEAVE_TRIES = 6;
const LEAVE_PAUSE_MS = 500;
const LEAVE_MS = 2000;

/** Leaves the lockspace, unless something is held in it or being released for longer than it tries. */
export function leave(
  host: SanlockHost,
  session: Session,
  { freeVg, force }: { freeVg: boolean; force: boolean },
  settle: (answer: Answer) => void,
): void {
  const { membership, disk, spec } = session;
  session.unwatch();
  if (membership === undefined || membership.phase === "gone") return settle({ result: 0 });
  if (force || freeVg) releaseOrphans(membership);
  const left = () => {
    if (freeVg) disk.removed = true;
    session.closed = true;
    settle({ result: 0, lmResult: 0 });
  };
  const attempt = (tries: number) => {
    if (membership.phase === "gone") return left();
    if (membership.tokens.size === 0 && membership.releasing.size === 0) {
      if (membership.phase === "joined") membership.phase = "leaving";
      return void host.later(LEAVE_MS, () => {
        if (membership.phase !== "gone") membership.leave();
        left();
      });
    }
    if (tries < LEAVE_TRIES) return void host.later(LEAVE_PAUSE_MS, () => attempt(tries + 1));
    session.watch(membership);
    const message = `VG ${spec.vgName}: locks are still held in it`;
    settle({ result: -Errno.EBUSY, lmResult: -Errno.EBUSY, message });
  };
  attempt(1);
}

function releaseOrphans(membership: Membership): void {
  for (const [name, token] of membership.tokens) {
    if (token.session.isOpen) continue;
    membership.tokens.delete(name);
    if (membership.host.reaches) membership.write(token);
    else membership.releasing.set(name, token);
  }
  membership.cleared();
}
