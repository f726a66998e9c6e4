/**
 * Explores one world, and says what was found.
 *
 * @module
 */
import { Found } from "./graph.ts";
import { exploreOneHost, type Limits, type Result } from "./one_host.ts";
import { scriptOf, tellOneHost, tellTwoHosts } from "./path.ts";
import { exploreTwoHosts, FoundBetween } from "./two_hosts.ts";
import type { World } from "./world.ts";

/** Something that must not happen, and the shortest way there. */
export interface Defect {
  message: string;
  /** The steps in words. */
  path: string[];
  /** The same for the interaction tests; one host only. */
  script?: string;
}

export function explore(
  module: WebAssembly.Module,
  world: World,
  limits: Limits,
): Result | Defect {
  try {
    const one = world.hosts === 1;
    return (one ? exploreOneHost : exploreTwoHosts)(module, world, limits);
  } catch (error) {
    if (error instanceof Found) {
      const { message, steps } = error;
      return {
        message,
        path: tellOneHost(module, world, steps),
        script: scriptOf(module, world, steps),
      };
    }
    if (!(error instanceof FoundBetween)) throw error;
    return { message: error.message, path: tellTwoHosts(module, world, error.steps) };
  }
}

export function isDefect(outcome: Result | Defect): outcome is Defect {
  return "path" in outcome;
}

const columns = [
  ["world", 9],
  ["hosts", 5],
  ["depth", 5],
  ["tables", 9],
  ["states", 11],
  ["transitions", 12],
  ["seconds", 7],
  ["per second", 10],
  ["to rest", 7],
  ["exhausted", 9],
] as const;

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => {
    const text = String(cell);
    return i === 0 ? text.padEnd(columns[i]![1]) : text.padStart(columns[i]![1]);
  }).join("  ");
}

export const head = row(columns.map(([name]) => name));

export function resultRow(world: World, result: Result): string {
  return row([
    world.name,
    world.hosts,
    result.depth,
    result.tables,
    result.states,
    result.transitions,
    result.seconds.toFixed(1),
    Math.round(result.transitions / result.seconds),
    world.hosts === 1 ? result.ending : "-",
    result.exhausted ? "yes" : "no",
  ]);
}
