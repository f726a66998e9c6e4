/**
 * How many calls of the library may be under way at once. Each blocks one thread of the runtime: five
 * seconds if another host has the mutex or its drives do not answer. All lanes together have no more
 * of them than all lock managers may take (`backends/threads.ts`), so no lane keeps another from its
 * calls.
 *
 * What waits here is bounded by the callers: they make one call at a time for one resource.
 *
 * @module
 */

import { threads } from "../threads.ts";

/** Lets a limited number of calls through at a time, the others in the order in which they came. */
export class Lane {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit most calls at a time. */
  constructor(readonly limit: number) {}

  /** Makes a call when its turn has come. */
  run<T>(call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve) => {
      const start = () => {
        this.#running++;
        resolve(threads.run(call).finally(() => this.#ended()));
      };
      if (this.#running < this.limit) start();
      else this.#waiting.push(start);
    });
  }

  #ended(): void {
    this.#running--;
    this.#waiting.shift()?.();
  }
}

/** The lanes of one process. One thread more waits for connections that end. */
export class Lanes {
  /** Taking and converting mutexes: what other hosts can delay. */
  readonly locks = new Lane(12);
  /** Releasing, value blocks, questions: never behind locks of other VGs. */
  readonly others = new Lane(6);
  /** Connecting. */
  readonly connections = new Lane(2);
  /** Leaving, which takes about a second. */
  readonly leaves = new Lane(4);
}
