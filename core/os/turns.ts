/**
 * Turns of the event loop. The runtime looks for what came from outside, such as bytes for the HTTP
 * server or the end of a call in another thread, when it has nothing else to do, else only at every
 * 61st turn (tokio's `event_interval`). So whoever takes part of every turn has to leave some out:
 * a turn that nobody uses takes 2 µs.
 *
 * @module
 */

/**
 * Runs `action` in the event loop's `turns`-th turn from now on, or in the first one after `until`, a
 * time of `performance.now()`: others may use their turns for long.
 */
export function afterTurns(turns: number, action: () => void, until = Infinity): void {
  setImmediate(() => {
    if (turns <= 1 || performance.now() >= until) action();
    else afterTurns(turns - 1, action, until);
  });
}
