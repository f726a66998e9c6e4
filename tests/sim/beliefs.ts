/**
 * Who believes that he holds a lock: commands from the reply that grants it until they give it up, and
 * hosts with an active LV from its activation until its deactivation. What the lock table or the lock
 * manager think does not matter here.
 *
 * @module
 */
import { Mode } from "../../core/types.ts";
import type { Session } from "./session.ts";

export interface Belief {
  host: number;
  lockspace: string;
  vgName: string;
  /** GLLK, VGLK or the LV's UUID. */
  resource: string;
  mode: Mode;
  /** Absent: the host itself, by an active LV. */
  session?: Session;
  sinceMs: number;
}

export class Beliefs {
  readonly #byResource = new Map<string, Belief[]>();

  /** @param told of a new belief, or a stronger one, with all others about the same resource. */
  constructor(private readonly told: (belief: Belief, beside: readonly Belief[]) => void) {}

  add(belief: Belief): void {
    const key = keyOf(belief);
    let all = this.#byResource.get(key);
    if (all === undefined) this.#byResource.set(key, all = []);
    const own = all.findIndex((other) => isSame(other, belief));
    if (own >= 0) all.splice(own, 1);
    this.told(belief, all);
    all.push(belief);
  }

  find(about: Omit<Belief, "mode" | "sinceMs">): Belief | undefined {
    return this.#byResource.get(keyOf(about))?.find((other) => isSame(other, about));
  }

  remove(about: Omit<Belief, "mode" | "sinceMs">): void {
    const all = this.#byResource.get(keyOf(about));
    const at = all?.findIndex((other) => isSame(other, about)) ?? -1;
    if (at >= 0) all!.splice(at, 1);
  }

  /** A weaker mode from now on. */
  weaken(about: Omit<Belief, "mode" | "sinceMs">, mode: Mode): void {
    const belief = this.find(about);
    if (belief !== undefined && belief.mode === Mode.ex) belief.mode = mode;
  }

  removeAll(which: (belief: Belief) => boolean): void {
    for (const [key, all] of this.#byResource) {
      const rest = all.filter((belief) => !which(belief));
      if (rest.length !== all.length) this.#byResource.set(key, rest);
    }
  }

  *all(): Generator<Belief> {
    for (const all of this.#byResource.values()) yield* all;
  }
}

function keyOf({ lockspace, resource }: { lockspace: string; resource: string }): string {
  return `${lockspace}/${resource}`;
}

function isSame(
  one: { host: number; session?: Session },
  other: { host: number; session?: Session },
): boolean {
  return one.host === other.host && one.session === other.session;
}
