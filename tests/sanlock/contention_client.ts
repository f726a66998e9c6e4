/**
 * A client in a contention campaign: asks at random for transient locks of its own and changes the
 * persistent locks of its host, and tells the referee what it is certain of.
 *
 * @module
 */
import type { Prng } from "../oracle/prng.ts";
import {
  type Contender,
  type Line,
  NoAnswer,
  now,
  type PersistentLock,
} from "./contention_host.ts";
import type { HeldMode, Holding } from "./contention_referee.ts";
import { resultOf } from "./daemon_vg.ts";

const [OK, ENOENT, EAGAIN, EALREADY, ECANCELED] = [0, -2, -11, -114, -125];

/** The connection ended before the reply. */
class Lost extends Error {}

/** A resource for transient locks, in the order in which a client may take several. */
export interface Transient {
  name: string;
  request: "lock_gl" | "lock_vg" | "lock_lv";
  /** Number of the LV, 0 if it is none. */
  lv: number;
}

/** What clients do wrong on purpose, to see whether it is noticed. */
export interface Planted {
  /** They take locks that they were refused for granted. */
  believeRefusals: boolean;
}

/** What came of the requests of all clients. */
export class Tally {
  readonly results = new Map<string, number>();
  readonly complaints: string[] = [];
  requests = 0;
  longestMs = 0;

  count(word: string): void {
    this.results.set(word, (this.results.get(word) ?? 0) + 1);
  }
}

interface Mine {
  mode: HeldMode;
  holding: Holding;
}

export class Contestant {
  readonly #mine = new Map<Transient, Mine>();
  #line: Line | undefined;
  #epoch = -1;

  constructor(
    readonly name: string,
    readonly contender: Contender,
    private readonly transients: readonly Transient[],
    private readonly random: Prng,
    private readonly tally: Tally,
    private readonly planted: Planted,
  ) {}

  /** One round: some steps while the host can be asked. Holds no transient lock in the end. */
  async play(): Promise<void> {
    const steps = 3 + this.random.below(3);
    const goesOn = () => this.contender.isUp && this.tally.complaints.length === 0;
    for (let i = 0; i < steps && goesOn(); i++) {
      try {
        await this.#connect();
        await this.#step();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        this.#hangUp();
      }
    }
    await this.#letGo();
  }

  /** Closes the connection: the daemon gives up what was asked for and what is held. */
  #hangUp(): void {
    for (const { holding } of this.#mine.values()) this.contender.ended(holding, now());
    this.#mine.clear();
    this.#line?.[Symbol.dispose]();
    this.#line = undefined;
  }

  async #connect(): Promise<void> {
    if (this.#epoch !== this.contender.epoch) this.#hangUp();
    if (this.#line !== undefined) return;
    this.#epoch = this.contender.epoch;
    try {
      this.#line = await this.contender.open();
    } catch {
      throw new Lost();
    }
  }

  #step(): Promise<void> {
    const { random } = this;
    if (random.chance(0.02)) return Promise.resolve(this.#hangUp());
    return random.weighted([
      [45, () => this.#takeTransient()],
      [20, () => this.#releaseTransient()],
      [15, () => this.#convertTransient()],
      [50, () => this.#changePersistent()],
      [20, () => pause(random.below(15))],
    ])();
  }

  /** All that it has, one after the other or with its connection. */
  async #letGo(): Promise<void> {
    try {
      while (this.#mine.size > 0 && !this.random.chance(0.2)) await this.#releaseTransient();
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
    if (this.#mine.size > 0) this.#hangUp();
  }

  /** Resources only upwards, so that no two clients wait for each other. */
  async #takeTransient(): Promise<void> {
    const highest = Math.max(
      -1,
      ...[...this.#mine.keys()].map((one) => this.transients.indexOf(one)),
    );
    const above = this.transients.slice(highest + 1);
    if (above.length === 0) return;
    const target = this.random.pick(above);
    const mode = this.random.pick(["sh", "ex"] as const);
    const result = await this.#askTransient(target, mode);
    this.#expect(target.name, `${target.request} ${mode}`, result, [OK, EAGAIN]);
    const granted = result === OK || this.planted.believeRefusals && result === EAGAIN;
    if (!granted || this.#epoch !== this.contender.epoch) return;
    const holding = this.contender.granted(this.name, target.name, mode, now());
    this.#mine.set(target, { mode, holding });
  }

  async #releaseTransient(): Promise<void> {
    const target = this.#anyOfMine();
    if (target === undefined) return;
    const { holding } = this.#mine.get(target)!;
    this.contender.ended(holding, now());
    this.#mine.delete(target);
    const result = await this.#askTransient(target, "un");
    const expected = this.planted.believeRefusals ? [OK, ENOENT] : [OK];
    this.#expect(target.name, `${target.request} un`, result, expected);
  }

  async #convertTransient(): Promise<void> {
    const target = this.#anyOfMine();
    if (target === undefined) return;
    const mine = this.#mine.get(target)!;
    const mode = mine.mode === "sh" ? "ex" : "sh";
    if (mode === "sh") this.contender.shared(mine.holding, now());
    const result = await this.#askTransient(target, mode);
    this.#expect(
      target.name,
      `${target.request} to ${mode}`,
      result,
      mode === "ex" ? [OK, EAGAIN] : [OK],
    );
    if (result !== OK || this.#epoch !== this.contender.epoch) return;
    mine.mode = mode;
    if (mode === "ex") this.contender.exclusive(mine.holding, now());
  }

  #anyOfMine(): Transient | undefined {
    return this.#mine.size === 0 ? undefined : this.random.pick([...this.#mine.keys()]);
  }

  #askTransient({ name, request, lv }: Transient, mode: string): Promise<number> {
    const more = { mode, opts: "none", max_retries: this.#retries() };
    const fields = lv === 0 ? this.contender.fields(more) : this.contender.lvFields(lv, more);
    return this.#ask(request, fields, name, mode);
  }

  /** Each takes 1 s: mostly none, not even a second attempt. */
  #retries(): number {
    return this.random.chance(0.004) ? this.random.below(3) : -1;
  }

  /** Changes one that no other client of this host is changing. */
  async #changePersistent(): Promise<void> {
    const free = this.contender.persistent.filter(({ busy }) => !busy);
    if (free.length === 0) return;
    const lock = this.random.pick(free);
    lock.busy = true;
    try {
      if (lock.uncertain) await this.#makeCertain(lock);
      else await this.#changeTo(lock, this.#otherMode(lock.mode));
    } finally {
      lock.busy = false;
    }
  }

  #otherMode(mode: "un" | HeldMode): "un" | HeldMode {
    const others = (["un", "sh", "ex"] as const).filter((each) => each !== mode);
    return this.random.pick(others);
  }

  async #changeTo(lock: PersistentLock, mode: "un" | HeldMode): Promise<void> {
    const { contender } = this;
    const before = lock.mode;
    if (lock.holding !== undefined && mode === "un") contender.ended(lock.holding, now());
    if (lock.holding !== undefined && mode === "sh") contender.shared(lock.holding, now());
    lock.uncertain = true;
    const result = await this.#askPersistent(lock, mode);
    lock.uncertain = false;
    const refusable = before === "un" || mode === "ex";
    this.#expect(
      lock.resource,
      `lock_lv ${before} to ${mode}`,
      result,
      refusable ? [OK, EAGAIN] : [OK],
    );
    if (result !== OK) return;
    lock.mode = mode;
    if (mode === "un") lock.holding = undefined;
    else if (lock.holding === undefined) lock.holding = this.#grantedToHost(lock, mode);
    else if (mode === "ex") contender.exclusive(lock.holding, now());
  }

