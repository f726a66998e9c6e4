/**
 * The IDM lock manager in memory, for tests: drives that several hosts share, and connections to them.
 * A mutex is held by majority. Time stands still: a lock that another host has is refused at once,
 * and leases run out when a test says so.
 *
 * @module
 */
import type { IlmConnection, IlmLibrary, LockId, LockWish } from "./client.ts";
import { Answered, IlmMode } from "./constants.ts";

interface Mutex {
  mode: IlmMode;
  value: bigint;
  holders: Set<SimulatedConnection>;
}

const keyOf = (id: LockId) => id.toHex();
const ALL_ONES = (1n << 64n) - 1n;

/** One drive, by any number of paths with the same text. */
class Drive {
  readonly mutexes = new Map<string, Mutex>();
  /** It does not answer. */
  broken = false;

  of(key: string): Mutex {
    let mutex = this.mutexes.get(key);
    if (mutex === undefined) {
      mutex = { mode: IlmMode.unlock, value: 0n, holders: new Set() };
      this.mutexes.set(key, mutex);
    }
    return mutex;
  }

  take(key: string, mode: IlmMode, who: SimulatedConnection): boolean {
    const mutex = this.of(key);
    const others = [...mutex.holders].filter((holder) => holder !== who);
    const dead = others.filter((holder) => holder.expired);
    const joins = mutex.mode === IlmMode.shareable && mode === IlmMode.shareable;
    if (others.length > dead.length && !joins) return false;
    if (dead.length > 0 && !joins) {
      mutex.value = ALL_ONES;
      for (const holder of dead) mutex.holders.delete(holder);
    }
    mutex.holders.add(who);
    mutex.mode = mode;
    return true;
  }

  drop(key: string, who: SimulatedConnection, value?: bigint): boolean {
    const mutex = this.of(key);
    if (!mutex.holders.delete(who)) return false;
    if (value !== undefined) mutex.value = value;
    if (mutex.holders.size === 0) mutex.mode = IlmMode.unlock;
    return true;
  }
}

/** What all hosts share. */
export class SimulatedDrives {
  readonly #drives = new Map<string, Drive>();

  at(path: string): Drive {
    let drive = this.#drives.get(path);
    if (drive === undefined) this.#drives.set(path, drive = new Drive());
    return drive;
  }
}

interface Entry {
  drives: Drive[];
  mode: IlmMode;
  value: bigint;
}

class SimulatedConnection implements IlmConnection {
  readonly #entries = new Map<string, Entry>();
  readonly #onEnd = Promise.withResolvers<void>();
  readonly #calls: string[];
  expired = false;
  ended = false;
  closed = false;

  constructor(private readonly host: SimulatedIlm) {
    this.#calls = host.calls;
  }

  get onEnd(): Promise<void> {
    return this.#onEnd.promise;
  }

  /** The manager goes; drives know of it when leases run out. */
  end(): void {
    this.ended = true;
    this.#onEnd.resolve();
  }

  /** @param answer of the manager, unless a test has prepared another one. */
  #answer(name: string, answer: () => number): Promise<number> {
    this.#calls.push(name);
    if (this.ended || this.closed) return Promise.resolve(Answered.notConnected);
    const prepared = this.host.answers[name]?.shift();
    return Promise.resolve(prepared ?? this.#answerAfter(name, answer()));
  }

