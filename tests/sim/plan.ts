/**
 * What happens in a run besides what follows from it: commands that start and things that go wrong,
 * each with a seed of its own. A run can be repeated with a part of them.
 *
 * @module
 */
import { Chance } from "./chance.ts";

export type Deed =
  | "command"
  | "kill the daemon"
  | "kill the daemon as it writes"
  | "terminate the daemon"
  | "crash"
  | "pause"
  | "cut off"
  | "bad manager"
  | "manager dies"
  | "drive fails";

export interface Decision {
  /** Milliseconds since the faults began. */
  atMs: number;
  deed: Deed;
  host: number;
  seed: number;
  /** How long it lasts, where it does. */
  forMs: number;
}

export interface PlanOptions {
  seed: number;
  hosts: number;
  /** Length of the phase with faults, milliseconds. */
  lengthMs: number;
  /** Commands that start in a minute, on all hosts together. */
  commandsAMinute: number;
  faultsAMinute: number;
}

/** With how often each happens. */
const faults: [number, Deed][] = [
  [50, "kill the daemon"],
  [8, "kill the daemon as it writes"],
  [4, "terminate the daemon"],
  [12, "crash"],
  [10, "pause"],
  [8, "cut off"],
  [10, "bad manager"],
  [4, "manager dies"],
  [3, "drive fails"],
];
const total = faults.reduce((sum, [weight]) => sum + weight, 0);

/** In order of time. */
export function makePlan(options: PlanOptions): Decision[] {
  const chance = new Chance(options.seed ^ 0x5bd1e995);
  const { lengthMs, commandsAMinute, faultsAMinute } = options;
  const minutes = lengthMs / 60_000;
  const plan: Decision[] = [];
  const add = (deed: Deed) =>
    plan.push({
      atMs: chance.below(lengthMs),
      deed,
      host: chance.between(1, options.hosts),
      seed: chance.next(),
      forMs: lengthOf(deed, chance),
    });
  for (let left = Math.round(minutes * commandsAMinute); left > 0; left--) add("command");
  for (let left = Math.round(minutes * faultsAMinute); left > 0; left--) add(pickFault(chance));
  return plan.sort((one, other) => one.atMs - other.atMs);
}

function pickFault(chance: Chance): Deed {
  let left = chance.below(total);
  for (const [weight, deed] of faults) {
    left -= weight;
    if (left < 0) return deed;
  }
  throw new Error("weights are summed up wrongly");
}

/** Short ones are passed over, long ones lose leases. */
function lengthOf(deed: Deed, chance: Chance): number {
  if (deed === "bad manager") return chance.between(1000, 30_000);
  const long = chance.perMille(300);
  return long ? chance.between(30_000, 200_000) : chance.between(10, 10_000);
}

/** One line for people. */
export function describe({ atMs, deed, host, forMs, seed }: Decision): string {
  const lasting = deed === "command" ? "" : ` for ${forMs} ms`;
  return `${(atMs / 1000).toFixed(3)} s: ${deed} on host ${host}${lasting} (seed ${seed})`;
}
