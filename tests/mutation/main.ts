/**
 * `deno task mutants`: makes systematic mutants of the lock table, and says what finds them and which
 * of them nothing finds. README.md beside this file.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Chance } from "../sim/chance.ts";
import { Compiler } from "./build.ts";
import { Court } from "./court.ts";
import { whyEquivalent } from "./equivalents.ts";
import type { Stage } from "./judge.ts";
import { described, type Mutation, mutationsOf } from "./mutations.ts";

const usage =
  "usage: deno task mutants [--sample N] [--seed S] [--files sweep,grants] [--line N]\n" +
  "                         [--by scripts,simulation,exploration,long] [--seconds N]";

const files = [
  ...["action", "admin", "answers", "calls", "client", "effects", "global_lock", "grants"],
  ...["inputs", "kill", "lifecycle", "lockspace", "resource", "route", "serve", "sweep"],
  ...["value_block", "waiters"],
];
const stages: readonly Stage[] = ["scripts", "simulation", "exploration", "long"];

/** A change that changes nothing, to see that the table as it is passes. */
function unchanged(compiler: Compiler): Mutation {
  const first = compiler.text("sweep").slice(0, 1);
  return { file: "sweep", line: 1, start: 0, end: 1, from: first, to: first };
}

function sampled(all: Mutation[], size: number, seed: number): Mutation[] {
  const chance = new Chance(seed);
  const left = [...all];
  const taken: Mutation[] = [];
  while (taken.length < size && left.length > 0) {
    taken.push(...left.splice(chance.below(left.length), 1));
  }
  return taken;
}

async function judgeAll(
  mutations: readonly Mutation[],
  by: readonly Stage[],
  seconds: number,
): Promise<Map<string, number>> {
  const compiler = new Compiler();
  using court = new Court(seconds);
  const usual = await court.judge({ mutation: unchanged(compiler), stages: by });
  if (usual.finder !== "") throw new Error(`the table as it is: ${usual.finder} ${usual.what}`);
  const counts = new Map<string, number>();
  for (const mutation of mutations) {
    const why = whyEquivalent(mutation, compiler.text(mutation.file));
    const { finder, what } = why === undefined
      ? await court.judge({ mutation, stages: by })
      : { finder: "equivalent", what: why };
    const name = finder === "-" ? "no mutant" : finder || "NOBODY";
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name !== "no mutant") console.log(`${name.padEnd(11)} ${described(mutation)}  [${what}]`);
  }
  return counts;
}

/** @returns The exit code: 1 if a mutant was found by nobody. */
export async function main(words: string[]): Promise<number> {
  const unknown: string[] = [];
  const args = parseArgs(words, {
    string: ["sample", "seed", "files", "line", "by", "seconds"],
    default: { sample: "100", seed: "1", files: files.join(), by: stages.join(), seconds: "120" },
    unknown: (word: string) => unknown.push(word),
  }) as Record<string, string | undefined>;
  const chosen = args["files"]!.split(",");
  const by = args["by"]!.split(",") as Stage[];
  const numbers = [args["sample"], args["seed"], args["seconds"]].map(Number);
  const [sample, seed, seconds] = numbers as [number, number, number];
  const understood = chosen.every((file) => files.includes(file)) && numbers.every((n) => n > 0) &&
    by.every((stage) => stages.includes(stage)) && unknown.length === 0;
  if (!understood) {
    console.error(usage);
    return 2;
  }
  const compiler = new Compiler();
  const all = chosen.flatMap((file) => mutationsOf(file, compiler.text(file)))
    .filter(({ line }) => args["line"] === undefined || line === Number(args["line"]));
  const counts = await judgeAll(sampled(all, sample, seed), by, seconds);
  console.log(`\n${all.length} changes, of which ${Math.min(sample, all.length)} were tried:`);
  for (const [name, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    console.log(`${String(count).padStart(6)}  ${name}`);
  }
  return counts.has("NOBODY") ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
