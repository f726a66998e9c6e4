/**
 * `deno task sim`: simulates clusters from seeds, and says what was wrong.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { allCheckers } from "./checkers/all.ts";
import { type Kind, kinds } from "./kinds.ts";
import { type Decision, describe } from "./plan.ts";
import { minimise } from "./minimise.ts";
import {
  apart,
  planOf,
  simulate,
  type SimulationOptions,
  type SimulationResult,
  usualOptions,
} from "./simulation.ts";
import { keptOf, spelled } from "./selection.ts";

const usage = `usage: deno task sim [--kind sanlock|dlm|idm|all] [--seed N] [--runs N] [--hosts N]
                     [--minutes M] [--steps N] [--vgs N] [--commands N] [--faults N]
                     [--checked] [--story] [--keep 1,5-9] [--table FILE] [--twice] [--plain]`;

interface Args {
  kinds: Kind[];
  runs: number;
  options: Omit<SimulationOptions, "kind">;
  keep: string;
  words: string;
  /** Each run is repeated and must go the same way. */
  twice: boolean;
  /** A violation is not reduced and explained. */
  plain: boolean;
}

function fail(why: string): never {
  console.error(`${why}\n${usage}`);
  Deno.exit(2);
}

function numberOf(name: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) fail(`--${name} ${text} is no number`);
  return value;
}

function parse(words: string[]): Args {
  const numbers = ["seed", "runs", "hosts", "minutes", "steps", "vgs", "commands", "faults"];
  const args = parseArgs(words, {
    string: [...numbers, "kind", "keep", "table"],
    boolean: ["checked", "story", "twice", "plain"],
    unknown: (word: string) => fail(`unknown: ${word}`),
  }) as Record<string, string | undefined>;
  const { kind = "all", keep = "", table } = args;
  if (kind !== "all" && !(kind in kinds)) fail(`--kind ${kind}`);
  const number = (name: string, usual: number) => numberOf(name, args[name], usual);
  const file = table ?? new URL("../../wasm/lock_table.wasm", import.meta.url);
  const lasting = ["hosts", "minutes", "steps", "vgs", "commands", "faults"]
    .flatMap((name) => args[name] === undefined ? [] : [`--${name} ${args[name]}`]);
  if (args["checked"]) lasting.push("--checked");
  if (table !== undefined) lasting.push(`--table ${table}`);
  return {
    kinds: kind === "all" ? Object.keys(kinds) as Kind[] : [kind as Kind],
    runs: number("runs", keep === "" ? 10 : 1),
    keep,
    words: lasting.join(" "),
    twice: Boolean(args["twice"]),
    plain: Boolean(args["plain"]),
    options: {
      seed: number("seed", 1),
      hosts: number("hosts", usualOptions.hosts),
      vgs: number("vgs", usualOptions.vgs),
      lvs: usualOptions.lvs,
      minutes: number("minutes", usualOptions.minutes),
      commandsAMinute: number("commands", usualOptions.commandsAMinute),
      faultsAMinute: number("faults", usualOptions.faultsAMinute),
      steps: number("steps", 0),
      checked: Boolean(args["checked"]),
      story: Boolean(args["story"]),
      checkers: allCheckers,
      module: new WebAssembly.Module(Deno.readFileSync(file)),
    },
  };
}

function report(
  kind: Kind,
  seed: number,
  words: string,
  found: SimulationOptions,
  all: Decision[],
) {
  const result = simulate({ ...found, story: true });
  const { violation, story } = result;
  console.log(story.join("\n"));
  console.log(
    `\nVIOLATION ${violation?.checker} at ${(violation?.atMs ?? 0) / 1000} s: ${violation?.text}`,
  );
  const plan = found.plan ?? all;
  console.log(`\n${plan.length} of ${all.length} decisions are enough:`);
  for (const decision of plan) console.log(`  ${describe(decision)}`);
  const keep = spelled(plan.map((decision) => all.indexOf(decision)));
  console.log(
    `\ndeno task sim --kind ${kind} --seed ${seed} ${words} --keep ${keep || "none"} --story`,
  );
}

/** The result of a run, after another one that must not differ if that is wanted. */
function runOf(options: SimulationOptions, twice: boolean): SimulationResult {
  const result = simulate(options);
  if (!twice || result.violation !== undefined) return result;
  const { hash } = simulate(options);
  if (hash === result.hash) return result;
  const text = `the same seed has effects ${result.hash} and ${hash}`;
  return { ...result, violation: { checker: "determinism", text, atMs: 0 } };
}

function oneRun(kind: Kind, options: SimulationOptions, args: Args): SimulationResult {
  const { keep, words, twice, plain } = args;
  const all = planOf(options);
  const plan = keep === "" ? all : keptOf(keep, all);
  const result = runOf({ ...options, plan }, twice);
  const { violation, hash, steps, failovers, lastedMs } = result;
  const minutes = (lastedMs / 60_000).toFixed(0);
  console.log(
    `${kind} seed ${options.seed}: ${
      violation === undefined ? "ok" : violation.checker
    }, ${steps} ` +
      `steps, ${failovers} failovers, ${minutes} virtual minutes, effects ${hash}`,
  );
  if (violation === undefined) {
    if (options.story) console.log(result.story.join("\n"));
    return result;
  }
  console.log(`${(violation.atMs / 1000).toFixed(3)} s: ${violation.text}`);
  if (plain || violation.checker === "determinism") return result;
  const small = keep === "" ? minimise({ ...options, plan }, violation.checker) : plan;
  report(kind, options.seed, words, { ...options, plan: small }, all);
  return result;
}

function main(args: Args): number {
  const began = performance.now();
  let [steps, failovers, bad] = [0, 0, 0];
  for (let run = 0; run < args.runs; run++) {
    for (const kind of args.kinds) {
      const seed = args.options.seed + run;
      const result = oneRun(kind, { ...args.options, kind: kinds[kind], seed }, args);
      steps += result.steps;
      failovers += result.failovers;
      if (result.violation !== undefined) bad++;
    }
    if (bad > 0) break;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${steps} steps, ${failovers} failovers, ${bad} violations, ${seconds.toFixed(1)} s ` +
      `(${Math.round(steps / seconds)} steps a second)`,
  );
  return bad > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await apart(() => main(parse(Deno.args))));
