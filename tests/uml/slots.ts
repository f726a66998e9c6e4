/**
 * How many guests may run at a time: whoever boots some waits for as many slots.
 *
 * @module
 */

/** Slots that are held; they are given back once, by whoever disposes of this. */
export interface Held extends Disposable {
  /** Gives some of them back early. */
  release(count: number): void;
  /** Takes some more, before anyone else who waits. */
  take(count: number): Promise<void>;
}

export class Slots {
  #waiting: { count: number; enter: () => void }[] = [];

  constructor(private free: number) {}

  /** Waits until `count` slots are free at the same time. A smaller wish may overtake a bigger one. */
  async hold(count: number): Promise<Held> {
    let held = 0;
    const take = async (more: number, first: boolean) => {
      await this.#enter(more, first);
      held += more;
    };
    const release = (less: number) => {
      held -= less;
      this.#leave(less);
    };
    await take(count, false);
    return { release, take: (more) => take(more, true), [Symbol.dispose]: () => release(held) };
  }

  #enter(count: number, first: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wish = { count, enter: resolve };
    if (first) this.#waiting.unshift(wish);
    else this.#waiting.push(wish);
    this.#leave(0);
    return promise;
  }

  #leave(count: number): void {
    this.free += count;
    this.#waiting = this.#waiting.filter((wish) => {
      if (wish.count > this.free) return true;
      this.free -= wish.count;
      wish.enter();
      return false;
    });
  }
}
