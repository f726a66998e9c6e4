/**
 * What other hosts can learn about a VG or the global lock. A mutex carries 8 bytes: the time of the
 * last change, in microseconds. They say that something was changed, not what. The value block that
 * LVM's protocol has is therefore kept here and counts for as long as the time is the one that this
 * host has last seen.
 *
 * @module
 */
import type { ValueBlock } from "../lock_manager.ts";

/** Format of a value block that was written. */
const FORMAT = 0x0101;
/** What is read where the last holder died, of the 7 bytes that a drive keeps and of all 8. */
const BROKEN = [(1n << 64n) - 1n, (1n << 56n) - 1n];

const none = (): ValueBlock => ({ version: 0, flags: 0, resourceVersion: 0 });

/** Microseconds since the epoch. */
export type Clock = () => bigint;

/** The runtime's clock counts milliseconds; two changes within one differ all the same, see below. */
export const systemClock: Clock = () => BigInt(Date.now()) * 1000n;

/** One VG's, or the global lock's. */
export class ChangeStamp {
  /** As last read or written; undefined when it is not known what the drives have. */
  #stamp: bigint | undefined;
  #block = none();

  constructor(private readonly clock: Clock) {}

  /** After a lock was taken. @param stamp what was read; undefined if that failed. */
  read(stamp: bigint | undefined): ValueBlock {
    if (stamp === undefined || stamp !== this.#stamp) this.#block = none();
    this.#stamp = stamp !== undefined && BROKEN.includes(stamp) ? undefined : stamp;
    return { ...this.#block };
  }

  /**
   * A change of this host.
   * @returns what is to be written: now, or if the clock of another host is ahead, a little later
   * than what it has written.
   */
  change(version: number): bigint {
    const now = this.clock();
    const last = this.#stamp ?? 0n;
    this.#stamp = last >= now ? last + 1n : now;
    this.#block = { ...this.#block, version: this.#block.version || FORMAT };
    this.#block.resourceVersion = version;
    return this.#stamp;
  }

  /** The drives may or may not have what was to be written. */
  forget(): void {
    this.#stamp = undefined;
    this.#block = none();
  }
}
