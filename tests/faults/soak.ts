/**
 * Soaks real daemons, with the embedded lock manager and with sanlock, in everything at once: load,
 * kills, crowds of connections, bytes that are no requests, listings, HTTP, VGs that start and stop.
 *
 *     deno task soak --minutes 15 --seed 1
 *
 * Ends with 0 if nothing was wrong, with 1 if something was, with 2 if the arguments are.
 *
 * @module
 */
import { numbersOf } from "./numbers.ts";
import { soak, type SoakOptions, type SoakVerdict, type Usage } from "./soak_campaign.ts";

const usage = `deno task soak [--minutes NUMBER] [--seed NUMBER]
  --minutes NUMBER  how long it goes on [15]
  --seed NUMBER     what everything is chosen by [1]`;

/** What an LVM command asks for on average, in requests: hello, VG lock, LV lock, and their ends. */
const REQUESTS_OF_A_COMMAND = 6;
/** Commands on a busy host. */
const COMMANDS_A_MINUTE = 60;

/** What the command line asks for; undefined if it cannot be understood. */
export function optionsOf(args: string[]): SoakOptions | undefined {
  return numbersOf(args, { minutes: 15, seed: 1 });
}

const shown = ({ residentMib, files, threads }: Usage) =>
  `${residentMib} MiB, ${files} files, ${threads} threads`;

/** Figures for people. */
export function summary(verdict: SoakVerdict): string {
  const { name, complaints, counts, kills, ghosts, before, after, seconds } = verdict;
  const hours = (counts.get("requests") ?? 0) / REQUESTS_OF_A_COMMAND / COMMANDS_A_MINUTE / 60;
  const all = [...counts].map(([kind, count]) => `${kind} ${count.toFixed(0)}`).join(", ");
  return [
    ...complaints,
    `${name}: ${seconds.toFixed(0)} s, ${kills} kills; ${all}`,
    `  as many requests as in ${hours.toFixed(1)} hours of ${COMMANDS_A_MINUTE} commands a minute`,
    `  one daemon in the second half: first ${shown(before)}; last ${shown(after)}`,
    `  sanlock kept a dead daemon's lock ${ghosts} times; ${complaints.length} complaints`,
  ].join("\n");
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    console.log(usage);
    return 2;
  }
  const verdicts = await soak({ ...options, report: (line) => console.log(line) });
  for (const verdict of verdicts) console.log(summary(verdict));
  return verdicts.every(({ complaints }) => complaints.length === 0) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
