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
  /** Requests in two writes, body and terminator, as the lvm commands send them. */
  split?: boolean;
}

/** What the load generator prints; quantiles of the latency in microseconds. */
interface LoadResult {
  /** Requests sent, also during the warm-up. */
  total: number;
  requests: number;
  seconds: number;
  requestsPerSecond: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

export interface Sample extends LoadResult {
  /** CPU time the server took for one request, all its threads, microseconds. */
  cpuMicros: number;
}

/** Puts load on a server. Throws if one reply was not the expected one. */
export async function putLoad(site: Site, daemon: Daemon, options: LoadOptions): Promise<Sample> {
  const { work, connections, seconds = 0, warmup = 0, requests = 0, split = false } = options;
  const [command, args] = commandLine(site, [
    site.programs.load,
    daemon.socket,
    work,
    String(connections),
    `seconds=${seconds}`,
    `warmup=${warmup}`,
    `requests=${requests}`,
    `split=${Number(split)}`,
    `vg=${VG_NAME}`,
    `args=${daemon.vgArgs}`,
  ]);
  const before = daemon.usage().cpuSeconds;
  const result: LoadResult = JSON.parse(await output(command, args, "is it installed?"));
  const cpuSeconds = daemon.usage().cpuSeconds - before;
  return { ...result, cpuMicros: cpuSeconds * 1e6 / result.total };
}
