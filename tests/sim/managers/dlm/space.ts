/**
 * One lockspace of the cluster: its members, and the locks that the kernels of all of them agree on.
 *
 * @module
 */
import type { ValueBlock } from "../../../../backends/lock_manager.ts";
import { Mode } from "../../../../core/types.ts";
import { noValueBlock } from "../shared.ts";
import type { DlmHost } from "./host.ts";
import type { Session } from "./session.ts";

/** A host in the lockspace, from its join to its end. */
export interface Member {
  readonly host: DlmHost;
  readonly life: number;
}

/** A lock that counts, PR or EX. Those in mode NL are not listed. */
export interface Lock {
  readonly resource: Resource;
  readonly member: Member;
  /** Through whom it was taken; an orphan if that one is dead. */
  session: Session;
  mode: Mode;
  /** A daemon that died held it, and nobody here has asked for it yet. */
  inherited: boolean;
}

export class Resource {
  readonly locks: Lock[] = [];
  block: ValueBlock = noValueBlock;
  /** The last holder died before it had written the block. */
  blockLost = false;
  /** Who has at least a lock in mode NL: with the last of them the block is forgotten. */
  readonly users = new Set<Session>();
  /** When the last of them went; `Infinity` while there are any. */
  #idleMs = Infinity;

  constructor(readonly name: string) {}

  /** Somebody has at least a lock in mode NL from now on. */
  use(session: Session, now: number): void {
    if (now - this.#idleMs > TOSS_MS) this.forget();
    this.#idleMs = Infinity;
    this.users.add(session);
  }

  /** @param own is not counted. */
  conflicts(mode: Mode, own: Lock | undefined): boolean {
    for (const lock of this.locks) {
      if (lock !== own && (mode === Mode.ex || lock.mode === Mode.ex)) return true;
    }
    return false;
  }

  remove(lock: Lock): void {
    const at = this.locks.indexOf(lock);
    if (at >= 0) this.locks.splice(at, 1);
  }

  write(block: ValueBlock): void {
    this.block = block;
    this.blockLost = false;
  }

  /** Nobody has the lock any more, not even in mode NL. */
  leftBy(session: Session, now: number): void {
    if (!this.users.delete(session)) return;
    if (this.users.size === 0 && this.locks.length === 0) this.#idleMs = now;
  }

  forget(): void {
    this.block = noValueBlock;
    this.blockLost = false;
  }
}

/** No daemon counts on it. */
export const isOrphan = ({ session, inherited }: Lock): boolean => inherited || !session.isOpen;

/** How long a kernel remembers a resource that nobody has a lock of. */
const TOSS_MS = 10_000;

/** A member that failed. Its locks count until the others have agreed about them. */
export interface Recovery {
  member: Member;
  readyMs: number;
}

export class Space {
  readonly members = new Map<number, Member>();
  readonly resources = new Map<string, Resource>();
  readonly sessions = new Set<Session>();
  recoveries: Recovery[] = [];
  /** No request is served now. */
  stalled = false;

  constructor(readonly name: string) {}

  resource(name: string): Resource {
    let resource = this.resources.get(name);
    if (resource === undefined) this.resources.set(name, resource = new Resource(name));
    return resource;
  }

  /** An orphan of a host: its daemon is dead. */
  orphan(name: string, member: Member, mode: Mode): Lock | undefined {
    return this.resources.get(name)?.locks.find((lock) =>
      lock.member === member && lock.mode === mode && !lock.session.isOpen
    );
  }

  hasOrphans(member: Member): boolean {
    for (const { locks } of this.resources.values()) {
      if (locks.some((lock) => lock.member === member && isOrphan(lock))) return true;
    }
    return false;
  }

  /** Of a process that died; one whose requests still wait stays. */
  forgetSession(session: Session): void {
    if (!session.isWaiting) this.sessions.delete(session);
  }

  /**
   * A member has left, or is known to be dead: its locks are free.
   * @param losesBlock what else becomes of a value block that nobody holds exclusively.
   */
  remove(member: Member, now: number, losesBlock: () => boolean): void {
    for (const resource of this.resources.values()) {
      const gone = resource.locks.filter((lock) => lock.member === member);
      for (const lock of gone) resource.remove(lock);
      for (const session of resource.users) {
        if (session.member === member) resource.leftBy(session, now);
      }
      if (gone.some(({ mode }) => mode === Mode.ex)) resource.blockLost = true;
      else if (resource.locks.length === 0 && losesBlock()) resource.forget();
    }
    const ended = [...this.sessions].filter((session) => session.member === member);
    for (const session of ended) this.sessions.delete(session);
    if (this.members.get(member.host.number) === member) this.members.delete(member.host.number);
    if (this.members.size === 0) this.resources.clear();
    for (const session of ended) session.end();
  }
}
