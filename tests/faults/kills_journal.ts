/**
 * What is known of the persistent locks of a host whose daemon is killed: what was answered last, and
 * what was asked for and not answered. Compares it with what is held afterwards.
 *
 * @module
 */
import type { Prng } from "../oracle/prng.ts";
import { lvUuid } from "../sanlock/daemon_vg.ts";

export type Mode = "un" | "sh" | "ex";

const others: Record<Mode, readonly Mode[]> = {
  un: ["sh", "ex"],
  sh: ["ex", "un"],
  ex: ["sh", "un"],
};

/** One LV's lock. */
export class Entry {
  /** As was answered last. */
  mode: Mode = "un";
  /** Asked for and not answered. */
  asked: Mode | undefined;

  constructor(readonly lv: number) {}

  get name(): string {
    return lvUuid(this.lv);
  }

  /** Another mode than it has. */
  choose(random: Prng): Mode {
    return this.asked = random.pick(others[this.mode]);
  }

  answered(mode: Mode): void {
    this.mode = mode;
    this.asked = undefined;
  }
}

/** Modes by the name of the lock, without those that are not held. */
export type Held = ReadonlyMap<string, Mode>;

export class Journal {
  readonly counts = { answered: 0, checked: 0, held: 0, inDoubt: 0, changed: 0 };

  constructor(readonly entries: readonly Entry[]) {}

  /** Locks of which it is certain that they are in this mode. */
  certain(mode: Mode): Entry[] {
    return this.entries.filter((entry) => entry.asked === undefined && entry.mode === mode);
  }

  /**
   * What is held must be what was answered, or what was asked for; nothing else may be held. From then
   * on what is held is what is known.
   * @returns complaints.
   */
  check(held: Held): string[] {
    const rest = new Map(held);
    const complaints: string[] = [];
    for (const entry of this.entries) {
      const found = rest.get(entry.name) ?? "un";
      rest.delete(entry.name);
      this.#count(entry, found);
      if (found !== entry.mode && found !== entry.asked) {
        complaints.push(
          `LV ${entry.lv} was ${entry.mode}, asked for ${entry.asked}, is now ${found}`,
        );
      }
      entry.answered(found);
    }
    return [
      ...complaints,
      ...[...rest].map(([name, mode]) => `nobody has asked for ${name} ${mode}`),
    ];
  }

  /** The host has given up everything. */
  forget(): void {
    for (const entry of this.entries) entry.answered("un");
  }

  #count({ mode, asked }: Entry, found: Mode): void {
    this.counts.checked++;
    if (asked !== undefined) this.counts.inDoubt++;
    if (found !== mode) this.counts.changed++;
    if (found !== "un") this.counts.held++;
  }
}

/** Two listings of the same locks; complaints. */
export function differences(one: Held, other: Held, names: readonly [string, string]): string[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((key) => one.get(key) !== other.get(key))
    .map((key) =>
      `${key}: ${names[0]} says ${one.get(key) ?? "un"}, ${names[1]} ${other.get(key) ?? "un"}`
    );
}
