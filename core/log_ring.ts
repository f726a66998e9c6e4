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
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Where the next line goes. */
  #end = 0;
  /** Where the older lines end that are still there behind {@link #end}; 0 if there are none. */
  #oldEnd = 0;
  #second = 0;
  #stamp = "";

  /** @param capacity bytes kept; must exceed the length of one line. */
  constructor(readonly capacity: number) {
    this.#bytes = new Uint8Array(capacity);
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
    let length = this.#stamp.length + 1;
    for (let i = 0; i < parts.length; i++) length += parts[i]!.length;
    if (length > MAX_LINE) length = MAX_LINE;
    if (this.#end + length > this.capacity) this.#wrap();
    const last = this.#end + length - 1;
    let at = this.#put(this.#stamp, this.#end, last);
    for (let i = 0; i < parts.length; i++) at = this.#put(parts[i]!, at, last);
    this.#bytes[at] = LINE_BREAK;
    this.#end = at + 1;
  }

  /** Writes a text at `at`, or as much as fits before `last`; returns where it ends. */
  #put(text: string, at: number, last: number): number {
    const bytes = this.#bytes;
    const length = Math.min(text.length, last - at);
    for (let i = 0; i < length; i++) {
      const c = text.charCodeAt(i);
      bytes[at + i] = c === LINE_BREAK ? BLANK : c;
    }
    return at + length;
  }

  /** No line is cut in two: what is left at the end of the buffer stays empty. */
  #wrap(): void {
    this.#oldEnd = this.#end;
    this.#end = 0;
  }

  /** Oldest whole line first, each with a line break at its end. */
  text(): string {
    const buffer = Buffer.from(this.#bytes.buffer);
    const newest = buffer.toString("latin1", 0, this.#end);
    // The newest line has overwritten the beginning of an older one.
    const firstBreak = this.#bytes.indexOf(LINE_BREAK, this.#end);
    if (firstBreak < 0 || firstBreak >= this.#oldEnd) return newest;
    return buffer.toString("latin1", firstBreak + 1, this.#oldEnd) + newest;
  }
}
