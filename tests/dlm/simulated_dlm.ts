/**
 * A DLM in memory, for tests on hosts without one: nodes, lockspaces, locks and value blocks by the
 * rules that the kernel's shows, traps included. Whoever does what must never be done with the real
 * one gets an exception.
 *
 * @module
 */
import type { DlmHandle, DlmLibrary, LockState } from "../../backends/dlm/client.ts";
import {
  type DlmMode,
  IN_PROGRESS,
  LockFlag,
  LVB_LENGTH,
  StatusFlag,
  UNLOCKED,
} from "../../backends/dlm/constants.ts";
import { Errno } from "../../core/errno.ts";

const NL = 0;
const PR = 3;
const EX = 5;

class SimulatedLock implements LockState {
  status = 0;
  lkid = 0;
  flags = 0;
  mode = NL;
  persistent = false;
  orphan = false;
  readonly value: Uint8Array | undefined;

  constructor(readonly name: string, withValue: boolean, readonly owner: Handle) {
    if (withValue) this.value = new Uint8Array(LVB_LENGTH);
  }
}

class Resource {
  readonly locks = new Set<SimulatedLock>();
  value = new Uint8Array(LVB_LENGTH);
  valid = true;
}

const compatible = (one: number, other: number) =>
  one === NL || other === NL || (one === PR && other === PR);

/** One lockspace of the cluster. */
class Lockspace {
  readonly resources = new Map<string, Resource>();
  /** The kernel answers nothing while this is pending. */
  recovery: Promise<void> = Promise.resolve();

  resource(name: string): Resource {
    const known = this.resources.get(name);
    if (known !== undefined) return known;
    const made = new Resource();
    this.resources.set(name, made);
    return made;
  }

  *all(): Generator<[Resource, SimulatedLock]> {
    for (const resource of this.resources.values()) {
      for (const lock of [...resource.locks]) yield [resource, lock];
    }
  }

  /** A lock goes without its holder's doing. */
  lose(resource: Resource, lock: SimulatedLock): void {
    resource.locks.delete(lock);
    if (lock.mode === EX) resource.valid = false;
  }
}

class Handle implements DlmHandle {
  #released = false;

  constructor(
    readonly node: SimulatedNode,
    private readonly name: string,
    private readonly lockspace: Lockspace,
  ) {}

  makeLock(name: string, withValue: boolean): LockState {
    return new SimulatedLock(name, withValue, this);
  }

  async lock(state: LockState, mode: DlmMode, flags: number): Promise<number> {
    const lock = this.#own(state);
    lock.status = IN_PROGRESS;
    await this.lockspace.recovery;
    if ((flags & LockFlag.valblk) !== 0 && lock.value === undefined) return -1;
    const convert = (flags & LockFlag.convert) !== 0;
    if (convert === (lock.lkid === 0)) return -1;
    if (!convert && this.node.cluster.full) return -1;
    const resource = this.lockspace.resource(lock.name);
    if (!convert) this.#begin(resource, lock, mode, flags);
    const granted = [...resource.locks].every((other) =>
      other === lock || compatible(mode, other.mode)
    );
    if (!granted) return this.#refuse(lock, flags);
    this.#transfer(resource, lock, mode, flags);
    lock.mode = mode;
    lock.persistent = (flags & LockFlag.persistent) !== 0;
    lock.status = 0;
    return 0;
  }

  #begin(resource: Resource, lock: SimulatedLock, mode: number, flags: number): void {
    if (mode !== NL || (flags & LockFlag.expedite) === 0) throw new Error("begins above NL");
    lock.lkid = this.node.cluster.nextLkid();
    resource.locks.add(lock);
  }

  #refuse(lock: SimulatedLock, flags: number): number {
    if ((flags & LockFlag.noqueue) === 0) throw new Error(`${lock.name} would be queued`);
    lock.status = Errno.EAGAIN;
    // The kernel takes the flags of a request before it knows whether it can be granted.
    lock.persistent = (flags & LockFlag.persistent) !== 0;
    return -1;
  }

  /** What happens to the value block when a request is granted. */
  #transfer(resource: Resource, lock: SimulatedLock, mode: number, flags: number): void {
    lock.flags = 0;
    if (lock.value === undefined) return;
    const writes = lock.mode === EX;
    if ((flags & LockFlag.valblk) === 0) {
      if (!writes) lock.value.fill(0);
    } else if (writes) {
      resource.value = Uint8Array.from(lock.value);
      resource.valid = true;
    } else if (mode >= lock.mode) {
      lock.value.set(resource.value);
      if (!resource.valid) lock.flags = StatusFlag.valNotValid;
    }
  }

  adopt(state: LockState, mode: DlmMode): Promise<number> {
    const lock = this.#own(state);
    const resource = this.lockspace.resource(lock.name);
    const orphans = [...resource.locks]
      .filter(({ orphan, owner }) => orphan && owner.node === this.node);
    const found = orphans.find((orphan) => orphan.mode === mode);
    if (found === undefined) {
      return Promise.resolve(orphans.length > 0 ? Errno.EAGAIN : Errno.ENOENT);
    }
    resource.locks.delete(found);
    resource.locks.add(lock);
    Object.assign(lock, { lkid: found.lkid, mode, persistent: true, status: IN_PROGRESS });
    return Promise.resolve(0);
  }

  async unlock(state: LockState): Promise<number> {
    const lock = this.#own(state);
    await this.lockspace.recovery;
    if (lock.lkid === 0) return -1;
    if (lock.mode !== NL) throw new Error(`${lock.name} is unlocked in mode ${lock.mode}`);
    this.lockspace.resource(lock.name).locks.delete(lock);
    lock.lkid = 0;
    lock.status = UNLOCKED;
    return 0;
  }

  drop(state: LockState): void {
    if (this.#own(state).lkid !== 0) throw new Error("the memory of a lock in use is freed");
  }

  close(): Promise<number> {
    this.#released = true;
    return Promise.resolve(0);
  }

  async release(): Promise<number> {
    await this.lockspace.recovery;
    this.#released = true;
    for (const [resource, lock] of this.lockspace.all()) {
      if (lock.owner.node === this.node) this.lockspace.lose(resource, lock);
    }
    this.node.lockspaces.delete(this.name);
    return 0;
  }

  #own(state: LockState): SimulatedLock {
    if (this.#released) throw new Error("the handle is used after its release");
    if (state instanceof SimulatedLock && state.owner === this) return state;
    throw new Error("not a lock of this handle");
  }
}

