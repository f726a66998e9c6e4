/**
 * The only source of chance in a simulation: a small generator with one seed, so that a run can be
 * repeated. Not for anything secret.
 *
 * @module
 */

export class Chance {
  #state: number;

  /** @param seed 0 to 4294967295. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned 32-bit number (mulberry32, public domain). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return this.next() % below;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `parts` of a thousand cases. */
  perMille(parts: number): boolean {
    return this.below(1000) < parts;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Another generator whose numbers do not depend on how many this one gives later. */
  fork(): Chance {
    return new Chance(this.next());
  }
}
