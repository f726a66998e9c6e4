/**
 * Turns of the event loop. The runtime looks for what came from outside, such as bytes for the HTTP
 * server or the end of a call in another thread, when it has nothing else to do, else only at every
 * 61st turn (tokio's `event_interval`). So whoever takes part of every turn has to leave some out:
 * an empty one takes 2 µs.
 *
 * @module
 */

/** Runs `action` in the event loop's `turns`-th turn from now on. */
export function afterTurns(turns: number, action: () => void): void {
  setImmediate(turns > 1 ? () => afterTurns(turns - 1, action) : action);
}
