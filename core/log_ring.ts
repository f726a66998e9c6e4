/**
 * The in-memory log behind `lvmlockctl --dump`: the newest lines, up to a number of bytes. Every
 * request leaves two lines in it, so lines are written into one buffer instead of being kept as
 * strings, which the garbage collector would have to carry along.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A line is cut to this many characters, as in the stock daemon. */
const MAX_LINE = 255;
const LINE_BREAK = 10, BLANK = 32;

export class LogRing {
  readonly #buffer: Buffer;
  #end = 0;
  #wrapped = false;
  #second = 0;
  #stamp = "";

  /** @param capacity bytes kept; must exceed the length of one line. */
  constructor(readonly capacity: number) {
    this.#buffer = Buffer.alloc(capacity);
  }

  /** Adds `<unix seconds> <text>`. Text is a byte string; line breaks in it become blanks. */
  add(text: string): void {
    this.addParts([text]);
  }

  /**
   * Adds one line whose text comes in parts. They are joined byte by byte in the buffer: making one
   * string of them first costs several times as much, and every request leaves two lines.
   */
  addParts(parts: readonly string[]): void {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#stamp = `${second} `;
    }
    let room = MAX_LINE - 1;
    room -= this.#put(this.#stamp, room);
    for (let i = 0; i < parts.length; i++) room -= this.#put(parts[i]!, room);
    if (this.#end === this.capacity) this.#wrap();
    this.#buffer[this.#end++] = LINE_BREAK;
  }

  /** Writes a text, or as much as fits into `room`; returns how many bytes. */
  #put(text: string, room: number): number {
    const length = Math.min(text.length, room);
    const buffer = this.#buffer;
    let at = this.#end;
    for (let i = 0; i < length; i++) {
      if (at === buffer.length) at = this.#wrap();
      const c = text.charCodeAt(i);
      buffer[at++] = c === LINE_BREAK ? BLANK : c;
    }
    this.#end = at;
    return length;
  }

  #wrap(): number {
    this.#wrapped = true;
    return this.#end = 0;
  }

  /** Oldest whole line first, each with a line break at its end. */
  text(): string {
    const newest = this.#buffer.toString("latin1", 0, this.#end);
    if (!this.#wrapped) return newest;
    const firstBreak = this.#buffer.indexOf(LINE_BREAK, this.#end);
    if (firstBreak >= 0) return this.#buffer.toString("latin1", firstBreak + 1) + newest;
    return newest.slice(newest.indexOf("\n") + 1);
  }
}
