/**
 * The command line of the differential tester.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

export interface Options {
  seeds: number;
  first: number;
  clients: number;
  requests: number;
  replay: string | undefined;
  fixed: string | undefined;
  ours: string[];
  stock: string[];
  burst: boolean;
  itself: boolean;
  minimise: string | undefined;
  help: boolean;
}

export const usage = `deno task test:oracle [options]

Sends the same random scripts to the stock lvmlockd and to ours, both in test mode, and compares
every reply and the state listings. Needs root and the installed lvmlockd (package lvm2-lockd).

  --seeds N         how many scripts (2000)
  --first N         seed of the first one (1)
  --seed N          that one only
  --replay FILE     run a saved script instead
  --fixed NAME      run one of the scripts written by hand instead (all: --fixed all)
  --clients N       clients in a script (8)
  --requests N      requests for each client (50)
  --burst           all clients at once; checks each daemon against a simple model (without this,
                    one for every ten scripts)
  --minimise FILE   cut the first failing script down and save it there
  --ours CMD        command of our daemon (deno run -A main.ts)
  --stock CMD       command of the stock daemon (lvmlockd)
  --itself          compare the stock daemon with itself: shows that outcomes are no chance
  --help            this text
`;

const ourMain = new URL("../../main.ts", import.meta.url).pathname;

function count(value: unknown, name: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${name} takes a number`);
  return number;
}

function words(value: unknown): string[] | undefined {
  return typeof value === "string" ? value.split(/\s+/).filter((word) => word !== "") : undefined;
}

const text = (value: unknown) => typeof value === "string" && value !== "" ? value : undefined;

/** Reads the arguments; throws a RangeError that says what is wrong with them. */
export function parseOptions(args: string[]): Options {
  const known = parseArgs(args, {
    string: [
      ...[
        "seeds",
        "first",
        "seed",
        "replay",
        "fixed",
        "clients",
        "requests",
        "minimise",
        "ours",
        "stock",
      ],
    ],
    boolean: ["burst", "itself", "help"],
    default: { seeds: "2000", first: "1", clients: "8", requests: "50" },
    unknown: (arg) => {
      throw new RangeError(`unknown argument ${arg}`);
    },
  });
  const one = text(known.seed);
  return {
    seeds: one === undefined ? count(known.seeds, "seeds") : 1,
    first: count(one ?? known.first, one === undefined ? "first" : "seed"),
    clients: count(known.clients, "clients"),
    requests: count(known.requests, "requests"),
    replay: text(known.replay),
    fixed: text(known.fixed),
    ours: words(known.ours) ?? [Deno.execPath(), "run", "-A", ourMain],
    stock: words(known.stock) ?? ["lvmlockd"],
    burst: known.burst === true,
    itself: known.itself === true,
    minimise: text(known.minimise),
    help: known.help === true,
  };
}