  #grantedToHost({ resource }: PersistentLock, mode: HeldMode): Holding {
    return this.contender.granted(this.contender.name, resource, mode, now());
  }

  /**
   * The connection broke while the lock was changed. One that was held before is held still, unless it
   * was being released; anything else is settled by a release.
   */
  async #makeCertain(lock: PersistentLock): Promise<void> {
    const held = lock.holding !== undefined && lock.holding.to > now();
    const result = await this.#askPersistent(lock, held ? "sh" : "un");
    this.#expect(lock.resource, "lock_lv again", result, held ? [OK, EALREADY] : [OK, ENOENT]);
    if (held) this.contender.shared(lock.holding!, now());
    else lock.holding = undefined;
    lock.mode = held ? "sh" : "un";
    lock.uncertain = false;
  }

  #askPersistent({ lv, resource }: PersistentLock, mode: string): Promise<number> {
    const more = { mode, opts: "persistent", max_retries: this.#retries() };
    return this.#ask("lock_lv", this.contender.lvFields(lv, more), resource, mode);
  }

  /** Asks, or hangs up in the middle of it. */
  async #ask(
    request: string,
    fields: ReturnType<Contender["fields"]>,
    resource: string,
    mode: string,
  ): Promise<number> {
    const { tally, random } = this;
    const line = this.#line!;
    const asked = line.ask(request, fields);
    if (random.chance(0.03)) setTimeout(() => this.#hangUp(), random.below(12));
    const sentMs = now();
    this.#note(resource, `asks for ${mode}`);
    try {
      const result = resultOf(await asked);
      // A reply may be read although we have hung up; the daemon may have undone what it says.
      if (this.#line !== line) throw new Lost();
      tally.requests++;
      tally.longestMs = Math.max(tally.longestMs, now() - sentMs);
      this.#note(resource, `${mode}: ${result}`);
      return result;
    } catch (error) {
      this.#note(resource, `${mode}: no reply`);
      if (error instanceof NoAnswer) tally.complaints.push(`${this.name}: ${error.message}`);
      tally.count("connection lost");
      throw new Lost();
    }
  }

  #note(resource: string, text: string): void {
    this.contender.note(`${this.name} ${text}`, resource);
  }

  #expect(resource: string, what: string, result: number, expected: readonly number[]): void {
    this.tally.count(result === OK ? "granted" : `${result}`);
    if (expected.includes(result) || this.contender.troubled || result === ECANCELED) return;
    const history = this.contender.history(resource).map((line) => `\n  ${line}`);
    this.tally.complaints.push(`${this.name}: ${what}: ${result}${history.join("")}`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
