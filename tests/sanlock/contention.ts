/**
 * Two hosts contend for the locks of a VG, with faults; nobody may ever hold what another holds.
 *
 *     deno run -A tests/sanlock/contention.ts --rounds 1000 --seed 1
 *     deno run -A tests/sanlock/contention.ts --rounds 1000 --seed 2 --host-crashes 2
 *
 * Ends with 0 if nothing was wrong. What was wrong is printed with the seed and the history of the lock
 * concerned; the same seed gives the same requests and faults, at slightly other times.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { campaign, type CampaignOptions, type Verdict } from "./contention_campaign.ts";

const numbers = {
  rounds: "rounds, in each of which every client asks a few times [1000]",
  seed: "what the requests and faults are chosen by [1]",
  clients: "clients of each host [4]",
  lvs: "LVs for persistent locks, and as many for transient ones [3]",
  "daemon-crashes": "how often our daemon crashes [one in 25 rounds]",
  pauses: "how often our daemon is paused, and sanlock [one in 20 rounds each]",
  "long-pauses": "how often sanlock is paused beyond its leases, and our daemon as long [1]",
  "host-crashes": "how often a whole host crashes, in turns back at once and after 80 s [0]",
};

/** What the command line asks for; undefined if it cannot be understood. */
export function optionsOf(args: string[]): CampaignOptions | undefined {
  const parsed = parseArgs(args, { string: [...Object.keys(numbers), "logs"] });
  const known = new Set(["_", "logs", ...Object.keys(numbers)]);
  if (parsed._.length > 0 || Object.keys(parsed).some((name) => !known.has(name))) return undefined;
  let valid = true;
  const number = (name: keyof typeof numbers, otherwise: number): number => {
    const value = parsed[name];
    if (value === undefined) return otherwise;
    valid &&= typeof value === "string" && /^[0-9]{1,9}$/.test(value);
    return Number(value);
  };
  const rounds = number("rounds", 1000);
  const pauses = number("pauses", Math.ceil(rounds / 20));
  const longPauses = number("long-pauses", 1);
  const crashes = number("host-crashes", 0);
  const options: CampaignOptions = {
    rounds,
    seed: number("seed", 1),
    clientsPerHost: number("clients", 4),
    lvs: number("lvs", 3),
    logs: typeof parsed.logs === "string" ? parsed.logs : "",
    faults: {
      "pause of our daemon": pauses,
      "pause of sanlock": pauses,
      "crash of our daemon": number("daemon-crashes", Math.ceil(rounds / 25)),
      "long pause of our daemon": longPauses,
      "sanlock paused beyond its leases": longPauses,
      "crash of the host, back at once": Math.ceil(crashes / 2),
      "crash of the host, leases expire": Math.floor(crashes / 2),
    },
  };
  return valid ? options : undefined;
}

function usage(): string {
  const lines = Object.entries(numbers).map(([name, text]) =>
    `  --${name} NUMBER\n        ${text}`
  );
  return [
    "deno run -A tests/sanlock/contention.ts [options]",
    ...lines,
    "  --logs DIRECTORY\n        where logs are left if something was wrong",
    "",
  ].join("\n");
}

/** Figures for people. */
export function summary({ complaints, ...figures }: Verdict, seed: number): string {
  const { rounds, requests, holdings, longestMs, seconds, results, ghosts } = figures;
  return [
    ...complaints.map((text) => `\n${text}`),
    `seed ${seed}: ${rounds} rounds, ${requests} requests, ${holdings} locks held, ` +
    `longest reply ${Math.round(longestMs)} ms, ${seconds.toFixed(0)} s`,
    `sanlock did not let go of the locks of a dead process ${ghosts} times`,
    `results: ${Object.entries(results).map(([word, count]) => `${word} ${count}`).join(", ")}`,
    `${complaints.length} complaints`,
  ].join("\n");
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    console.log(usage());
    return 2;
  }
  const verdict = await campaign({ ...options, report: (line) => console.log(line) });
  console.log(summary(verdict, options.seed));
  return verdict.complaints.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
