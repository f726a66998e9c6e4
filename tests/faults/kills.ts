/**
 * Kills our daemon under load, again and again, on a host with a real sanlock, and looks that no lock is
 * lost and none is granted twice.
 *
 *     deno run -A tests/faults/kills.ts --kills 1000 --seed 1
 *
 * Ends with 0 if nothing was wrong, with 1 if something was, with 2 if the arguments are. The same seed
 * gives the same requests, at slightly other times.
 *
 * @module
 */
import { killCampaign, type KillOptions, type KillVerdict } from "./kills_campaign.ts";
import { numbersOf } from "./numbers.ts";

const usage = `deno run -A tests/faults/kills.ts [--kills NUMBER] [--seed NUMBER]
  --kills NUMBER  how often the daemon is killed [1000]
  --seed NUMBER   what the requests and the moments are chosen by [1]`;

/** What the command line asks for; undefined if it cannot be understood. */
export function optionsOf(args: string[]): KillOptions | undefined {
  return numbersOf(args, { kills: 1000, seed: 1 });
}

/** Figures for people. */
export function summary(verdict: KillVerdict, seed: number): string {
  const { complaints, kills, counts, startMs, seconds } = verdict;
  return [
    ...complaints,
    `seed ${seed}: ${kills} kills in ${
      seconds.toFixed(0)
    } s, and ${verdict.brokenStarts} while it ` +
    `started; the adopt file was removed ${verdict.withoutFile} times`,
    `${counts.answered} changes of persistent locks were answered; of ${counts.checked} locks that ` +
    `were looked at afterwards ${counts.held} were held, ${counts.inDoubt} had been asked for ` +
    `without an answer, ${counts.changed} of these were done`,
    `the other host was refused ${verdict.refused} locks and given ${verdict.given}`,
    `until it serves with all locks: median ${startMs.median.toFixed(0)} ms, ` +
    `longest ${startMs.longest.toFixed(0)} ms`,
    `sanlock kept a dead daemon's lock ${verdict.ghosts} times`,
    `${complaints.length} complaints`,
  ].join("\n");
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    console.log(usage);
    return 2;
  }
  const verdict = await killCampaign({ ...options, report: (line) => console.log(line) });
  console.log(summary(verdict, options.seed));
  return verdict.complaints.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
