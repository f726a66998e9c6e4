/**
 * Tells a person who waits what is being waited for and for how long already: one line on standard
 * error, written over where that is a terminal, else a new line now and then.
 *
 * @module
 */
import type { CtlIo } from "./io.ts";

const tickMs = 1000;
/** Waits shorter than this are not worth a word. */
const firstMs = 2000;
/** On something that is no terminal, each line stays: say less. */
const plainEveryMs = 30_000;

const clearLine = "\r\x1b[K";

/** Decides what is written at which time. Has no clock of its own, so that it can be tested. */
export class ProgressLine {
  #lastPlainMs: number | undefined;
  #shown = false;

  constructor(readonly io: CtlIo, readonly describe: () => string) {}

  /** To be called about once a second with the time waited so far. */
  tick(elapsedMs: number): void {
    if (elapsedMs < firstMs) return;
    const text = `${this.describe()} (${formatElapsed(elapsedMs)})`;
    if (this.io.errIsTerminal) {
      this.io.err(clearLine + text);
      this.#shown = true;
    } else if (this.#lastPlainMs === undefined || elapsedMs - this.#lastPlainMs >= plainEveryMs) {
      this.io.err(`${text}\n`);
      this.#lastPlainMs = elapsedMs;
    }
  }

  /** Removes the line from a terminal. */
  end(): void {
    if (this.#shown) this.io.err(clearLine);
    this.#shown = false;
  }
}

/** `7 s`, `2 min 5 s`, `3 h 0 min`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Waits for `work` and shows what `describe` says meanwhile. */
export async function withProgress<T>(
  io: CtlIo,
  describe: () => string,
  work: () => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(io, describe);
  const start = performance.now();
  const timer = setInterval(() => line.tick(performance.now() - start), tickMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    line.end();
  }
}
