/**
 * Sets of states as large as memory allows: 128 bit hashes, and the packed states that are still to
 * be looked at.
 *
 * @module
 */

/** Copies into an array of twice the length if `needed` elements do not fit. */
export function grown<T extends Uint32Array | Uint16Array | Float64Array>(
  from: T,
  needed: number,
): T {
  if (needed <= from.length) return from;
  const make = from.constructor as new (length: number) => T;
  const larger = new make(Math.max(needed, from.length * 2));
  larger.set(from);
  return larger;
}

/** States by number, in the order in which they were found. Equal hashes are equal states. */
export class StateSet {
  #keys = new Uint32Array(4 << 12);
  /** Numbers plus 1, by hash; 0 is free. */
  #slots = new Uint32Array(1 << 13);
  size = 0;

  /**
   * Number of the state whose hash is in four words at `at`; `added` says whether it is new.
   */
  add(words: Int32Array, at: number): number {
    const a = words[at]! >>> 0, b = words[at + 1]! >>> 0;
    const c = words[at + 2]! >>> 0, d = words[at + 3]! >>> 0;
    const mask = this.#slots.length - 1;
    for (let slot = a & mask;; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0) return this.#insert(slot, a, b, c, d);
      const key = (found - 1) * 4, keys = this.#keys;
      if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d) {
        return found - 1;
      }
    }
  }

  #insert(slot: number, a: number, b: number, c: number, d: number): number {
    const number = this.size++;
    this.#keys = grown(this.#keys, this.size * 4);
    this.#keys[number * 4] = a;
    this.#keys[number * 4 + 1] = b;
    this.#keys[number * 4 + 2] = c;
    this.#keys[number * 4 + 3] = d;
    this.#slots[slot] = number + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = this.#keys[number * 4]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** Triples of 32 bit words by number: compared as they are, not by hash. */
export class TripleSet {
  triples = new Uint32Array(3 << 12);
  #slots = new Uint32Array(1 << 13);
  size = 0;

  add(a: number, b: number, c: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = spread(a, b, c) & mask;; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0) return this.#insert(slot, a, b, c);
      const at = (found - 1) * 3, triples = this.triples;
      if (triples[at] === a && triples[at + 1] === b && triples[at + 2] === c) return found - 1;
    }
  }

  #insert(slot: number, a: number, b: number, c: number): number {
    const number = this.size++;
    this.triples = grown(this.triples, this.size * 3);
    this.triples[number * 3] = a;
    this.triples[number * 3 + 1] = b;
    this.triples[number * 3 + 2] = c;
    this.#slots[slot] = number + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      const [a, b, c] = this.triples.subarray(number * 3, number * 3 + 3);
      let slot = spread(a!, b!, c!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function spread(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ Math.imul(c, 0x85ebca6b), 0x9e3779b1) ^ b;
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

const CHUNK = 1 << 24;

/** Packed states, by number. Those that were looked at may be dropped, in order. */
export class PackedStates {
  readonly #chunks: (Uint8Array | undefined)[] = [];
  #offsets = new Float64Array(1 << 12);
  #count = 0;
  #end = 0;
  #dropped = 0;
  /** Bytes kept now. */
  bytes = 0;

  add(state: Uint8Array): void {
    const size = (state.length + 7) & ~7;
    if (this.#end + size + 8 > this.#chunks.length * CHUNK) {
      this.#end = this.#chunks.length * CHUNK;
      this.#chunks.push(new Uint8Array(CHUNK));
      this.bytes += CHUNK;
    }
    const chunk = this.#chunks.at(-1)!;
    const at = this.#end % CHUNK;
    new DataView(chunk.buffer).setUint32(at, state.length, true);
    chunk.set(state, at + 8);
    this.#offsets = grown(this.#offsets, this.#count + 1);
    this.#offsets[this.#count++] = this.#end;
    this.#end += size + 8;
  }

  get(number: number): Uint8Array {
    const offset = this.#offsets[number]!;
    const chunk = this.#chunks[Math.floor(offset / CHUNK)]!;
    const at = offset % CHUNK;
    const length = new DataView(chunk.buffer).getUint32(at, true);
    return chunk.subarray(at + 8, at + 8 + length);
  }

  /** States before this one are not needed any more. */
  dropBefore(number: number): void {
    const keep = Math.floor(this.#offsets[number]! / CHUNK);
    for (; this.#dropped < keep; this.#dropped++) {
      this.#chunks[this.#dropped] = undefined;
      this.bytes -= CHUNK;
    }
  }
}
