/**
 * Times of sanlock, in milliseconds, from its I/O timeout T.
 *
 * @module
 */

export interface Timing {
  /** A call that the disk does not answer takes so long. */
  ioMs: number;
  /** Between two renewals. */
  renewalMs: number;
  /** Without a renewal: the lockspace is given up. */
  lostMs: number;
  /** Without a renewal: the owner of a lock is reported as failing. */
  doubtfulMs: number;
  /** Without a renewal: the watchdog has the host reset, unless its lockspace is cleared. */
  watchdogMs: number;
  /** Without a renewal: its locks are free. Two renewals of the observer included. */
  deadMs: number;
  /** Shortest join. */
  joinMs: number;
}

const WATCHDOG_MS = 60_000;

/** @param seconds the I/O timeout. */
export function timingOf(seconds: number): Timing {
  const ioMs = seconds * 1000;
  return {
    ioMs,
    renewalMs: 2 * ioMs,
    lostMs: 8 * ioMs,
    doubtfulMs: 5 * ioMs,
    watchdogMs: 8 * ioMs + WATCHDOG_MS - 5000,
    deadMs: 8 * ioMs + WATCHDOG_MS + 2 * ioMs,
    joinMs: 2 * ioMs,
  };
}
