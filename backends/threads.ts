/**
 * The runtime's threads for calls of lock managers' libraries, counted over all lock managers. A call
 * keeps its thread for as long as it waits: for minutes if a disk hangs or a cluster has no quorum.
 *
 * @module
 */

/** Threads of the runtime's pool; further calls wait, whoever makes them. Seen in Deno 2.9. */
export const POOL_SIZE = 32;

/**
 * What is left to others: the native socket's poller, which must hear of requests whatever hangs, who
 * waits for connections to IDM's manager to end, and what the runtime itself does on threads, files
 * mostly.
 */
const RESERVED = 4;

/** Lets so many calls be under way at once, the others in the order in which they came. */
export class Threads {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Makes a call as soon as there is a thread for it. A call that throws at once is a rejection. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** For all lock managers of this process. */
export const threads = new Threads(POOL_SIZE - RESERVED);
