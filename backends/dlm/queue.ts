/**
 * How many calls of the libraries may be under way at once. Each blocks one thread of the runtime:
 * a lock for milliseconds, but for as long as it takes while the DLM recovers from the loss of a
 * node; a join until there is a quorum. All queues together have no more of them than all lock
 * managers may take (`backends/threads.ts`), so no queue keeps another from its calls.
 *
 * What waits here is bounded by the callers: they make one call at a time for one resource.
 *
 * @module
 */

import { threads } from "../threads.ts";

/** Lets a limited number of calls through at a time, the others in the order in which they came. */
export class Queue {
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

/** The threads of one process, by what may keep them. */
export class Threads {
  /** Locks: one at a time in each lockspace. */
  readonly locks = new Queue(14);
  /** Joins wait for dlm_controld on all nodes. */
  readonly joins = new Queue(4);
  /** Leaves wait for dlm_controld, but must not wait for a join that has no end. */
  readonly leaves = new Queue(4);
  /** Questions to dlm_controld, which answers from memory. */
  readonly control = new Queue(2);
}
