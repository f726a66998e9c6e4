/**
 * The options of `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type DaemonName, daemonNames } from "./daemons.ts";
import type { Pace } from "./measure.ts";
import { type SectionName, sectionNames } from "./sections/names.ts";
import { SetupError } from "./tools.ts";

export const help =
  `Measures this daemon side by side with the stock lvmlockd. Needs root, cc and lvmlockd.

usage: deno task bench [options]
  --pairs N          rounds for each row (default 3)
  --seconds S        measured seconds in each round (default 2)
  --retake N         measure again up to N times what other programs disturbed (default 0)
  --held N,N,...     numbers of held locks to measure with, besides none (default 10000,100000)
  --stock-held N     the stock daemon takes part up to so many held locks (default 20000): it
                     takes minutes to take 100,000
  --long             5 rounds, 1,000 to 100,000 locks held with all daemons, the lock table for
                     10^8 steps: about 20 minutes
  --only LIST        parts of: load,${sectionNames.join(",")}
                     (default all but soak)
  --requests N       requests of the part soak (default 10^7, some 3 minutes)
  --idle-seconds S   how long the part idle watches (default 60)
  --daemons LIST     of floor,stock,test,durable (default all)
  --program FILE     this daemon as an executable, such as dist/lvmlockd (default: the sources)
  --all              also VG locks and the bare handshake
  --split            requests in two writes, as the lvm commands send them
  --pin CPU          bind the load generator and every server to one CPU
  --dir DIR          where sockets, state and compiled programs go (default /var/tmp)
  --json FILE        write all samples, medians and ratios
  --svg FILE         draw requests a second and latency against the number of held locks
  --quick            2 rounds of 0.4 s, only load with 10,000 locks: about a minute
`;

export interface Options {
  pace: Pace;
  held: number[];
  stockHeld: number;
  load: boolean;
  sections: SectionName[];
  requests: number;
  idleSeconds: number;
  tableSteps: number;
  daemons: DaemonName[];
  executable: string | undefined;
  all: boolean;
  pinnedTo: number | undefined;
  directory: string;
  json: string | undefined;
  svg: string | undefined;
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text === "" || !(value >= least)) {
    throw new SetupError(`--${name} ${text}: a number of at least ${least} is needed`);
  }
  return value;
}

/** The words of a list; throws if one is not known. */
function wordsOf<Word extends string>(text: string, known: readonly Word[]): Word[] {
  const words = text.split(",");
  const unknown = words.find((word) => !known.includes(word as Word));
  if (unknown !== undefined) {
    throw new SetupError(`Unknown: ${unknown}. Known: ${known.join(", ")}`);
  }
  return known.filter((word) => words.includes(word));
}

const given = {
  boolean: ["all", "quick", "long", "split", "help"],
  string: [
    "pairs",
    "seconds",
    "retake",
    "held",
    "stock-held",
    "only",
    "requests",
    "idle-seconds",
    "daemons",
    "program",
    "pin",
    "dir",
    "json",
    "svg",
  ],
};

/** Undefined when help was asked for. @throws {SetupError} */
export function readOptions(args: string[]): Options | undefined {
  const parsed = parseArgs(args, {
    ...given,
    unknown: (option) => {
      throw new SetupError(`Unknown option: ${option}\n\n${help}`);
    },
  });
  if (parsed.help) return undefined;
  const { quick, long } = parsed;
  const text = (name: string, otherwise: string) => String(parsed[name] ?? otherwise);
  const number = (name: string, otherwise: number, least: number) =>
    numberOf(name, text(name, String(otherwise)), least);
  const whole = (name: string, otherwise: number, least: number) =>
    Math.floor(number(name, otherwise, least));
  const seconds = number("seconds", quick ? 0.4 : 2, 0.05);
  const usual = ["load", ...sectionNames.filter((name) => name !== "soak")].join(",");
  const parts = wordsOf(text("only", quick ? "load" : usual), ["load", ...sectionNames] as const);
  const heldUsually = long ? "1000,10000,50000,100000" : quick ? "10000" : "10000,100000";
  const path = (name: string) => parsed[name] === undefined ? undefined : String(parsed[name]);
  return {
    pace: {
      rounds: whole("pairs", quick ? 2 : long ? 5 : 3, 1),
      seconds,
      warmup: seconds / 4,
      retakes: whole("retake", 0, 0),
      split: parsed.split === true,
    },
    held: text("held", heldUsually).split(",").map((n) => Math.floor(numberOf("held", n, 0)))
      .filter((n) => n > 0),
    stockHeld: whole("stock-held", long ? 100_000 : 20_000, 0),
    load: parts.includes("load"),
    sections: sectionNames.filter((name) => parts.includes(name)),
    requests: whole("requests", 1e7, 1000),
    idleSeconds: number("idle-seconds", 60, 1),
    tableSteps: long ? 1e8 : 1e7,
    daemons: wordsOf(text("daemons", daemonNames.join(",")), daemonNames),
    executable: path("program"),
    all: parsed.all === true,
    pinnedTo: parsed.pin === undefined ? undefined : whole("pin", 0, 0),
    directory: text("dir", "/var/tmp"),
    json: path("json"),
    svg: path("svg"),
  };
}
