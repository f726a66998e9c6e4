/**
 * How long things take by sanlock's rules. T is the I/O timeout in seconds of the host concerned; a
 * host that stops renewing counts as failed after 8 T, and as dead when its watchdog has fired too.
 *
 * Source: the renewal rules in sanlock's manual; measured with 3.8.5.
 *
 * @module
 */

/** sanlock's I/O timeout when nothing else is asked for, seconds. */
export const DEFAULT_IO_TIMEOUT = 10;
/** Seconds until the watchdog of a failed host has reset it. */
const WATCHDOG_SECONDS = 60;
/** sanlock looks at its clocks about once a second; a few such steps belong to every join. */
const POLLING_SECONDS = 3;

/** Without a renewal for so many T the host's leases are about to be lost, and should be noticed. */
const LATE = 4;
/** Without a renewal for so many T sanlock gives the lockspace up. */
const LOST = 8;

export const lateSeconds = (ioTimeout: number) => LATE * ioTimeout;
export const lostSeconds = (ioTimeout: number) => LOST * ioTimeout;

/** Longest join of a host id that was left, or that this host itself used last. Seconds. */
export const joinSeconds = (ioTimeout: number) => 2 * ioTimeout + POLLING_SECONDS;

/** Longest join of a host id last used by somebody else, who must be dead first. Seconds. */
export const takeOverSeconds = (ioTimeout: number) =>
  lostSeconds(ioTimeout) + WATCHDOG_SECONDS + joinSeconds(ioTimeout);
