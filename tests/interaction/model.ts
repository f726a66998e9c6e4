/**
 * The rules for one lock, as simply as they can be said: lists, searched from end to end, and a lock
 * manager that answers at once. The table must give the same answers and end up in the same state.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import {
  type Held,
  type ModelReply,
  type ModelRequest,
  type ModelResource,
  persistentOf,
  transientOf,
  versionToWrite,
  type Waiting,
} from "./model_state.ts";
import type { ResourceName, World } from "./world.ts";

export class Model {
  readonly resources: ModelResource[] = [];
  /** What waits for a timer: a request, or a resource with an orphan. */
  readonly #timers = new Map<string, Waiting | "orphan">();
  /** Since the last {@link take}. */
  #replies: ModelReply[] = [];
  #calls: string[] = [];

  constructor(private readonly world: World, names: readonly ResourceName[]) {
    for (const name of names) {
      const isVg = name.endsWith("VGLK");
      const empty = { mode: Mode.un, version: 0, held: [], waiting: [], parked: false };
      this.resources.push({ name, isVg, ...empty });
    }
  }

  /** What the last input caused: replies, and lock manager calls in the order of each resource. */
  take(): { replies: ModelReply[]; calls: string[] } {
    const taken = { replies: this.#replies, calls: this.#calls };
    this.#replies = [];
    this.#calls = [];
    return taken;
  }

  /** Names of the timers that were armed and did not fire yet, in any order. */
  get timers(): string[] {
    return [...this.#timers.keys()].sort();
  }

  /** Ids of the requests that wait, with their clients. */
  get waiting(): { id: number; client: number }[] {
    return this.resources.flatMap(({ waiting }) => waiting).sort((a, b) => a.id - b.id);
  }

  request(name: ResourceName, request: ModelRequest): void {
    const r = this.#resource(name);
    if (request.what === "query") {
      this.#reply(request, 0, { mode: r.mode });
    } else {
      r.waiting.push({ ...request, retries: 0, parked: false });
      this.#settle(r);
    }
  }

  gone(client: number): void {
    for (const r of this.resources) {
      r.waiting = r.waiting.filter((waiting) => waiting.client !== client);
      for (const held of r.held) if (held.client === client) held.orphan = true;
    }
    for (const r of this.resources) this.#settle(r);
  }

  cancel(client: number, id: number): void {
    for (const r of this.resources) {
      const waiting = r.waiting.find((at) => at.client === client && at.id === id);
      if (waiting === undefined) continue;
      this.#answer(r, waiting, -Errno.ECANCELED);
      this.#settle(r);
    }
  }

  /** A timer fires. */
  timer(name: string): void {
    const waiting = this.#timers.get(name)!;
    this.#timers.delete(name);
    const r = this.#resource(name.split(" ")[0]!);
    if (waiting === "orphan") r.parked = false;
    else waiting.parked = false;
    this.#settle(r);
  }

  #resource(name: ResourceName): ModelResource {
    return this.resources.find((r) => r.name === name)!;
  }

  #reply(request: ModelRequest, result: number, more: Partial<ModelReply> = {}): void {
    this.#replies.push({ id: request.id, result, shExists: false, mode: Mode.iv, ...more });
  }

  #answer(r: ModelResource, waiting: Waiting, result: number, shExists = false): void {
    r.waiting.splice(r.waiting.indexOf(waiting), 1);
    this.#reply(waiting, result, { shExists });
  }

  #call(r: ModelResource, op: string, mode: Mode, version: number): void {
    this.#calls.push(`${r.name} ${op} ${mode} ${version}`);
  }

  /** Passes over the resource, each in the order of these lines, until one changes nothing. */
  #settle(r: ModelResource): void {
    const picture = () => JSON.stringify([r, this.#replies.length, this.#calls.length]);
    for (let before = ""; before !== picture();) {
      before = picture();
      this.#forEach(r, (waiting) => this.#update(r, waiting));
      this.#forEach(r, (waiting) => this.#unlock(r, waiting));
      this.#releaseOrphans(r);
      this.#forEach(r, (waiting) => this.#sameTransient(r, waiting));
      this.#forEach(r, (waiting) => this.#samePersistent(r, waiting));
      this.#forEach(r, (waiting) => this.#coveredByPersistent(r, waiting));
      this.#forEach(r, (waiting) => this.#ownTransient(r, waiting));
      this.#forEach(r, (waiting) => this.#convert(r, waiting));
      this.#grantShared(r);
      this.#grantExclusive(r);
    }
  }

  /** Everything that waits at this moment, in order of arrival. */
  #forEach(r: ModelResource, look: (waiting: Waiting) => void): void {
    for (const waiting of [...r.waiting]) look(waiting);
  }

  #update(r: ModelResource, update: Waiting): void {
    if (update.what !== "update") return;
    const own = transientOf(r, update.client);
    if (own === undefined) return this.#answer(r, update, -Errno.ENOENT);
    if (r.mode !== Mode.ex) return this.#answer(r, update, -Errno.EINVAL);
    own.version = update.version;
    this.#answer(r, update, 0);
  }

  #unlock(r: ModelResource, unlock: Waiting): void {
    if (unlock.what !== "lock" || unlock.mode !== Mode.un) return;
    const held = unlock.persistent ? persistentOf(r) : transientOf(r, unlock.client);
    this.#answer(r, unlock, held === undefined ? -Errno.ENOENT : this.#release(r, held));
  }

  /** 0, or the lock manager's refusal to take the last of the holders' lock back. */
  #release(r: ModelResource, held: Held): number {
    if (r.held.length === 1) {
      const version = versionToWrite(r, held);
      this.#call(r, "unlock", Mode.un, version);
      const { result } = this.world.unlock(r.name, version);
      if (result < 0) return result;
      if (version !== 0) r.version = version;
      r.mode = Mode.un;
    }
    r.held.splice(r.held.indexOf(held), 1);
    return 0;
  }

  #releaseOrphans(r: ModelResource): void {
    for (const orphan of r.held.filter(({ orphan }) => orphan)) {
      if (r.parked || this.#release(r, orphan) === 0) continue;
      r.parked = true;
      this.#timers.set(`${r.name} orphan`, "orphan");
    }
  }

  #sameTransient(r: ModelResource, waiting: Waiting): void {
    if (waiting.persistent) return;
    const own = transientOf(r, waiting.client);
    if (own?.mode === waiting.mode) this.#answer(r, waiting, -Errno.EALREADY);
  }

  #samePersistent(r: ModelResource, waiting: Waiting): void {
    if (!waiting.persistent) return;
    if (persistentOf(r)?.mode === waiting.mode) this.#answer(r, waiting, -Errno.EALREADY);
  }

  /** A transient request beside a persistent lock. */
  #coveredByPersistent(r: ModelResource, waiting: Waiting): void {
    const kept = persistentOf(r);
    if (waiting.persistent || kept === undefined) return;
    const covered = kept.mode === Mode.ex || waiting.mode === Mode.sh;
    if (covered) this.#answer(r, waiting, 0);
    else this.#answer(r, waiting, -Errno.EEXIST, true);
  }

  /** A persistent request of a client with a transient lock. */
  #ownTransient(r: ModelResource, waiting: Waiting): void {
    const own = transientOf(r, waiting.client);
    if (!waiting.persistent || own === undefined) return;
    if (persistentOf(r)?.mode === waiting.mode) return; // there is only one
    if (own.mode !== waiting.mode) return this.#answer(r, waiting, -Errno.EEXIST);
    Object.assign(own, { persistent: true, client: 0 });
    this.#answer(r, waiting, 0);
  }

  /** Another mode for the client's transient lock, or for the persistent one. */
  #convert(r: ModelResource, waiting: Waiting): void {
    const held = waiting.persistent ? persistentOf(r) : transientOf(r, waiting.client);
    if (held === undefined || held.mode === waiting.mode) return;
    if (waiting.mode === Mode.ex && r.held.length > 1) {
      return this.#answer(r, waiting, -Errno.EAGAIN);
    }
    const version = versionToWrite(r, held);
    this.#call(r, "convert", waiting.mode, version);
    const { result } = this.world.convert(r.name, waiting.mode, version);
    if (result === 0) {
      if (version !== 0) r.version = version;
      r.mode = held.mode = waiting.mode;
    }
    this.#answer(r, waiting, result);
  }

  /** Shared requests in order, up to the first exclusive one; once it is shared, all of them. */
  #grantShared(r: ModelResource): void {
    const end = r.waiting.findIndex(({ mode }) => mode === Mode.ex);
    const before = end < 0 ? [...r.waiting] : r.waiting.slice(0, end);
    if (r.mode === Mode.un) {
      for (const next of before) {
        if (r.mode === Mode.un) this.#ask(r, next);
      }
    }
    if (r.mode !== Mode.sh) return;
    for (const next of before) if (r.waiting.includes(next)) this.#share(r, next);
  }

  /** A claim of its own for the request, unless its client or everybody has one by now. */
  #share(r: ModelResource, waiting: Waiting): void {
    const has = transientOf(r, waiting.client) ??
      (waiting.persistent ? persistentOf(r) : undefined);
    if (has === undefined) this.#hold(r, waiting);
  }

  /** The first exclusive request, when nothing is held. */
  #grantExclusive(r: ModelResource): void {
    const first = r.waiting.find(({ mode }) => mode === Mode.ex);
    if (r.mode === Mode.un && first !== undefined) this.#ask(r, first);
  }

  /** Asks the lock manager, unless the request waits for its next attempt. */
  #ask(r: ModelResource, waiting: Waiting): void {
    if (waiting.parked) return;
    this.#call(r, "lock", waiting.mode, 0);
    const { result, retry, version } = this.world.lock(r.name, waiting.mode);
    if (result === 0) {
      r.mode = waiting.mode;
      if (r.isVg && version !== 0) r.version = version;
      this.#hold(r, waiting);
    } else if ((r.isVg || retry === true) && waiting.retries <= waiting.maxRetries) {
      waiting.retries++;
      waiting.parked = true;
      this.#timers.set(`${r.name} ${waiting.id}`, waiting);
    } else {
      this.#answer(r, waiting, result);
    }
  }

  #hold(r: ModelResource, waiting: Waiting): void {
    const { mode, persistent } = waiting;
    const client = persistent ? 0 : waiting.client;
    r.held.push({ client, mode, persistent, version: 0, orphan: false });
    this.#answer(r, waiting, 0);
  }
}
