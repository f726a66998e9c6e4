/**
 * Fuzzes: see tests/fuzz/README.md.
 *
 *     deno task fuzz [--target NAME] [--seconds S | --runs N] [--seed N] [--keep]
 *     deno task fuzz --target NAME --replay FILE
 *
 * `--keep` puts what reached something new into the corpus, made as small as it can be.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";
import { corpusFile, readInputs, toLine, writeInputs } from "./engine/corpus.ts";
import { type Failure, failureOf, fuzz, type Limits } from "./engine/fuzzer.ts";
import { minimiseCorpus } from "./engine/minimise.ts";
import { type Subject, type Target } from "./engine/target.ts";
import { targets } from "./targets/mod.ts";

const usage =
  `usage: deno task fuzz [--target NAME|all] [--seconds S | --runs N] [--seed N] [--keep]
       deno task fuzz --target NAME --replay FILE

targets: ${targets.map(({ target }) => target.name).join(", ")}`;

const root = join(import.meta.dirname!, "../..");
/** Where failing inputs are written. */
const FINDINGS = "dist/fuzz";
const DEFAULT_SECONDS = 60;
/** Bytes of one target's corpus. */
const CORPUS_BYTES = 10_000;
/** Different failures after which a target is left. */
const MOST_FAILURES = 5;

interface Options {
  target: string;
  seed: number;
  runs: number;
  seconds: number;
  keep: boolean;
  replay: string | undefined;
}

function readOptions(args: string[]): Options | undefined {
  const unknown: string[] = [];
  const given = parseArgs(args, {
    string: ["target", "seconds", "runs", "seed", "replay"],
    boolean: ["keep"],
    unknown: (arg) => unknown.push(arg),
  });
  const number = (text: unknown, otherwise: number) =>
    text === undefined ? otherwise : /^\d+$/.test(String(text)) ? Number(text) : NaN;
  const runs = number(given.runs, Infinity);
  const options = {
    target: String(given.target ?? "all"),
    seed: number(given.seed, 1),
    runs,
    seconds: number(given.seconds, Number.isFinite(runs) ? Infinity : DEFAULT_SECONDS),
    keep: given.keep === true,
    replay: given.replay === undefined ? undefined : String(given.replay),
  };
  const wrong = unknown.length > 0 || [options.seed, runs, options.seconds].some(Number.isNaN);
  return wrong ? undefined : options;
}

function limitsOf({ runs, seconds }: Options): Limits {
  const end = performance.now() + seconds * 1000;
  return { runs, failures: MOST_FAILURES, enough: () => performance.now() >= end };
}

/** Writes the input to a file, and says how to run it again. */
function report(target: Target, { kind, error, input }: Failure): void {
  const name = kind.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 50).replace(/^-|-$/g, "");
  const file = `${FINDINGS}/${target.name}.${name}.txt`;
  writeInputs(join(root, file), [input]);
  const details = error instanceof Error ? error.stack ?? error.message : String(error);
  console.log(
    `FAILED ${target.name}: ${kind}\n${details}\n  input: ${toLine(input).slice(0, 400)}`,
  );
  console.log(`  again: deno task fuzz --target ${target.name} --replay ${file}\n`);
}

/** Makes the corpus of what is there and what was found. */
async function keep(target: Target, subject: Subject, inputs: readonly string[]): Promise<void> {
  // Records are long, and there are many places in the table.
  const bytes = (target.unit ?? 1) > 1 ? 4 * CORPUS_BYTES : CORPUS_BYTES;
  const chosen = await minimiseCorpus(subject, inputs, bytes);
  const seeds = new Set(target.seeds());
  writeInputs(corpusFile(target.name), chosen.filter((input) => !seeds.has(input)));
}

async function campaign(target: Target, options: Options): Promise<number> {
  const subject = await target.open();
  try {
    const start = performance.now();
    const corpus = readInputs(corpusFile(target.name));
    const outcome = await fuzz(target, subject, corpus, options.seed, limitsOf(options));
    const seconds = (performance.now() - start) / 1000;
    const { runs, reached, total, kept, failures } = outcome;
    const row = [
      target.name.padEnd(16),
      `${runs} runs`.padStart(14),
      `${Math.round(runs / seconds)}/s`.padStart(9),
      `${reached} of ${total} places`.padStart(20),
      `${kept.length} kept`.padStart(10),
      `${failures.length} failures`.padStart(12),
    ];
    console.log(row.join(" "));
    for (const failure of failures) report(target, failure);
    if (options.keep && failures.length === 0) await keep(target, subject, kept);
    return failures.length;
  } finally {
    await subject.close?.();
  }
}

async function replay(target: Target, file: string): Promise<number> {
  const subject = await target.open();
  let failures = 0;
  for (const input of readInputs(join(root, file))) {
    const error = await failureOf(subject, input);
    if (error !== undefined) console.log(error);
    console.log(`${error === undefined ? "holds" : "FAILED"}: ${toLine(input).slice(0, 200)}`);
    failures += Number(error !== undefined);
  }
  await subject.close?.();
  return failures;
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  const chosen = targets.map(({ target }) => target)
    .filter(({ name }) => options?.target === "all" || options?.target === name);
  const oneToReplay = options?.replay === undefined || chosen.length === 1;
  if (options === undefined || chosen.length === 0 || !oneToReplay) {
    console.error(usage);
    return 2;
  }
  let failures = 0;
  if (options.replay !== undefined) failures = await replay(chosen[0]!, options.replay);
  else for (const target of chosen) failures += await campaign(target, options);
  console.log(failures === 0 ? "no failures" : `${failures} failures`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
