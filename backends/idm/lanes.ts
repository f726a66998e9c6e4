/**
 * How many calls of the library may be under way at once. Each blocks one thread of the runtime: five
 * seconds if another host has the mutex or its drives do not answer. All lanes together have no more
 * of them than all lock managers may take (`backends/threads.ts`), so no lane keeps another from its
 * calls.
 *
 * @module
 */

import { ThreadLane } from "../threads.ts";

/** The lanes of one process. One thread more waits for connections that end. */
export class Lanes {
  /** Taking and converting mutexes: what other hosts can delay. */
  readonly locks = new ThreadLane(12);
  /** Releasing, value blocks, questions: never behind locks of other VGs. */
  readonly others = new ThreadLane(6);
  /** Connecting. */
  readonly connections = new ThreadLane(2);
  /** Leaving, which takes about a second. */
  readonly leaves = new ThreadLane(4);
}
