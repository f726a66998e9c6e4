/**
 * Explores a world of one host: all states in order of their depth.
 *
 * @module
 */
import { HostGraph } from "./graph.ts";
import type { World } from "./world.ts";

export interface Limits {
  seconds: number;
  /** Inputs, from the beginning of the world. */
  depth: number;
  /** For states that are still to be looked at. */
  bytes: number;
}

export interface Result {
  world: string;
  /** All sequences of this many inputs were tried. */
  depth: number;
  states: number;
  transitions: number;
  seconds: number;
  /** There is nothing more in this world. */
  exhausted: boolean;
  /** Most steps until nothing was under way any more. */
  ending: number;
  /** Distinct states of a host's table; with one host, all states are. */
  tables: number;
}

/** @throws {Found} */
export function exploreOneHost(module: WebAssembly.Module, world: World, limits: Limits): Result {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const graph = new HostGraph(module, world);
  let depth = 0;
  let levelEnd = graph.size;
  let next = 0;
  for (; next < graph.size && depth < limits.depth; next++) {
    if ((next & 255) === 0) {
      if (seconds() > limits.seconds || graph.bytes > limits.bytes) break;
      graph.dropBefore(next);
    }
    graph.expand(next);
    if (next + 1 < levelEnd) continue;
    levelEnd = graph.size;
    depth++;
  }
  return {
    world: world.name,
    depth,
    states: graph.size,
    transitions: graph.transitions,
    seconds: seconds(),
    exhausted: next === graph.size,
    ending: graph.longestEnding(next).steps,
    tables: graph.size,
  };
}
