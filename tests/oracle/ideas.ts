/**
 * What the generator believes about a daemon's state, so that it can keep most clients moving: which
 * locks are held and waited for, and which VGs are stopped or killed. It need not be right.
 *
 * @module
 */
import type { HeldMode, Wish } from "./model.ts";
import { QueueModel } from "./queue_model.ts";
import type { Target, Vg } from "./requests.ts";

/** Names a target; the order of these names is the order in which clients mostly take locks. */
export function targetKey(target: Target): string {
  if (target.kind === "gl") return "0";
  return target.kind === "vg" ? `1 ${target.vg.name}` : `2 ${target.vg.name} ${target.lv}`;
}

interface Entry {
  target: Target;
  lock: QueueModel;
}

/** Beliefs about one daemon. */
export class Ideas {
  readonly #entries = new Map<string, Entry>();
  readonly stopped = new Set<Vg>();
  readonly killed = new Set<Vg>();

  #entry(target: Target): Entry {
    const key = targetKey(target);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { target, lock: new QueueModel() };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #usable(target: Target, mode: HeldMode | "un"): boolean {
    if (target.kind === "gl") return true;
    return !this.stopped.has(target.vg) && (mode === "un" || !this.killed.has(target.vg));
  }

  /** A lock request; true if it has to wait. */
  ask(target: Target, wish: Wish): boolean {
    return this.#usable(target, wish.mode) && !this.#entry(target).lock.ask(wish);
  }

  /** The client's connection has ended. */
  forget(client: number): void {
    for (const { lock } of this.#entries.values()) lock.forget(client);
  }

  waits(client: number): boolean {
    const mine = (entry: Entry) => entry.lock.queue.some((wish) => wish.client === client);
    return [...this.#entries.values()].some(mine);
  }

  /** Does anybody wait for a lock of the VG? */
  waitsIn(vg: Vg): boolean {
    const waiting = [...this.#entries.values()].filter(({ lock }) => lock.queue.length > 0);
    return waiting.some(({ target }) => target.kind !== "gl" && target.vg === vg);
  }

  /** What a client holds for itself. */
  held(client: number): Target[] {
    const entries = [...this.#entries.values()].filter(({ lock }) =>
      lock.state.holders.has(client)
    );
    return entries.map((entry) => entry.target);
  }

  /** What is locked persistently. */
  persistent(): Target[] {
    const entries = [...this.#entries.values()].filter(({ lock }) =>
      lock.state.persistent !== undefined
    );
    return entries.map((entry) => entry.target);
  }

  /** How many clients wait. */
  get waiting(): number {
    return [...this.#entries.values()].reduce((sum, { lock }) => sum + lock.queue.length, 0);
  }

  /** Who could unlock what so that somebody gets on; `client` undefined for a persistent lock. */
  obstacles(): { target: Target; client: number | undefined }[] {
    const blocked = [...this.#entries.values()].filter(({ lock }) => lock.queue.length > 0);
    return blocked.flatMap(({ target, lock }) => {
      const holders = [...lock.state.holders.keys()].filter((client) => !this.waits(client));
      const found = holders.map((client): { target: Target; client: number | undefined } => ({
        target,
        client,
      }));
      return lock.state.persistent === undefined
        ? found
        : [...found, { target, client: undefined }];
    });
  }

  /** The VG's lockspace has ended: nothing of it is left. */
  end(vg: Vg): void {
    this.stopped.add(vg);
    this.killed.delete(vg);
    for (const [key, { target }] of this.#entries) {
      if (target.kind !== "gl" && target.vg === vg) this.#entries.delete(key);
    }
  }
}
