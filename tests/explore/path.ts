/**
 * Tells how a state was reached: plays the path again on fresh tables and says each step in the
 * words of the interaction scripts.
 *
 * @module
 */
import { Host } from "./host.ts";
import type { Step } from "./two_hosts.ts";
import { Violation } from "./watch.ts";
import type { World } from "./world.ts";

/** Plays steps of one host: places in the lists of events. Returns a line for each. */
export function tellOneHost(
  module: WebAssembly.Module,
  world: World,
  steps: readonly number[],
): string[] {
  const host = new Host(module, world);
  host.settle();
  return steps.map((step) => playOn(host, step));
}

function playOn(host: Host, place: number): string {
  const event = host.events()[place]!;
  const line = host.describe(event);
  try {
    host.perform(event);
    host.settle();
  } catch (error) {
    if (!(error instanceof Violation)) throw error; // it is what the path leads to
  }
  return line;
}

/** Plays steps of two hosts; the lines say which. */
export function tellTwoHosts(
  module: WebAssembly.Module,
  world: World,
  steps: readonly Step[],
): string[] {
  const hosts = ["A", "B"].map((name) => ({ name, host: new Host(module, world) }));
  for (const { host } of hosts) host.settle();
  return steps.map((step) => {
    const { name, host } = hosts[step.host]!;
    const line = step.done >= 0
      ? `# the lock manager does what is asked for ${world.resources[step.done]}`
      : playOn(host, step.event);
    if (step.exchanged) hosts.reverse();
    return `${name}: ${line}`;
  });
}

/** A script of the interaction tests that ends where the path ends. */
export function scriptOf(
  module: WebAssembly.Module,
  world: World,
  steps: readonly number[],
): string {
  const host = new Host(module, world);
  const lines = [
    `table serves=${world.lockType} forgets=${world.lockType}`,
    ...host.setupLines,
    ...tellOneHost(module, world, steps).filter((line) => !line.startsWith("#")),
    "inspect",
  ];
  return `# ${world.name}: ${world.about}\n\n${lines.join("\n")}\n----\n`;
}
