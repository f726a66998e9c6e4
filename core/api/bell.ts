/**
 * A bell that one loop waits for and others ring. Unlike a race of promises it keeps nothing behind,
 * however often it is waited for.
 *
 * @module
 */
export class Bell {
  #rung = false;
  #waiting: (() => void) | undefined;

  /** Wakes the one who waits, or else the next one who will. */
  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  /** Resolves once the bell was rung since the last wait. One may wait at a time. */
  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => this.#waiting = resolve);
    this.#waiting = undefined;
    this.#rung = false;
  }
}
