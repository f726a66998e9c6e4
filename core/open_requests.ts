/**
 * What is known of the requests that are not answered yet, each under its number.
 *
 * @module
 */
import type { RequestId } from "./types.ts";

/** Places at the beginning. A power of two, as ever after. */
const PLACES = 256;

/** Numbers are 32 bits wide, and 0 is none. */
const LAST_NUMBER = 0xffffffff;

/**
 * Numbers go up, and one is not used again before four thousand million others. A Map does the same
 * but makes garbage of its own: it cannot use the places of what was taken out before it has copied
 * itself, which with a few entries happens every fourth time.
 */
export class OpenRequests<Known> {
  /** What has number n is at n modulo their count, where no other open request is. */
  #places = new Array<Known | undefined>(PLACES).fill(undefined);
  #numbers = new Array<RequestId>(PLACES).fill(0);
  #last = 0;
  #count = 0;

  /** Takes it in and returns its number. */
  add(known: Known): RequestId {
    if (++this.#count * 2 > this.#places.length) this.#grow();
    do this.#last = this.#last === LAST_NUMBER ? 1 : this.#last + 1; while (
      this.#numbers[this.#placeOf(this.#last)] !== 0
    );
    this.#put(this.#last, known);
    return this.#last;
  }

  get(number: RequestId): Known | undefined {
    const place = this.#placeOf(number);
    return this.#numbers[place] === number ? this.#places[place] : undefined;
  }

  delete(number: RequestId): void {
    const place = this.#placeOf(number);
    if (number === 0 || this.#numbers[place] !== number) return;
    this.#numbers[place] = 0;
    this.#places[place] = undefined;
    this.#count--;
  }

  #put(number: RequestId, known: Known | undefined): void {
    const place = this.#placeOf(number);
    this.#numbers[place] = number;
    this.#places[place] = known;
  }

  #placeOf(number: RequestId): number {
    return number & (this.#places.length - 1);
  }

  /** Those that have places of their own among n have them among 2 n. */
  #grow(): void {
    const [places, numbers] = [this.#places, this.#numbers];
    this.#places = new Array(places.length * 2).fill(undefined);
    this.#numbers = new Array(places.length * 2).fill(0);
    for (const [place, number] of numbers.entries()) {
      if (number !== 0) this.#put(number, places[place]);
    }
  }
}
