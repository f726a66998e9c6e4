/**
 * How many calls of the library may be under way at once. Each blocks one thread of the runtime for
 * as long as sanlock takes, minutes if a disk hangs. All lanes together have no more of them than all
 * lock managers may take (`backends/threads.ts`), so no lane keeps another from its calls.
 *
 * @module
 */

import { ThreadLane } from "../threads.ts";

/** The lanes of one process. */
export class Lanes {
  /**
   * Joining lockspaces. sanlock has eight threads for all its work, and each of these
   * calls occupies one for its whole duration.
   */
  readonly joins = new ThreadLane(4);

  /** Leaving, also giving up a join: never behind joins, which may wait for minutes. */
  readonly leaves = new ThreadLane(2);

  /**
   * Everything else that may wait for a disk, keyed by its path where the call makes its own
   * connection: a disk that hangs takes two of these at most.
   */
  readonly disk = new ThreadLane(18, 2);

  /** What sanlock's main thread answers: it is never waiting for a disk. */
  readonly main = new ThreadLane(4);
}
