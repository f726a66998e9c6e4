/**
 * Taking, converting and releasing one lock: what the real backend makes of sanlock's answers.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  GrantAnswer,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { Sanlk } from "../../../../backends/sanlock/constants.ts";
import {
  acquireFailure,
  convertFailure,
  isHeldElsewhere,
  refusal,
} from "../../../../backends/sanlock/results.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode, type Owner as OwnerInfo, ResourceType } from "../../../../core/types.ts";
import { Calls, leaseOf, NO_LEASE } from "./calls.ts";
import { type Disk, othersOf, type Owner } from "./disk.ts";
import type { Session } from "./session.ts";
import type { Timing } from "./timing.ts";

const done: Answer = Object.freeze({ result: 0, lmResult: 0 });

export interface HowToLock {
  adopt: Adopt;
  /** An LV is being activated. */
  persistent?: boolean;
}

export class Locks {
  readonly #calls: Calls;

  constructor(timing: Timing, private readonly now: () => number) {
    this.#calls = new Calls(timing, now);
  }

  /** @param failure sanlock's code for a call that is to fail; 0 for none. */
  take(
    session: Session,
    resource: ResourceSpec,
    mode: Mode,
    how: HowToLock,
    failure: number,
  ): GrantAnswer {
    const { adopt } = how;
    const lease = leaseOf(session.disk, resource);
    if (lease === NO_LEASE) {
      return { result: -1, lmResult: 0, message: "the lock args are not understood" };
    }
    const lmResult = failure !== 0
      ? failure
      : this.#calls.acquire(session, resource, lease, mode, adopt);
    if (lmResult < 0) {
      const refused = this.#refused(session, resource, mode, adopt, lmResult);
      const isInherited = refused.result === -Errno.EORPHAN && how.persistent &&
        resource.type === ResourceType.lv;
      if (!isInherited) return refused;
      // An orphan that adoption left is given to whoever activates the LV.
      const taken = this.take(session, resource, mode, { adopt: "only" }, 0);
      return taken.result < 0 ? refused : { ...taken, inherited: true };
    }
    const token = session.membership!.tokens.get(resource.name)!;
    session.held.set(resource.name, token);
    if (resource.type === ResourceType.lv || adopt !== "no") return done;
    return { result: 0, lmResult, valueBlock: token.block! };
  }

  #refused(
    session: Session,
    resource: ResourceSpec,
    mode: Mode,
    adopt: Adopt,
    lmResult: number,
  ): GrantAnswer {
    const { type } = resource;
    const what = `${resource.name} in VG ${session.spec.vgName}`;
    if (type === ResourceType.gl && lmResult === Sanlk.leaderResource) {
      const message = `the global lock in VG ${session.spec.vgName} was disabled by another host`;
      return { result: -Errno.EUNATCH, lmResult, message };
    }
    const shared = mode === Mode.sh;
    const answer = acquireFailure(lmResult, { type, shared, adopt });
    const refused: GrantAnswer = { ...answer, lmResult, message: refusal(what, lmResult) };
    if (isHeldElsewhere(lmResult)) this.#explain(session, resource, refused);
    return refused;
  }

  #explain({ disk, hostId }: Session, resource: ResourceSpec, answer: GrantAnswer): void {
    const lease = leaseOf(disk, resource);
    if (typeof lease === "number") return;
    const owner = othersOf(disk, lease, hostId, this.now())[0];
    if (owner === undefined) return;
    answer.owner = this.#ownerInfo(disk, owner);
    answer.message = `${resource.name} is held by host ${owner.hostId}`;
  }

  #ownerInfo(disk: Disk, { hostId, generation, mode, sinceMs }: Owner): OwnerInfo {
    const shared = mode === Mode.sh;
    return {
      hostId,
      generation,
      timestamp: shared ? 0 : Math.floor(sinceMs / 1000),
      state: disk.stateOf(hostId, this.now()),
      name: `node${disk.delta(hostId).host}`,
      ...!shared && { heldSinceMs: sinceMs },
    };
  }

  convert(
    session: Session,
    resource: ResourceSpec,
    mode: Mode,
    version: number,
    fault: { failure: number; done: boolean },
  ): GrantAnswer {
    const what = `converting ${resource.name} in VG ${session.spec.vgName}`;
    const stored = this.#calls.store(session, resource.name, version);
    if (stored < 0) {
      return { result: -Errno.ELMERR, lmResult: stored, message: refusal(what, stored) };
    }
    const lmResult = this.#calls.convert(session, resource.name, mode, fault);
    if (lmResult === 0) return done;
    const answer: GrantAnswer = {
      result: convertFailure(lmResult),
      lmResult,
      message: refusal(what, lmResult),
    };
    if (isHeldElsewhere(lmResult)) this.#explain(session, resource, answer);
    return answer;
  }

  /**
   * A failed release counts as done; sanlock writes it later. Only one that is to rename the lease, or
   * whose version could not be stored, leaves the lock.
   */
  release(
    session: Session,
    { name, type }: ResourceSpec,
    { version, freeVg }: { version: number; freeVg: boolean },
    failure: number,
  ): Answer {
    const what = `releasing ${name} in VG ${session.spec.vgName}`;
    const stored = this.#calls.store(session, name, version);
    if (stored < 0) {
      return { result: -Errno.ELMERR, lmResult: stored, message: refusal(what, stored) };
    }
    const rename = freeVg && type !== ResourceType.lv;
    const lmResult = this.#calls.release(session, name, rename, failure);
    if (rename && lmResult < 0) {
      return { result: -Errno.ELMERR, lmResult, message: refusal(what, lmResult) };
    }
    session.held.delete(name);
    return lmResult < 0 ? { result: 0, lmResult, message: refusal(what, lmResult) } : done;
  }
}
