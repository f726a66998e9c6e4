/**
 * Makes new inputs of old ones. Inputs are byte strings; those of a target that is made of records of
 * equal length are cut and joined at their borders.
 *
 * @module
 */
import type { Prng } from "../../oracle/prng.ts";

export interface Shape {
  /** Longest input, bytes. */
  maxLength: number;
  /** Bytes of a record; 1 for text. */
  unit: number;
  /** Words that mean something to the code under test. */
  words: readonly string[];
}

/** Numbers at the edge of something, as text. */
const numbers = ["0", "-1", "1", "63", "64", "65", "255", "256", "4096", "65535", "65536"]
  .concat(["2147483647", "2147483648", "-2147483648", "4294967295", "4294967296"])
  .concat(["9007199254740993", "18446744073709551615", "1e999", "0x10", "010", "NaN"]);

/** Bytes at the edge of something. */
const edges = [0, 1, 9, 10, 13, 31, 32, 34, 39, 47, 48, 57, 58, 64, 91, 92, 93, 127, 128, 192, 255];

/** Lengths: mostly short. */
function length(random: Prng, most: number): number {
  return 1 + random.below(Math.min(most, random.pick([1, 2, 4, 8, 16, 64, 256])));
}

export class Mutator {
  constructor(private readonly random: Prng, private readonly shape: Shape) {}

  /** A changed `text`, with parts of `other` perhaps. */
  mutate(text: string, other: string): string {
    let result = text;
    for (let changes = 1 << this.random.below(5); changes > 0; changes--) {
      result = this.#change(result, other);
    }
    return result.slice(0, this.shape.maxLength);
  }

  #change(text: string, other: string): string {
    const way = this.random.below(12);
    if (way < 3) return this.#overwrite(text);
    if (way < 6) return this.#word(text);
    return this.#move(text, other, way);
  }

  /** A border between two records. */
  #border(text: string): number {
    const { unit } = this.shape;
    return unit * this.random.below(Math.floor(text.length / unit) + 1);
  }

  #overwrite(text: string): string {
    const { random } = this;
    if (text === "") return String.fromCharCode(random.below(256));
    const at = random.below(text.length);
    const old = text.charCodeAt(at);
    const fresh = random.pick([
      () => random.below(256),
      () => random.pick(edges),
      () => old ^ (1 << random.below(8)),
      () => old + 1 - 2 * random.below(2),
    ])();
    return text.slice(0, at) + String.fromCharCode(fresh & 255) + text.slice(at + 1);
  }

  #word(text: string): string {
    const { random, shape } = this;
    if (shape.unit > 1 || shape.words.length === 0) return this.#overwrite(text);
    const word = random.chance(0.2) ? random.pick(numbers) : random.pick(shape.words);
    const at = random.below(text.length + 1);
    const from = random.chance(0.5) ? at : Math.min(text.length, at + word.length);
    return text.slice(0, at) + word + text.slice(from);
  }

  #move(text: string, other: string, way: number): string {
    const { random, shape: { unit, maxLength } } = this;
    const at = this.#border(text);
    const end = Math.min(text.length, at + unit * length(random, 256));
    switch (way) {
      case 6: // leave out
        return text.slice(0, at) + text.slice(end);
      case 7: // again and again
        return text.slice(0, end) + this.#repeated(text.slice(at, end), maxLength - text.length) +
          text.slice(end);
      case 8: // to another place
        return this.#insert(text, text.slice(at, end));
      case 9: { // from another input
        const from = this.#border(other);
        return this.#insert(text, other.slice(from, from + unit * length(random, 256)));
      }
      case 10: // go on as another input
        return text.slice(0, at) + other.slice(this.#border(other));
      default: // fresh bytes
        return this.#insert(text, this.#fresh(unit * length(random, 8)));
    }
  }

  #insert(text: string, part: string): string {
    const at = this.#border(text);
    return text.slice(0, at) + part + text.slice(at);
  }

  #repeated(part: string, room: number): string {
    if (part === "" || room <= 0) return "";
    const most = this.random.chance(0.05) ? 4096 : 16;
    return part.repeat(Math.min(1 + this.random.below(most), Math.ceil(room / part.length)));
  }

  #fresh(count: number): string {
    let text = "";
    for (let i = 0; i < count; i++) text += String.fromCharCode(this.random.below(256));
    return text;
  }
}
