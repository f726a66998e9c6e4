/**
 * A deliberately simple model of one lock resource: compatibility of `un`, `sh` and `ex`, one queue
 * in order of arrival, and what persistent locks change. It is written from the rules as a person
 * would state them and shares nothing with the lock table that it helps to test.
 *
 * @module
 */

export type HeldMode = "sh" | "ex";

/** Who asks for what. */
export interface Wish {
  client: number;
  mode: HeldMode;
  persistent: boolean;
}

/** How a request ends, or that it does not end yet. */
export type Outcome = "granted" | "refused" | "waits";

/** One resource: its holders and its queue. */
export class ModelResource {
  /** Transient locks by client. */
  readonly holders = new Map<number, HeldMode>();
  persistent: HeldMode | undefined;
  queue: Wish[] = [];

  /** Asks for a lock; a wish that waits joins the queue. */
  lock(wish: Wish): Outcome {
    const outcome = this.#own(wish) ?? (this.#free(wish, this.queue) ? "granted" : "waits");
    if (outcome === "waits") this.queue.push(wish);
    if (outcome === "granted") this.#record(wish);
    this.#serve();
    return outcome;
  }

  /** Gives a lock back; false if there was none of that kind. */
  unlock(client: number, persistent: boolean): boolean {
    const held = persistent ? this.persistent !== undefined : this.holders.delete(client);
    if (persistent) this.persistent = undefined;
    this.#serve();
    return held;
  }

  /** The client is gone, with its locks and wishes. */
  forget(client: number): void {
    this.holders.delete(client);
    this.queue = this.queue.filter((wish) => wish.client !== client);
    this.#serve();
  }

  /** True if nobody holds it in any mode. */
  get idle(): boolean {
    return this.holders.size === 0 && this.persistent === undefined;
  }

  /** What a wish's own or persistent locks decide at once. */
  #own(wish: Wish): Outcome | undefined {
    const own = this.holders.get(wish.client);
    const held = wish.persistent ? this.persistent : own;
    if (held === wish.mode) return "refused";
    if (!wish.persistent && this.persistent !== undefined) {
      return this.persistent === "sh" && wish.mode === "ex" ? "refused" : "granted";
    }
    if (wish.persistent && own !== undefined) return own === wish.mode ? "granted" : "refused";
    if (held === undefined) return undefined;
    return wish.mode === "ex" && this.#shares > 1 ? "refused" : "granted";
  }

  get #shares(): number {
    return this.holders.size + (this.persistent === undefined ? 0 : 1);
  }

  /** Nobody is in the way: no other holder, and no earlier wish to lock it exclusively. */
  #free(wish: Wish, before: readonly Wish[]): boolean {
    if (this.idle) return before.length === 0;
    if (wish.mode === "ex" || before.some((other) => other.mode === "ex")) return false;
    return this.persistent !== "ex" && [...this.holders.values()].every((mode) => mode === "sh");
  }

  #record(wish: Wish): void {
    if (!wish.persistent) {
      if (this.persistent === undefined || this.holders.has(wish.client)) {
        this.holders.set(wish.client, wish.mode);
      }
      return;
    }
    this.holders.delete(wish.client);
    this.persistent = wish.mode;
  }

  /** Grants what has become possible, in order. */
  #serve(): void {
    for (let i = 0; i < this.queue.length;) {
      const wish = this.queue[i]!;
      const own = this.#own(wish);
      if (own === undefined && !this.#free(wish, this.queue.slice(0, i))) {
        i++;
        continue;
      }
      this.queue.splice(i, 1);
      if (own !== "refused") this.#record(wish);
      i = 0;
    }
  }
}
