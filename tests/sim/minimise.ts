/**
 * Finds a small part of a plan with which the same checker objects: the first violation's time cuts the
 * plan off, then halves, quarters and so on are left out (delta debugging).
 *
 * @module
 */
import type { Decision } from "./plan.ts";
import { simulate, type SimulationOptions } from "./simulation.ts";

/** Runs that are spent on it. */
const BUDGET = 150;

export function minimise(options: SimulationOptions, checker: string): Decision[] {
  let left = BUDGET;
  const fails = (plan: Decision[]) =>
    left-- > 0 && simulate({ ...options, plan, story: false }).violation?.checker === checker;
  let plan = [...options.plan ?? []];
  if (fails([])) return [];
  for (let parts = 2; plan.length > 1 && left > 0;) {
    const size = Math.ceil(plan.length / parts);
    let smaller: Decision[] | undefined;
    for (let from = 0; from < plan.length && smaller === undefined; from += size) {
      const rest = [...plan.slice(0, from), ...plan.slice(from + size)];
      if (fails(rest)) smaller = rest;
    }
    if (smaller !== undefined) {
      plan = smaller;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) break;
    else parts = Math.min(parts * 2, plan.length);
  }
  return plan;
}
