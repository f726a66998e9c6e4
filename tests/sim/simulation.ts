/**
 * One run from a seed: VGs are made, then commands and faults happen, then everything is healed and has
 * to come to an end.
 *
 * @module
 */
import type { LockType } from "../../core/types.ts";
import type { MakeChecker } from "./checker.ts";
import { Ending } from "./ending.ts";
import { inside } from "./globals.ts";
import { Nemesis } from "./nemesis.ts";
import { type Decision, makePlan } from "./plan.ts";
import { setUp } from "./set_up.ts";
import { type Violation, World } from "./world.ts";

export interface SimulationOptions {
  kind: LockType;
  seed: number;
  hosts: number;
  vgs: number;
  lvs: number;
  /** Length of the phase with faults in virtual minutes. */
  minutes: number;
  commandsAMinute: number;
  faultsAMinute: number;
  module: WebAssembly.Module;
  checkers: readonly MakeChecker[];
  /** The table's own invariants after each input. */
  checked: boolean;
  /** Keep a text of what happened. */
  story?: boolean;
  /** Instead of the plan that the seed gives: a part of it. */
  plan?: readonly Decision[];
  /** Ends the phase with faults after so many steps; 0 is never. */
  steps?: number;
}

export interface SimulationResult {
  violation?: Violation;
  hash: string;
  steps: number;
  failovers: number;
  /** Virtual milliseconds. */
  lastedMs: number;
  story: string[];
}

export const usualOptions = {
  hosts: 3,
  vgs: 2,
  lvs: 4,
  minutes: 30,
  commandsAMinute: 60,
  faultsAMinute: 4,
} as const;

/** Virtual milliseconds that the setting up may take. */
const SET_UP_MS = 900_000;
/** Lines of the story that are handed back. */
const STORY_LINES = 250;

/** The plan of a run. */
export function planOf(options: SimulationOptions): Decision[] {
  return makePlan({ ...options, lengthMs: options.minutes * 60_000 });
}

/** Must not be called from a microtask (an asynchronous function that has waited): see {@link apart}. */
export function simulate(options: SimulationOptions): SimulationResult {
  const { seed, minutes, story = false, plan = planOf(options) } = options;
  const duplicateHostId = seed % 8 === 3;
  const world = new World({ ...options, story, duplicateHostId });
  inside(world.clock, world.disk, () => {
    const nemesis = new Nemesis(world);
    setUp(world, nemesis, SET_UP_MS);
    if (world.violation !== undefined) return;
    nemesis.carryOut(plan);
    world.run(minutes * 60_000, options.steps);
    nemesis.heal();
    new Ending(world, nemesis).run();
    if (world.violation === undefined) world.end();
  });
  return {
    ...world.violation && { violation: world.violation },
    hash: world.hash.toString(),
    steps: world.steps,
    failovers: world.watchers.failovers.count,
    lastedMs: world.clock.elapsed,
    story: world.story.last(options.story ? STORY_LINES : 0),
  };
}

/** Runs something that simulates outside any microtask. */
export function apart<T>(body: () => T): Promise<T> {
  return new Promise((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(body());
      } catch (error) {
        reject(error);
      }
    }, 0)
  );
}
