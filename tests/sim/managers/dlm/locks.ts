/**
 * Taking, converting and releasing one lock: what the kernels answer, turned into what the real
 * backend makes of it.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  GrantAnswer,
  ResourceSpec,
  ValueBlock,
} from "../../../../backends/lock_manager.ts";
import { Errno } from "../../../../core/errno.ts";
import { Mode, ResourceType } from "../../../../core/types.ts";
import { FORMAT, noValueBlock, REMOVED_FLAG } from "../shared.ts";
import type { Held, Session } from "./session.ts";
import type { Lock, Resource } from "./space.ts";

const done: Answer = Object.freeze({ result: 0 });
const notHeld: Answer = Object.freeze({
  result: -Errno.ELMERR,
  message: "the DLM lock is not held",
});

const usesValue = ({ type }: ResourceSpec): boolean => type !== ResourceType.lv;

export interface HowToLock {
  adopt: Adopt;
  /** An LV is being activated. */
  persistent?: boolean;
}

export function lostAnswer({ lost }: Session): Answer {
  return { result: -Errno.ELMERR, lmResult: 0, message: lost };
}

/** The kernel did not take the request; there is nothing that it does and then denies. */
export function failedAnswer(what: string): Answer {
  return { result: -Errno.ELMERR, lmResult: -Errno.EINVAL, message: `${what}: the DLM refused` };
}

export class Locks {
  /** @param losesBlock whether the next value block that is read is invalid. */
  constructor(private readonly losesBlock: () => boolean, private readonly now: () => number) {}

  take(session: Session, resource: ResourceSpec, mode: Mode, how: HowToLock): GrantAnswer {
    const { name } = resource;
    const { adopt } = how;
    const own = session.held.get(name)?.lock;
    if (own?.inherited) return this.#takeInherited(session, resource, own, mode, how);
    if (adopt !== "no") {
      if (this.#adopt(session, name, mode)) return done;
      const other = mode === Mode.ex ? Mode.sh : Mode.ex;
      if (session.space.orphan(name, session.member, other) !== undefined) {
        return { result: -Errno.EADOPT_RETRY, lmResult: -Errno.EAGAIN };
      }
      if (adopt === "only") return { result: -Errno.EADOPT_NONE, lmResult: -Errno.ENOENT };
    }
    const entry = session.space.resource(name);
    const held = this.#begin(session, entry);
    if (entry.conflicts(mode, held.lock)) {
      if (!this.#clearTheWay(session, resource)) return this.#conflict(session, entry, mode);
      return this.take(session, resource, mode, { ...how, adopt: "no" });
    }
    if (held.lock !== undefined) held.lock.mode = mode;
    else held.lock = grant(session, entry, mode);
    if (!usesValue(resource)) return done;
    const valueBlock = entry.blockLost || this.losesBlock() ? noValueBlock : entry.block;
    held.block = valueBlock;
    return { result: 0, valueBlock };
  }

  /** The lock that is kept from now on, in mode NL. */
  #begin(session: Session, entry: Resource): Held {
    let held = session.held.get(entry.name);
    if (held === undefined) {
      held = { lock: undefined, block: undefined };
      session.held.set(entry.name, held);
      entry.use(session, this.now());
    }
    return held;
  }

  #adopt(session: Session, name: string, mode: Mode): boolean {
    const orphan = session.space.orphan(name, session.member, mode);
    if (orphan === undefined) return false;
    orphan.session = session;
    const old = session.held.get(name);
    if (old?.lock !== undefined) orphan.resource.remove(old.lock);
    orphan.resource.use(session, this.now());
    session.held.set(name, { lock: orphan, block: undefined });
    return true;
  }

  /**
   * An orphan of this host may be in the way. That of an LV is kept for whoever activates it, if it is
   * exclusive; others are released. False if there is none.
   */
  #clearTheWay(session: Session, { name, type }: ResourceSpec): boolean {
    if (!session.isOpen) return false; // the kernel's answer reaches nobody
    const isLv = type === ResourceType.lv;
    for (const found of isLv ? [Mode.ex] : [Mode.ex, Mode.sh]) {
      if (!this.#adopt(session, name, found)) continue;
      if (isLv) session.held.get(name)!.lock!.inherited = true;
      else this.forget(session, name);
      return true;
    }
    return false;
  }

