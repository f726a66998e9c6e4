/**
 * Asks a daemon with the probe (probe.ts) what its heap holds.
 *
 * @module
 */
import type { Daemon, Site } from "./daemons.ts";

const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

/** Bytes of the JavaScript heap: in use, and taken from the system. */
export interface Heap {
  /** Before its garbage was collected. */
  before: Deno.MemoryUsage;
  after: Deno.MemoryUsage;
}

/** The same site, its daemon with the probe in it. */
export function withProbe(site: Site): Site {
  return { ...site, probe: new URL("./probe.ts", import.meta.url).pathname };
}

/** Collects its garbage and tells what is left. */
export async function heapOf(daemon: Daemon): Promise<Heap> {
  const seen = daemon.said(/^probe /).length;
  Deno.kill(daemon.pid, "SIGWINCH");
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    const lines = daemon.said(/^probe .*\}$/);
    if (lines.length > seen) return JSON.parse(lines.at(-1)!.slice("probe ".length));
  }
  throw new Error("The daemon's probe does not answer");
}
