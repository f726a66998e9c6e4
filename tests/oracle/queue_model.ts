/**
 * The model of one lock with a queue in order of arrival, for guesses about who will have to wait.
 *
 * @module
 */
import { nothingHeld, outcomes, type State, type Wish, withoutClient } from "./model.ts";

/** One lock: its holders and those that wait for it. */
export class QueueModel {
  state: State = nothingHeld;
  queue: Wish[] = [];

  /** Asks for something; false if that has to wait, in which case it joins the queue. */
  ask(wish: Wish): boolean {
    const served = this.#serveOne(wish, this.queue);
    if (!served) this.queue.push(wish);
    this.#serve();
    return served;
  }

  /** The client is gone, with its locks and wishes. */
  forget(client: number): void {
    this.state = withoutClient(this.state, client);
    this.queue = this.queue.filter((wish) => wish.client !== client);
    this.#serve();
  }

  /** Nobody without a lock overtakes an earlier request for an exclusive one. */
  #serveOne(wish: Wish, before: readonly Wish[]): boolean {
    const [outcome] = outcomes(this.state, wish);
    if (outcome === undefined) return false;
    const holder = this.state.holders.has(wish.client) || this.state.persistent !== undefined;
    const behind = before.some((other) => other.mode === "ex");
    if (wish.mode !== "un" && behind && !holder) return false;
    this.state = outcome.state;
    return true;
  }

  /** Grants what has become possible, in order. */
  #serve(): void {
    for (let i = 0; i < this.queue.length;) {
      if (this.#serveOne(this.queue[i]!, this.queue.slice(0, i))) {
        this.queue.splice(i, 1);
        i = 0;
      } else i++;
    }
  }
}