/** One node; its library is what the backend gets. */
export class SimulatedNode implements DlmLibrary {
  /** Names of the lockspaces that it is in. */
  readonly lockspaces = new Set<string>();
  version: { major: number; minor: number; patch: number } | undefined = {
    major: 6,
    minor: 0,
    patch: 2,
  };
  /** Joins wait for it. */
  quorum: Promise<void> = Promise.resolve();

  constructor(readonly cluster: SimulatedDlm, readonly id: number) {}

  kernelVersion() {
    return Promise.resolve(this.version);
  }

  async create(name: string): Promise<DlmHandle | undefined> {
    await this.quorum;
    if (this.lockspaces.has(name)) return undefined;
    this.lockspaces.add(name);
    return new Handle(this, name, this.cluster.lockspace(name));
  }

  open(name: string): Promise<DlmHandle | undefined> {
    const isThere = this.lockspaces.has(name);
    return Promise.resolve(
      isThere ? new Handle(this, name, this.cluster.lockspace(name)) : undefined,
    );
  }

  /** The process dies: locks whose last request was a persistent one become orphans, others go. */
  killProcess(): void {
    this.cluster.endProcesses((owner) => owner.node === this);
  }

  /** The node dies with all that it has. */
  crash(): void {
    for (const lockspace of this.cluster.all()) {
      for (const [resource, lock] of lockspace.all()) {
        if (lock.owner.node === this) lockspace.lose(resource, lock);
      }
    }
    this.lockspaces.clear();
  }
}

export class SimulatedDlm {
  readonly #lockspaces = new Map<string, Lockspace>();
  readonly #nodes = new Map<number, SimulatedNode>();
  /** The kernel has no number or memory for one more lock. */
  full = false;
  #lkid = 0;

  node(id: number): SimulatedNode {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const made = new SimulatedNode(this, id);
    this.#nodes.set(id, made);
    return made;
  }

  lockspace(name: string): Lockspace {
    const known = this.#lockspaces.get(name);
    if (known !== undefined) return known;
    const made = new Lockspace();
    this.#lockspaces.set(name, made);
    return made;
  }

  all(): Iterable<Lockspace> {
    return this.#lockspaces.values();
  }

  /** The process that has opened a lockspace dies. */
  endProcess(handle: DlmHandle): void {
    this.endProcesses((owner) => owner === handle);
  }

  /** Locks of those that die. */
  endProcesses(dies: (owner: SimulatedLock["owner"]) => boolean): void {
    for (const lockspace of this.all()) {
      for (const [resource, lock] of lockspace.all()) {
        if (!dies(lock.owner)) continue;
        if (lock.persistent) lock.orphan = true;
        else lockspace.lose(resource, lock);
      }
    }
  }

  nextLkid(): number {
    return ++this.#lkid;
  }

  /** Every lock call waits until the returned function is called. */
  stop(name: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.lockspace(name).recovery = promise;
    return resolve;
  }

  /** `<node> <mode>` of each lock of a resource, in no particular order. */
  holders(lockspaceName: string, resource: string): string[] {
    const words: Record<number, string> = { [NL]: "NL", [PR]: "PR", [EX]: "EX" };
    return [...this.lockspace(lockspaceName).resource(resource).locks]
      .map(({ owner, mode, orphan }) => `${owner.node.id} ${words[mode]}${orphan ? " orphan" : ""}`)
      .toSorted();
  }

  /** What is stored with a resource, its first 8 bytes in hexadecimal. */
  storedValue(lockspaceName: string, resource: string): string {
    const { value } = this.lockspace(lockspaceName).resource(resource);
    return [...value.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
