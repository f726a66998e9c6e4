/**
 * The in-memory log behind `lvmlockctl --dump`: the newest lines, up to a number of bytes. Writing
 * is cheap, since every request leaves two lines in it.
 *
 * @module
 */

/** A line is cut to this many characters, as in the stock daemon. */
const MAX_LINE = 255;

export class LogRing {
  #lines: string[] = [];
  #first = 0;
  #bytes = 0;

  /** @param capacity bytes kept; must exceed the length of one line. */
  constructor(readonly capacity: number) {}

  /** Adds `<unix seconds> <text>`. Text is a byte string; line breaks in it become blanks. */
  add(text: string): void {
    let line = `${Math.floor(Date.now() / 1000)} ${text}`;
    if (line.length >= MAX_LINE) line = line.slice(0, MAX_LINE - 1);
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    while (this.#bytes > this.capacity) this.#dropFirst();
  }

  #dropFirst(): void {
    this.#bytes -= this.#lines[this.#first]!.length + 1;
    this.#lines[this.#first] = "";
    this.#first++;
    if (this.#first * 2 > this.#lines.length && this.#first > 1024) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Oldest line first, each with a line break at its end. */
  text(): string {
    const lines = this.#lines.slice(this.#first).map((line) => line.replaceAll("\n", " "));
    return lines.length === 0 ? "" : lines.join("\n") + "\n";
  }
}
