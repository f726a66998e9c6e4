/**
 * The time limit of a run: one clock that everything it waits for obeys.
 *
 * @module
 */
import { CtlExit, Exit } from "./exit.ts";

/** Counts from its construction; dispose of it so that its timer does not keep the process alive. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #start = performance.now();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ms` undefined means no limit. */
  constructor(readonly ms: number | undefined) {
    // setTimeout takes 31 bits; a longer limit is as good as none.
    if (ms === undefined || ms > 0x7fffffff) return;
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  /** Aborted once the limit has passed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get passed(): boolean {
    return this.signal.aborted;
  }

  /** Milliseconds until the limit, not below 0; undefined without a limit. */
  get leftMs(): number | undefined {
    if (this.ms === undefined) return undefined;
    if (this.passed) return 0;
    return Math.max(0, this.ms - (performance.now() - this.#start));
  }

  /** How a run ends that ran out of time while it waited for `what`. */
  exit(program: string, what: string): CtlExit {
    const seconds = (this.ms ?? 0) / 1000;
    return new CtlExit(Exit.timedOut, `${program}: gave up after ${seconds} s: ${what}\n`);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
