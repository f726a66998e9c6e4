/**
 * Lanes: calls that go through a few at a time, in the order in which they came. What waits here is
 * bounded by the callers: they make one call at a time for one resource.
 *
 * @module
 */

interface Waiting {
  key: string | undefined;
  start: () => void;
}

/** Lets a limited number of calls through at a time, the others in the order in which they came. */
export class Lane {
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Map<string | undefined, number>();
  #count = 0;

  /**
   * @param limit most calls at a time.
   * @param limitPerKey most at a time of calls with the same key.
   */
  constructor(readonly limit: number, readonly limitPerKey = limit) {}

  /**
   * Makes a call when its turn has come. One whose key is at its limit lets others pass.
   * @param key what the call may hang on, if anything.
   */
  run<T>(call: () => Promise<T>, key?: string): Promise<T> {
    return new Promise<T>((resolve) => {
      const start = () => {
        this.#count++;
        this.#underWay.set(key, this.#of(key) + 1);
        // A call that throws at once must end like one that fails later.
        resolve((async () => await call())().finally(() => this.#ended(key)));
      };
      this.#waiting.push({ key, start });
      this.#startNext();
    });
  }

  #of(key: string | undefined): number {
    return this.#underWay.get(key) ?? 0;
  }

  #ended(key: string | undefined): void {
    this.#count--;
    const left = this.#of(key) - 1;
    if (left === 0) this.#underWay.delete(key);
    else this.#underWay.set(key, left);
    this.#startNext();
  }

  /** One call ends or comes at a time, so at most one can start. */
  #startNext(): void {
    if (this.#count >= this.limit) return;
    const index = this.#waiting.findIndex(({ key }) =>
      key === undefined || this.#of(key) < this.limitPerKey
    );
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.start();
  }
}
