/**
 * How many calls of the libraries may be under way at once. Each blocks one thread of the runtime:
 * a lock for milliseconds, but for as long as it takes while the DLM recovers from the loss of a
 * node; a join until there is a quorum. All lanes together have no more of them than all lock
 * managers may take (`backends/threads.ts`), so no lane keeps another from its calls.
 *
 * @module
 */

import { ThreadLane } from "../threads.ts";

/** The lanes of one process, by what may keep their threads. */
export class Lanes {
  /** Locks: one at a time in each lockspace. */
  readonly locks = new ThreadLane(14);
  /** Joins wait for dlm_controld on all nodes. */
  readonly joins = new ThreadLane(4);
  /** Leaves wait for dlm_controld, but must not wait for a join that has no end. */
  readonly leaves = new ThreadLane(4);
  /** Questions to dlm_controld, which answers from memory. */
  readonly control = new ThreadLane(2);
}
