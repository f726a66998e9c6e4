/**
 * Runs the HTTP load generator against this daemon.
 *
 * @module
 */
import { commandLine, type Daemon, type Site, VG_NAME } from "./daemons.ts";
import { costOf, type LoadResult, type Sample } from "./load.ts";
import { output } from "./tools.ts";

/** Locks and unlocks over so many connections. Throws if one answer was not the expected one. */
export function putHttpLoad(
  site: Site,
  daemon: Daemon,
  { connections, seconds, warmup }: { connections: number; seconds: number; warmup: number },
): Promise<Sample> {
  const numbers = [connections, seconds, warmup].map(String);
  const words = [site.programs.http_load, daemon.apiSocket, ...numbers, VG_NAME];
  const [command, args] = commandLine(site, words);
  return costOf(daemon, async () => {
    return JSON.parse(await output(command, args, "is it installed?")) as LoadResult;
  });
}
