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

  constructor(readonly io: Pick<CtlIo, "err" | "errIsTerminal">) {}

  /** Whether a line should be written after this time of waiting. */
  isDue(elapsedMs: number): boolean {
    if (elapsedMs < firstMs) return false;
    if (this.io.errIsTerminal || this.#lastPlainMs === undefined) return true;
    return elapsedMs - this.#lastPlainMs >= plainEveryMs;
  }

  /** Writes what is waited for. */
  show(what: string, elapsedMs: number): void {
    const text = `${what} (${formatElapsed(elapsedMs)})`;
    this.io.err(this.io.errIsTerminal ? clearLine + text : `${text}\n`);
    this.#shown = true;
    this.#lastPlainMs = elapsedMs;
  }

  /** Removes the line from a terminal. */
  end(): void {
    if (this.#shown && this.io.errIsTerminal) this.io.err(clearLine);
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

/** Says what is waited for; may ask the daemon first. */
export type Describe = () => string | Promise<string>;

/** Waits for `work` and shows what `describe` says meanwhile. */
export async function withProgress<T>(
  io: CtlIo,
  describe: Describe,
  work: () => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(io);
  const start = performance.now();
  let ended = false;
  let asking = false;
  const timer = setInterval(async () => {
    if (asking || !line.isDue(performance.now() - start)) return;
    asking = true;
    const what = await describe();
    asking = false;
    if (!ended) line.show(what, performance.now() - start);
  }, tickMs);
  try {
    return await work();
  } finally {
    ended = true;
    clearInterval(timer);
    line.end();
  }
}