  /** Only who activates the LV gets it: anybody else would release it again. */
  #takeInherited(
    session: Session,
    resource: ResourceSpec,
    own: Lock,
    mode: Mode,
    { adopt, persistent }: HowToLock,
  ): GrantAnswer {
    if (adopt === "no" && !persistent) {
      return { result: -Errno.EORPHAN, message: `${resource.name} is held by a dead daemon` };
    }
    if (adopt !== "no" && own.mode !== mode) return { result: -Errno.EADOPT_RETRY };
    own.inherited = false;
    const answer = own.mode === mode ? done : this.convert(session, resource, mode, 0);
    return { ...answer, inherited: true };
  }

  #conflict(session: Session, entry: Resource, mode: Mode): GrantAnswer {
    const answer: GrantAnswer = {
      result: -Errno.EAGAIN,
      lmResult: -Errno.EAGAIN,
      message: `${entry.name}: another node has it`,
    };
    const blocker = entry.locks.find((lock) =>
      lock.session !== session && (mode === Mode.ex || lock.mode === Mode.ex)
    );
    if (blocker === undefined) return answer;
    const { number } = blocker.member.host;
    const owner = {
      hostId: number,
      generation: 0,
      timestamp: 0,
      state: "LIVE",
      name: `n${number}`,
    };
    return { ...answer, owner };
  }

  convert(session: Session, resource: ResourceSpec, mode: Mode, version: number): GrantAnswer {
    const held = session.held.get(resource.name);
    if (held === undefined) return notHeld;
    const entry = session.space.resource(resource.name);
    if (entry.conflicts(mode, held.lock)) {
      // Of a process that died meanwhile its own lock is no twin, and it drops nothing any more.
      const twin = session.isOpen
        ? session.space.orphan(resource.name, session.member, Mode.sh)
        : undefined;
      if (twin === undefined) return this.#conflict(session, entry, mode);
      // A shared orphan of this host says no more than the lock itself.
      entry.remove(twin);
      return this.convert(session, resource, mode, version);
    }
    if (usesValue(resource) && held.lock?.mode === Mode.ex && version !== 0) {
      held.block = changed(held.block, version, false);
      entry.write(held.block);
    }
    if (held.lock !== undefined) held.lock.mode = mode;
    else held.lock = grant(session, entry, mode);
    return done;
  }

  release(
    session: Session,
    resource: ResourceSpec,
    { version, freeVg }: { version: number; freeVg: boolean },
  ): Answer {
    const held = session.held.get(resource.name);
    if (held === undefined) return notHeld;
    const entry = session.space.resource(resource.name);
    const { lock, block } = held;
    const removed = freeVg && resource.type === ResourceType.vg;
    // A VG has something to say also where it is not known what its block says.
    const says = resource.type === ResourceType.vg && (version !== 0 || removed);
    const writes = usesValue(resource) && lock?.mode === Mode.ex && (block !== undefined || says);
    if (writes) entry.write(changed(block, version, removed));
    if (lock !== undefined) entry.remove(lock);
    held.lock = undefined;
    held.block = undefined;
    return done;
  }

  /** Nobody on this host wants it any more. */
  forget(session: Session, name: string): void {
    const held = session.held.get(name);
    if (held === undefined || held.lock?.inherited) return;
    session.held.delete(name);
    const entry = session.space.resource(name);
    if (held.lock !== undefined) entry.remove(held.lock);
    entry.leftBy(session, this.now());
  }
}

function grant(session: Session, resource: Resource, mode: Mode): Lock {
  const lock: Lock = { resource, member: session.member, session, mode, inherited: false };
  resource.locks.push(lock);
  return lock;
}

/** What is written instead of a block that was read. */
function changed(read: ValueBlock | undefined, version: number, removed: boolean): ValueBlock {
  const { flags, resourceVersion, version: format } = read ?? noValueBlock;
  return {
    version: format || FORMAT,
    flags: removed ? REMOVED_FLAG : flags,
    resourceVersion: version || resourceVersion,
  };
}
