/**
 * What a run has reached: a counter for each place in the code under test, and which counts were
 * never seen before.
 *
 * @module
 */

/** Half-open range of counters: those of one module. */
export interface CounterRange {
  from: number;
  to: number;
}

/** A count as one of eight bits: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more. */
function bucketOf(count: number): number {
  if (count < 4) return count === 3 ? 4 : count;
  if (count < 16) return count < 8 ? 8 : 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

/** Gathers what the runs of one target reach. */
export class Coverage {
  readonly #seen: Uint8Array;
  #places = 0;

  /** @param counters written by the code under test; they are read and emptied here. */
  constructor(
    private readonly counters: Uint8Array | Uint32Array,
    private readonly ranges: readonly CounterRange[] = [{ from: 0, to: counters.length }],
  ) {
    this.#seen = new Uint8Array(counters.length);
  }

  /** Places that can be reached. */
  get total(): number {
    return this.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Places that were reached. */
  get reached(): number {
    return this.#places;
  }

  /** Before a run. */
  clear(): void {
    for (const { from, to } of this.ranges) this.counters.fill(0, from, to);
  }

  /** After a run: did it reach a place, or reach one more often, than any run before? */
  isNew(): boolean {
    const { counters } = this;
    let found = false;
    for (const { from, to } of this.ranges) {
      for (let i = from; i < to; i++) {
        const count = counters[i]!;
        if (count === 0) continue;
        const bit = bucketOf(count);
        const seen = this.#seen[i]!;
        if ((seen & bit) !== 0) continue;
        if (seen === 0) this.#places++;
        this.#seen[i] = seen | bit;
        found = true;
      }
    }
    return found;
  }

  /** After a run: everything that it reached, as numbers of place and bucket. */
  features(): number[] {
    const features: number[] = [];
    for (const { from, to } of this.ranges) {
      for (let i = from; i < to; i++) {
        const count = this.counters[i]!;
        if (count !== 0) features.push(i * 256 + bucketOf(count));
      }
    }
    return features;
  }
}
