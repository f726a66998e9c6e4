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
const LINE_BREAK = 10;

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
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#stamp = `${second} `;
    }
    let line = this.#stamp + text;
    if (line.length >= MAX_LINE) line = line.slice(0, MAX_LINE - 1);
    if (line.includes("\n")) line = line.replaceAll("\n", " ");
    this.#append(line + "\n");
  }

  #append(line: string): void {
    const room = this.capacity - this.#end;
    if (line.length <= room) {
      this.#buffer.write(line, this.#end, "latin1");
      this.#end += line.length;
      return;
    }
    this.#buffer.write(line.slice(0, room), this.#end, "latin1");
    this.#buffer.write(line.slice(room), 0, "latin1");
    this.#end = line.length - room;
    this.#wrapped = true;
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
