/**
 * Makes the scripts of burst mode, in which all clients send without waiting for each other: locks
 * of one VG only, always taken in one order, so that no circle of waiting clients can form.
 *
 * @module
 */
import type { Size } from "./generate.ts";
import { targetKey } from "./ideas.ts";
import type { HeldMode, Wish } from "./model.ts";
import { Prng } from "./prng.ts";
import { dlmVg, lockRequest, type Target } from "./requests.ts";
import type { Fields } from "./script.ts";

/** One request of a client, or the end of its connection. */
export interface BurstStep {
  /** Name of the lock. */
  lock: string;
  wish: Wish;
  fields: Fields;
  /** The connection ends right after this was sent. */
  dies: boolean;
}

/** The steps of each client. */
export type BurstScript = BurstStep[][];

/** The VG that bursts use; it is started before. */
export const burstVg = dlmVg("burst", 7);

const lvCount = 5;

class BurstClient {
  readonly steps: BurstStep[] = [];
  readonly #random: Prng;
  readonly #client: number;
  /** Locks taken and not given back: by name, transient or persistent. */
  readonly #held = new Map<string, { target: Target; persistent: boolean }>();

  constructor(random: Prng, client: number) {
    this.#random = random;
    this.#client = client;
  }

  run(requests: number): BurstStep[] {
    while (this.steps.length < requests) {
      const inOrder = this.#ahead();
      if (inOrder.length === 0 || this.#random.chance(0.4)) this.#unlock();
      else this.#lock(this.#random.pick(inOrder));
      if (this.steps.at(-1)?.dies) break;
    }
    return this.steps;
  }

  /** Locks that come after all that are held, and those held. */
  #ahead(): Target[] {
    const all: Target[] = [{ kind: "gl" }, { kind: "vg", vg: burstVg }];
    for (let lv = 0; lv < lvCount; lv++) all.push({ kind: "lv", vg: burstVg, lv });
    const names = [...this.#held.values()].map(({ target }) => targetKey(target)).sort();
    const last = names.at(-1) ?? "";
    return all.filter((target) => targetKey(target) >= last);
  }

  #add(target: Target, mode: HeldMode | "un", persistent: boolean): void {
    const opts = persistent ? "persistent" : "none";
    this.steps.push({
      lock: targetKey(target),
      wish: { client: this.#client, mode, persistent },
      fields: lockRequest(target, mode, opts, "burst"),
      dies: !persistent && this.#random.chance(0.004),
    });
  }

  #lock(target: Target): void {
    const persistent = target.kind === "lv" && this.#random.chance(0.35);
    this.#held.set(`${targetKey(target)} ${persistent}`, { target, persistent });
    this.#add(target, this.#random.chance(0.5) ? "sh" : "ex", persistent);
  }

  #unlock(): void {
    const [name, held] = this.#held.size === 0
      ? ["", { target: this.#random.pick(this.#ahead()), persistent: false }] as const
      : this.#random.pick([...this.#held]);
    this.#held.delete(name);
    this.#add(held.target, "un", held.persistent);
  }
}

/** The burst of a seed. The same seed and size give the same burst for ever. */
export function generateBurst(seed: number, size: Size): BurstScript {
  const random = new Prng(seed);
  return Array.from(
    { length: size.clients },
    (_, client) => new BurstClient(random, client).run(size.requests),
  );
}
