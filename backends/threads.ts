/**
 * The runtime's threads for calls of lock managers' libraries, counted over all lock managers. A call
 * keeps its thread for as long as it waits: for minutes if a disk hangs or a cluster has no quorum.
 *
 * @module
 */
import { Lane } from "./lanes.ts";

/** Threads of the runtime's pool; further calls wait, whoever makes them. Seen in Deno 2.9. */
export const POOL_SIZE = 32;

/**
 * What is left to others: the native socket's poller, which must hear of requests whatever hangs, who
 * waits for connections to IDM's manager to end, and what the runtime itself does on threads, files
 * mostly.
 */
const RESERVED = 4;

/** For all lock managers of this process. */
export const threads = new Lane(POOL_SIZE - RESERVED);

/** A lane whose calls each keep a thread. What only waits for its turn must not have one. */
export class ThreadLane extends Lane {
  override run<T>(call: () => Promise<T>, key?: string): Promise<T> {
    return super.run(() => threads.run(call), key);
  }
}
