/**
 * LVM's config text, as far as requests use it: `key = value` pairs, with or without blanks, one a
 * line or several, with comments, nested sections and arrays tolerated. Text is a byte string.
 *
 * @module
 */

/** A value of another kind than text or integer (float, array); such a field counts as missing. */
export const OTHER = Symbol("other value");
export type Value = string | number | typeof OTHER;

/** The text is not config text; `message` says what was wrong and where. */
export class ConfigTextError extends Error {
  override name = "ConfigTextError";
}

const TAB = 9, LF = 10, CR = 13, BLANK = 32, QUOTE = 34, HASH = 35, APOSTROPHE = 39;
const BACKSLASH = 92, EQUALS = 61, OPEN = 123, CLOSE = 125, OPEN_ARRAY = 91, CLOSE_ARRAY = 93;
const COMMA = 44;
/** Sections and arrays deeper than this are refused; real messages have none. */
const MAX_DEPTH = 32;

/**
 * The pairs outside any section. The first of several equal keys counts, as in the stock daemon.
 * @throws {ConfigTextError} if the text cannot be understood, or holds no pair at all.
 */
export function parseConfigText(text: string): Map<string, Value> {
  const nul = text.indexOf("\0");
  if (nul >= 0) throw new ConfigTextError(`a NUL at byte ${nul}`);
  const parser = new Parser(text);
  const pairs = parser.body(0);
  if (pairs.size === 0) throw new ConfigTextError("The request is empty");
  return pairs;
}

class Parser {
  #at = 0;
  constructor(private readonly text: string) {}

  body(depth: number): Map<string, Value> {
    const pairs = new Map<string, Value>();
    if (depth > MAX_DEPTH) this.#fail("sections are nested too deeply");
    for (;;) {
      const c = this.#skip();
      if (Number.isNaN(c)) {
        if (depth > 0) this.#fail("a section is not closed");
        return pairs;
      }
      if (c === CLOSE) {
        if (depth === 0) this.#fail('unexpected "}"');
        this.#at++;
        return pairs;
      }
      this.#pair(pairs, depth);
    }
  }

  #pair(pairs: Map<string, Value>, depth: number): void {
    const key = this.#key();
    const c = this.#skip();
    if (c === OPEN) {
      this.#at++;
      this.body(depth + 1);
    } else if (c === EQUALS) {
      this.#at++;
      this.#skip();
      const value = this.#value(depth);
      if (!pairs.has(key)) pairs.set(key, value);
    } else {
      this.#fail(`"=" or "{" expected after "${key.slice(0, 32)}"`);
    }
  }

  /** Skips blanks and comments; returns the next character's code, NaN at the end. */
  #skip(): number {
    for (;;) {
      const c = this.text.charCodeAt(this.#at);
      if (c === BLANK || c === LF || c === TAB || c === CR) this.#at++;
      else if (c === HASH) {
        const end = this.text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.text.length : end;
      } else return c;
    }
  }

  #key(): string {
    if (this.text.charCodeAt(this.#at) === QUOTE) return this.#quoted();
    const key = this.#bare(false);
    if (key === "") this.#fail("a name is missing");
    return key;
  }

  /** A run of characters that end neither a name nor a bare value. */
  #bare(inArray: boolean): string {
    const from = this.#at;
    for (;; this.#at++) {
      const c = this.text.charCodeAt(this.#at);
      if (Number.isNaN(c) || c === BLANK || c === LF || c === TAB || c === CR) break;
      if (c === HASH || c === EQUALS || c === OPEN || c === CLOSE) break;
      if (inArray && (c === COMMA || c === CLOSE_ARRAY)) break;
    }
    return this.text.slice(from, this.#at);
  }

  #value(depth: number, inArray = false): Value {
    const c = this.text.charCodeAt(this.#at);
    if (c === QUOTE) return this.#quoted();
    if (c === APOSTROPHE) return this.#singleQuoted();
    if (c === OPEN_ARRAY) return this.#array(depth + 1);
    const word = this.#bare(inArray);
    if (word === "") this.#fail("a value is missing");
    return number(word) ?? word;
  }

  #quoted(): string {
    const from = ++this.#at;
    const end = this.text.indexOf('"', from);
    if (end < 0) this.#fail("a string is not closed");
    const plain = this.text.slice(from, end);
    if (!plain.includes("\\")) {
      this.#at = end + 1;
      return plain;
    }
    return this.#escaped();
  }

  /** A string with `\"` or `\\` in it; other backslashes stand for themselves. */
  #escaped(): string {
    const parts: string[] = [];
    for (;; this.#at++) {
      const c = this.text.charCodeAt(this.#at);
      if (Number.isNaN(c)) this.#fail("a string is not closed");
      if (c === QUOTE) break;
      const next = this.text.charCodeAt(this.#at + 1);
      if (c === BACKSLASH && (next === QUOTE || next === BACKSLASH)) this.#at++;
      parts.push(this.text[this.#at]!);
    }
    this.#at++;
    return parts.join("");
  }

  #singleQuoted(): string {
    const from = this.#at + 1;
    const end = this.text.indexOf("'", from);
    if (end < 0) this.#fail("a string is not closed");
    this.#at = end + 1;
    return this.text.slice(from, end);
  }

  #array(depth: number): typeof OTHER {
    if (depth > MAX_DEPTH) this.#fail("arrays are nested too deeply");
    this.#at++;
    for (;;) {
      const c = this.#skip();
      if (Number.isNaN(c)) this.#fail("an array is not closed");
      if (c === CLOSE_ARRAY) break;
      if (c === COMMA) this.#at++;
      else this.#value(depth, true);
    }
    this.#at++;
    return OTHER;
  }

  #fail(what: string): never {
    const line = this.text.slice(0, this.#at).split("\n").length;
    throw new ConfigTextError(`${what} at byte ${this.#at} (line ${line})`);
  }
}

/** Integers as strtoll reads them with base 0; floats are another kind of value. */
function number(word: string): number | typeof OTHER | undefined {
  const c = word.charCodeAt(0);
  const digit = c >= 48 && c <= 57;
  if (!digit && c !== 43 && c !== 45 && c !== 46) return undefined;
  if (/^[1-9][0-9]*$/.test(word)) return Number(word);
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(word);
  if (match !== null) {
    const digits = match[2]!;
    const octal = digits.length > 1 && /^0[0-7]/.test(digits);
    const size = octal ? parseInt(digits, 8) : Number(digits);
    return match[1] === "-" ? -size : size;
  }
  // In linear time: a run of digits is matched in one way only.
  return /^[+-]?[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?$/.test(word) ? OTHER : undefined;
}
