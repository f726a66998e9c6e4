/**
 * Counts failovers: a daemon died and the next one took over its VGs; or a host died, or lost its
 * locks, and one that it had held was then granted to another host (or to the same one, started anew).
 *
 * @module
 */
import type { Call } from "./checker.ts";
import type { HeldLock } from "./manager.ts";

interface Loss {
  counted: boolean;
}

export class Failovers {
  count = 0;
  readonly #losses = new Map<string, Loss[]>();

  /** Who had these locks has them no more, or soon. */
  lost(_host: number, held: readonly HeldLock[]): void {
    const loss = { counted: false };
    for (const { lockspace, resource } of held) {
      const key = `${lockspace}/${resource}`;
      const known = this.#losses.get(key);
      if (known === undefined) this.#losses.set(key, [loss]);
      else known.push(loss);
    }
  }

  granted({ lockspace, resource }: Call): void {
    if (this.#losses.size === 0) return;
    const key = `${lockspace}/${resource}`;
    for (const loss of this.#losses.get(key) ?? []) {
      if (!loss.counted) this.count++;
      loss.counted = true;
    }
    this.#losses.delete(key);
  }

  adopted(): void {
    this.count++;
  }
}