  #answerAfter(name: string, answer: number): number {
    return this.host.answersAfter[name]?.shift() ?? answer;
  }

  lock(id: LockId, { mode, drives: paths }: LockWish): Promise<number> {
    return this.#answer("lock", () => {
      const key = keyOf(id);
      if (this.#entries.has(key)) return Answered.heldAlready;
      const drives = paths.map((path) => this.host.drives.at(path));
      const good = drives.filter(({ broken }) => !broken);
      if (good.length <= drives.length / 2) return Answered.ioError;
      const taken = good.filter((drive) => drive.take(key, mode, this));
      if (taken.length <= drives.length / 2) {
        for (const drive of taken) drive.drop(key, this);
        return Answered.refused;
      }
      this.#entries.set(key, { drives: taken, mode, value: 0n });
      return Answered.done;
    });
  }

  unlock(id: LockId): Promise<number> {
    return this.#answer("unlock", () => {
      const entry = this.#entries.get(keyOf(id));
      this.#entries.delete(keyOf(id));
      if (entry === undefined) return Answered.refused;
      const good = entry.drives.filter(({ broken }) => !broken);
      for (const drive of good) drive.drop(keyOf(id), this, entry.value);
      if (this.expired) return Answered.expired;
      return good.length > entry.drives.length / 2 ? Answered.done : Answered.ioError;
    });
  }

  convert(id: LockId, mode: IlmMode): Promise<number> {
    return this.#answer("convert", () => {
      const entry = this.#entries.get(keyOf(id));
      if (entry === undefined) return Answered.refused;
      if (this.expired) return Answered.expired;
      const mutexes = entry.drives.map((drive) => drive.of(keyOf(id)));
      if (mode === IlmMode.exclusive && mutexes.some(({ holders }) => holders.size > 1)) {
        return Answered.refused;
      }
      for (const mutex of mutexes) mutex.mode = mode;
      return Answered.done;
    });
  }

  writeValue(id: LockId, value: bigint): Promise<number> {
    return this.#answer("writeValue", () => {
      const entry = this.#entries.get(keyOf(id));
      if (entry === undefined) return Answered.refused;
      entry.value = value;
      return Answered.done;
    });
  }

  async readValue(id: LockId): Promise<{ result: number; value: bigint }> {
    const entry = this.#entries.get(keyOf(id));
    const result = await this.#answer("readValue", () => entry === undefined ? -1 : 0);
    if (result < 0 || entry === undefined) return { result, value: 0n };
    entry.value = entry.drives[0]!.of(keyOf(id)).value;
    return { result, value: entry.value };
  }

  async hostCount(id: LockId, { drives }: LockWish) {
    const holders = drives.map((path) => [...this.host.drives.at(path).of(keyOf(id)).holders]);
    const live = holders.map((each) => each.filter(({ expired }) => !expired));
    const result = await this.#answer("hostCount", () => 0);
    const others = Math.max(0, ...live.map((each) => each.filter((one) => one !== this).length));
    return { result, others, self: live.some((each) => each.includes(this)) };
  }

  setKillPath(path: string, args: string): Promise<number> {
    this.host.killPaths.push(`${path} ${args}`);
    return this.#answer("setKillPath", () => 0);
  }

  stopWatching(): void {
    this.#calls.push("stopWatching");
  }

  close(): Promise<void> {
    if (!this.closed) this.host.closed++;
    this.closed = true;
    this.host.connections.delete(this);
    return Promise.resolve();
  }
}

/** One host's manager. */
export class SimulatedIlm implements IlmLibrary {
  readonly connections = new Set<SimulatedConnection>();
  readonly calls: string[] = [];
  readonly killPaths: string[] = [];
  /** Number of connections that were closed. */
  closed = 0;
  /** Next answers of a call, by its name; what is not here is answered truly. */
  readonly answers: Record<string, number[]> = {};
  /** The same, for calls that are made before they are answered so. */
  readonly answersAfter: Record<string, number[]> = {};
  running = true;

  constructor(readonly drives: SimulatedDrives) {}

  connect(): Promise<IlmConnection | number> {
    if (!this.running) return Promise.resolve(Answered.unknown);
    const connection = new SimulatedConnection(this);
    this.connections.add(connection);
    return Promise.resolve(connection);
  }

  /** It ends; nothing is released. */
  stop(): void {
    this.running = false;
    for (const connection of this.connections) connection.end();
  }

  /** No lease of this host was renewed. */
  expire(): void {
    for (const connection of this.connections) connection.expired = true;
  }
}
