/**
 * Defects on purpose, in the manner of parsers and tables, so that the fuzzer can be seen to find
 * some. Each lies behind conditions that random inputs do not meet together; whoever is told that one
 * of them was met gets to the next.
 *
 * @module
 */

/** A defect of a parser: five bytes, each looked at only if the one before is right. */
export function parseWithDefect(text: string): number {
  let depth = 0;
  if (text.charCodeAt(0) === 0x7b) {
    depth++;
    if (text.charCodeAt(1) === 0xe9) {
      depth++;
      if (text.charCodeAt(2) === text.charCodeAt(0) + 4) {
        depth++;
        if (text.charCodeAt(3) === 0x11) {
          depth++;
          if (text.charCodeAt(4) === 0xc3) throw new TypeError("planted");
        }
      }
    }
  }
  return depth;
}

/** A defect of cost: a list that is walked from its beginning for every comma. */
export function splitSlowly(text: string): number {
  let parts = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ",") continue;
    for (let j = 0; j <= i; j++) if (text[j] === ",") parts++;
  }
  return parts;
}

/** A defect of a protocol: after a certain order of messages it gives no answer. */
export class StateWithDefect {
  #state = 0;

  /** Returns whether there is an answer. */
  handle(message: string): boolean {
    if (message === "open") this.#state = 1;
    else if (message === "lock" && this.#state === 1) this.#state = 2;
    else if (message === "stop" && this.#state === 2) this.#state = 3;
    else if (message === "lock" && this.#state === 3) return false;
    else if (message === "close") this.#state = 0;
    return true;
  }
}
