/**
 * A small seeded random number generator (mulberry32). The same seed gives the same numbers for
 * ever, so that a script can be named by its seed alone.
 *
 * @module
 */

/** Random choices from one seed. */
export class Prng {
  #state: number;

  /** `seed`: any integer; its low 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const element = list[this.below(list.length)];
    if (element === undefined) throw new RangeError("cannot pick from an empty list");
    return element;
  }

  /** One value of a table of [weight, value] rows; weights are positive. */
  weighted<T>(rows: readonly (readonly [number, T])[]): T {
    const total = rows.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.next() * total;
    for (const [weight, value] of rows) {
      left -= weight;
      if (left < 0) return value;
    }
    return rows[rows.length - 1]![1];
  }
}
