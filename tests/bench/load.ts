/**
 * Runs the load generator against one server and takes what it cost.
 *
 * @module
 */
import { commandLine, type Daemon, type Site, VG_NAME } from "./daemons.ts";
import { output } from "./tools.ts";

/** Kinds of work, see load.c. */
export type Work = "lv" | "persistent" | "vg" | "hello" | "hold";

export interface LoadOptions {
  work: Work;
  connections: number;
  /** Measured time and the time before it, seconds. */
  seconds?: number;
  warmup?: number;
  /** Number of requests instead of a time. */
  requests?: number;
  /** Number of the first LV of `hold`. */
  from?: number;
  /** Requests in two writes, body and terminator, as the lvm commands send them. */
  split?: boolean;
}

/** What the load generator prints; quantiles of the latency in microseconds. */
export interface LoadResult {
  /** Requests sent, also during the warm-up. */
  total: number;
  requests: number;
  seconds: number;
  requestsPerSecond: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
  /** CPU time of the load generator itself. */
  loadCpuSeconds: number;
}

export interface Sample extends LoadResult {
  /** CPU time the server took for one request, all its threads, microseconds. */
  cpuMicros: number;
  /** Share of one CPU that the load generator took itself, 0 to 1: near 1 it is the limit. */
  loadShare: number;
  /** Share of the machine's CPU time that other programs took meanwhile, 0 to 1. */
  others: number;
}

/** Puts load on a server. Throws if one reply was not the expected one. */
export async function putLoad(site: Site, daemon: Daemon, options: LoadOptions): Promise<Sample> {
  const { work, connections, seconds = 0, warmup = 0, requests = 0 } = options;
  const [command, args] = commandLine(site, [
    site.programs.load,
    daemon.socket,
    work,
    String(connections),
    `seconds=${seconds}`,
    `warmup=${warmup}`,
    `requests=${requests}`,
    `from=${options.from ?? 0}`,
    `split=${Number(options.split === true)}`,
    `vg=${VG_NAME}`,
    `args=${daemon.vgArgs}`,
  ]);
  return await costOf(daemon, async () => {
    return JSON.parse(await output(command, args, "is it installed?")) as LoadResult;
  });
}

/** What a load cost the server and what others took meanwhile. */
export async function costOf(daemon: Daemon, load: () => Promise<LoadResult>): Promise<Sample> {
  const before = daemon.usage().cpuSeconds;
  const machine = machineCpu();
  const result = await load();
  const cpuSeconds = daemon.usage().cpuSeconds - before;
  const { busy, total } = machineCpu();
  const foreign = busy - machine.busy - cpuSeconds - result.loadCpuSeconds;
  return {
    ...result,
    cpuMicros: cpuSeconds * 1e6 / result.total,
    loadShare: result.loadCpuSeconds / (result.seconds * result.total / result.requests),
    others: Math.max(0, foreign / (total - machine.total)),
  };
}

/** CPU seconds since the machine started, of all CPUs: spent by programs, and altogether. */
function machineCpu(): { busy: number; total: number } {
  const line = Deno.readTextFileSync("/proc/stat").split("\n", 1)[0]!;
  const [user = 0, nice = 0, system = 0, ...rest] = line.split(/ +/).slice(1, 9).map(Number);
  const busy = user + nice + system;
  return { busy: busy / 100, total: rest.reduce((sum, ticks) => sum + ticks, busy) / 100 };
}
