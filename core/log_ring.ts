/**
 * The in-memory log behind `lvmlockctl --dump`: the newest lines. Every request leaves two of them
 * and hardly ever somebody reads one, so what a line tells is kept, and its text is made when it is
 * read.
 *
 * @module
 */

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
  // What is kept of a line is in four arrays, since objects would each be garbage one day.
  readonly #makers: MakeLine[];
  readonly #texts: string[];
  readonly #numbers: Int32Array<ArrayBuffer>;
  readonly #seconds: Float64Array<ArrayBuffer>;
  /** Lines ever added. Line n is at n modulo `capacity`. */
  #added = 0;
  /** Where the next line goes. */
  #next = 0;

  /** @param capacity lines kept. */
  constructor(readonly capacity: number) {
    this.#makers = new Array(capacity).fill(asItIs);
    this.#texts = new Array(capacity * 4).fill("");
    this.#numbers = new Int32Array(capacity * 4);
    this.#seconds = new Float64Array(capacity);
  }

  /** Adds a line with this text. */
  add(text: string): void {
    this.addLine(asItIs, [text, "", "", ""], noNumbers);
  }

  /** Adds a line whose text `make` makes of the others. */
  addLine(make: MakeLine, texts: Texts, numbers: Numbers): void {
    const line = this.#next;
    this.#next = line + 1 === this.capacity ? 0 : line + 1;
    this.#added++;
    this.#makers[line] = make;
    this.#seconds[line] = Math.floor(Date.now() / 1000);
    for (let i = 0; i < 4; i++) {
      this.#texts[line * 4 + i] = texts[i]!;
      this.#numbers[line * 4 + i] = numbers[i]!;
    }
  }

  /**
   * The lines that are here now, the newest first: `<unix seconds> <text>` and a line break. Others may
   * be added meanwhile; what they take the places of does not come any more.
   */
  *newestFirst(): Generator<string> {
    for (let n = this.#added - 1; n >= Math.max(0, this.#added - this.capacity); n--) {
      yield this.#line(n % this.capacity);
    }
  }

  #line(line: number): string {
    const at = line * 4;
    const texts = this.#texts.slice(at, at + 4) as unknown as Texts;
    const numbers = [...this.#numbers.subarray(at, at + 4)] as unknown as Numbers;
    const text = this.#makers[line]!(texts, numbers).replaceAll("\n", " ");
    const whole = `${this.#seconds[line]} ${text}`;
    return `${whole.slice(0, MAX_LINE)}\n`;
  }
}
