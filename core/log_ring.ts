/**
 * The in-memory log behind `lvmlockctl --dump`: the newest lines. Every request leaves two of them
 * and hardly ever somebody reads one, so what a line tells is kept, and its text is made when it is
 * read.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A line is cut to this many characters, as in the stock daemon. */
const MAX_LINE = 254;

/** What is kept of a line, whatever it means. Texts are byte strings, numbers have 32 bits. */
export type Texts = readonly [string, string, string, string];
export type Numbers = readonly [number, number, number, number];

/** Makes the text of a line. */
export type MakeLine = (texts: Texts, numbers: Numbers) => string;

const noNumbers: Numbers = [0, 0, 0, 0];
const asItIs: MakeLine = ([text]) => text;

export class LogRing {
  readonly #lines: Lines;
  /** Lines ever added. */
  #added = 0;
  /** Where the next line goes. */
  #next = 0;

  /** @param capacity lines kept. */
  constructor(readonly capacity: number) {
    this.#lines = new Lines(
      new Array(capacity).fill(asItIs),
      new Array(capacity * 4).fill(""),
      new Int32Array(capacity * 4),
      new Float64Array(capacity),
    );
  }

  /** Adds a line with this text. */
  add(text: string): void {
    // A part of a text keeps all of it in memory.
    const kept = text.length <= MAX_LINE
      ? text
      : Buffer.from(text.slice(0, MAX_LINE), "latin1").toString("latin1");
    this.addLine(asItIs, [kept, "", "", ""], noNumbers);
  }

  /** Adds a line whose text `make` makes of the others. */
  addLine(make: MakeLine, texts: Texts, numbers: Numbers): void {
    this.#lines.set(this.#next, make, texts, numbers);
    this.#added++;
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1;
  }

  /**
   * The lines that are here when the first is asked for, the newest first: `<unix seconds> <text>` and
   * a line break. Others may be added meanwhile.
   */
  *newestFirst(): Generator<string> {
    const lines = this.#lines.copy();
    const [next, count] = [this.#next, Math.min(this.#added, this.capacity)];
    for (let age = 1; age <= count; age++) {
      yield lines.line((next - age + this.capacity) % this.capacity);
    }
  }
}

/** All lines in four arrays: as objects each would be garbage one day. */
class Lines {
  constructor(
    private readonly makers: MakeLine[],
    private readonly texts: string[],
    private readonly numbers: Int32Array<ArrayBuffer>,
    private readonly seconds: Float64Array<ArrayBuffer>,
  ) {}

  copy(): Lines {
    const { makers, texts, numbers, seconds } = this;
    return new Lines(makers.slice(), texts.slice(), numbers.slice(), seconds.slice());
  }

  set(at: number, make: MakeLine, texts: Texts, numbers: Numbers): void {
    this.makers[at] = make;
    this.seconds[at] = Math.floor(Date.now() / 1000);
    for (let i = 0; i < 4; i++) {
      this.texts[at * 4 + i] = texts[i]!;
      this.numbers[at * 4 + i] = numbers[i]!;
    }
  }

  line(at: number): string {
    const [from, to] = [at * 4, at * 4 + 4];
    const texts = this.texts.slice(from, to) as unknown as Texts;
    const numbers = [...this.numbers.subarray(from, to)] as unknown as Numbers;
    const text = this.makers[at]!(texts, numbers).replaceAll("\n", " ");
    return `${`${this.seconds[at]} ${text}`.slice(0, MAX_LINE)}\n`;
  }
}
