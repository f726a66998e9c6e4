/**
 * Targets whose code under test takes a text and gives a result at once.
 *
 * @module
 */
import type { Prng } from "../../oracle/prng.ts";
import { loadProgram, type Modules } from "./program.ts";
import { demand, type Target } from "./target.ts";

export interface TextTarget {
  name: string;
  about: string;
  /** Beginnings of the paths of the modules whose places count. */
  modules: readonly string[];
  seeds: readonly string[];
  words?: readonly string[];
  unit?: number;
  maxLength?: number;
  generate?: (random: Prng) => string;
  /** Steps that an input of a length may cost. */
  cost?: (length: number) => number;
  /** @throws if something does not hold. */
  check(modules: Modules, input: string): void | Promise<void>;
}

/** Far more than any parser here needs for a byte, far less than one that goes back and forth. */
const linear = (length: number) => 20_000 + 300 * length;

/** Nothing that was read has changed what all objects have in common. */
export function demandCleanPrototypes(): void {
  for (const key in {}) demand(false, "Object.prototype was changed", () => key);
  demand(Object.keys(Array.prototype).length === 0, "Array.prototype was changed");
}

export function textTarget(options: TextTarget): Target {
  const { modules: paths, seeds, check, cost = linear, ...about } = options;
  return {
    ...about,
    seeds: () => seeds,
    async open() {
      const program = await loadProgram();
      return {
        coverage: program.coverageOf(paths),
        words: program.wordsOf(paths),
        run(input) {
          program.allow(cost(input.length));
          let done: void | Promise<void>;
          try {
            done = check(program.modules, input);
          } finally {
            // What an asynchronous check does after its first wait is not bounded.
            program.allow(Infinity);
          }
          if (done !== undefined) return done.then(demandCleanPrototypes);
          demandCleanPrototypes();
        },
      };
    },
  };
}
