/**
 * A clock for tests of the simulated managers: time passes when a test says so.
 *
 * @module
 */
import { Chance } from "../chance.ts";
import type { Clock, Surroundings } from "../manager.ts";

interface Event {
  at: number;
  action: (() => void) | undefined;
}

export class TestClock implements Clock {
  #now = 1_000_000;
  readonly #events: Event[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const event: Event = { at: this.#now + ms, action };
    // Behind those of the same time.
    let place = this.#events.length;
    while (place > 0 && this.#events[place - 1]!.at > event.at) place--;
    this.#events.splice(place, 0, event);
    return () => event.action = undefined;
  }

  /** Lets time pass, event by event; promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    while (this.#events.length > 0 && this.#events[0]!.at <= end) {
      const { at, action } = this.#events.shift()!;
      this.#now = at;
      action?.();
      await settled();
    }
    this.#now = end;
  }
}

/** Enough turns for the longest chain of promises that a manager makes. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

export interface TestWorld extends Surroundings {
  clock: TestClock;
  /** Hosts that were reset, and VGs whose kill command was run, in their order. */
  log: string[];
}

/** @param reset tells the manager under test. */
export function testWorld(reset: (host: number) => void, seed = 1): TestWorld {
  const log: string[] = [];
  return {
    clock: new TestClock(),
    chance: new Chance(seed),
    log,
    resetHost: (host) => {
      log.push(`reset ${host}`);
      reset(host);
    },
    killCommand: (host, vgName) => void log.push(`kill ${host} ${vgName}`),
  };
}

/** The value of an answer, letting time pass until it is there. */
export async function answered<T>(
  clock: TestClock,
  answer: T | Promise<T>,
  limitMs = 300_000,
): Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  let result: { value: T } | undefined;
  answer.then((value) => result = { value });
  for (let passed = 0; passed <= limitMs; passed += 100) {
    await settled();
    if (result !== undefined) return result.value;
    await clock.pass(100);
  }
  throw new Error(`no answer within ${limitMs} ms`);
}
