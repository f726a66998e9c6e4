/**
 * What the simulated managers have in common: hosts that die, stand still and come back, daemon
 * processes whose calls end late or never, and the faults that a call may meet.
 *
 * @module
 */
import type { Outcome, ValueBlock } from "../../../backends/lock_manager.ts";
import { type ManagerFaults, noFaults, type Surroundings } from "../manager.ts";

export const noValueBlock: Readonly<ValueBlock> = Object.freeze({
  version: 0,
  flags: 0,
  resourceVersion: 0,
});

/** Format of a value block that was written, and its flag that the VG was removed. */
export const FORMAT = 0x0101;
export const REMOVED_FLAG = 0x0001;

/** What befalls one call. */
export type Fault = "" | "failed" | "doneButFailed";

/** The part of a simulated manager that hosts and processes share. */
export interface World {
  readonly around: Surroundings;
  faults: ManagerFaults;
}

/** One host, across its crashes. */
export class Host {
  up = true;
  paused = false;
  cut = false;
  /** The manager's own daemon runs here. */
  managed = true;
  /** Counts the lives of this host: what belongs to an earlier one is of no effect. */
  life = 0;
  /** The daemon process that is connected now, or was last. */
  process: Process | undefined;
  #late: (() => void)[] = [];

  constructor(readonly number: number, readonly world: World) {}

  /** Its disks and the network can be used now. */
  get reaches(): boolean {
    return this.up && !this.cut && !this.paused;
  }

  /** Runs an action of this host in so many milliseconds; later if it stands still, never if it dies. */
  later(ms: number, action: () => void): () => void {
    const life = this.life;
    return this.world.around.clock.after(ms, () => this.awake(action, life));
  }

  /** Runs it now, or when the host goes on. */
  awake(action: () => void, life = this.life): void {
    if (life !== this.life) return;
    if (this.paused) this.#late.push(action);
    else action();
  }

  die(): void {
    this.life++;
    this.up = false;
    this.paused = false;
    this.#late = [];
    if (this.process !== undefined) this.process.dead = true;
  }

  resume(): void {
    this.paused = false;
    const late = this.#late;
    this.#late = [];
    const life = this.life;
    for (const action of late) this.awake(action, life);
  }
}

/** What a call may have to wait for before it is carried out. */
export interface Gate {
  readonly isPassable: boolean;
  /** Runs it as soon as the gate is open. */
  pass(action: () => void): void;
}

/** One daemon process on a host. */
export class Process {
  dead = false;
  /** The one before it, in the same life of the host. */
  readonly #before: Process | undefined;
  readonly #life: number;
  /** Calls that the manager is carrying out. */
  readonly calls = new UnderWay();

  constructor(readonly host: Host) {
    const before = host.process;
    this.#life = host.life;
    this.#before = before !== undefined && before.#life === host.life ? before : undefined;
    host.process = this;
  }

  /** What is to befall a call that is made now. */
  fault(): Fault {
    const { failed, doneButFailed } = this.host.world.faults;
    if (failed === 0 && doneButFailed === 0) return "";
    const { chance } = this.host.world.around;
    const drawn = chance.below(1000);
    if (drawn < failed) return "failed";
    return drawn < failed + doneButFailed ? "doneButFailed" : "";
  }

  /**
   * Makes a call: at once, or late. Late ones are carried out at some time before they are answered,
   * also if this process dies meanwhile; nobody hears of it then.
   * @param leastMs how long it takes at least; it is carried out at the end of that time.
   */
  call<T>(carryOut: () => T, leastMs = 0, gate: Gate = open): Outcome<T> {
    const { around, faults } = this.host.world;
    let answerMs = leastMs;
    if (faults.late !== 0 && faults.lateMs > 0 && around.chance.perMille(faults.late)) {
      answerMs += around.chance.between(1, faults.lateMs);
    }
    if (answerMs === 0 && gate.isPassable) return carryOut();
    const doneMs = answerMs === 0 ? 0 : leastMs + around.chance.below(answerMs - leastMs + 1);
    return this.answer<T>((settle) => {
      const ended = this.calls.begin();
      const perform = () => {
        const result = carryOut();
        ended();
        this.host.later(answerMs - doneMs, () => settle(result));
      };
      if (doneMs === 0) gate.pass(perform);
      else this.host.later(doneMs, () => gate.pass(perform));
    });
  }

  /** An answer to come, which only a process that still lives gets. */
  answer<T>(begin: (settle: (answer: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve) => {
      const life = this.host.life;
      begin((answer) => this.host.awake(() => this.dead || resolve(answer), life));
    });
  }

  get othersSettled(): boolean {
    const before = this.#before;
    return before === undefined || (!before.calls.isUnderWay && before.othersSettled);
  }

  /** Calls back when nothing that the processes before it began is under way any more. */
  whenOthersSettled(action: () => void): void {
    const before = this.#before;
    if (before === undefined) return action();
    before.calls.whenNone(() => before.whenOthersSettled(action));
  }
}

/** Counts what is under way. */
class UnderWay {
  #count = 0;
  #waiting: (() => void)[] = [];

  get isUnderWay(): boolean {
    return this.#count > 0;
  }

  /** The returned function, called once, says that it is over. */
  begin(): () => void {
    this.#count++;
    return () => {
      if (--this.#count > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const action of waiting) action();
    };
  }

  whenNone(action: () => void): void {
    if (this.#count === 0) action();
    else this.#waiting.push(action);
  }
}

const open: Gate = { isPassable: true, pass: (action) => action() };

/** Hosts by their numbers, with the part of a simulated manager that is the same for all. */
export class Hosts<H extends Host> {
  readonly #hosts = new Map<number, H>();

  constructor(private readonly make: (number: number) => H) {}

  of(number: number): H {
    let host = this.#hosts.get(number);
    if (host === undefined) this.#hosts.set(number, host = this.make(number));
    return host;
  }

  get count(): number {
    return this.#hosts.size;
  }

  all(): Iterable<H> {
    return this.#hosts.values();
  }
}

export const withoutFaults = (): ManagerFaults => ({ ...noFaults });
