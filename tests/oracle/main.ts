/**
 * The differential tester: the same random scripts to the stock daemon and to ours. Exit status 0
 * when everything agrees but for the known differences, 1 when something else differs, 2 when it
 * cannot run. See {@link usage}.
 *
 * @module
 */
import { runBursts } from "./burst_campaign.ts";
import { Campaign } from "./campaign.ts";
import { fixedScripts } from "./fixed.ts";
import { generate } from "./generate.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { stopRunners } from "./runner.ts";
import { parseScript, type Script } from "./script.ts";

/** Scripts under way at once, so that neither daemon waits for the other. */
const ahead = 4;

/** One script in so many runs with a sanlock base VG, which takes seconds to start. */
const sanlockEvery = 100;

/** After so many scripts there is one burst more to run at the end. */
const burstEvery = 10;

/** The script of a seed for these options. */
export function scriptOf(seed: number, options: Options): Script {
  const base = seed % sanlockEvery === 0 ? "sanlock" : "dlm";
  return generate(seed, options, base);
}

function again(seed: number, { clients, requests }: Options): string {
  return `deno task test:oracle --seed ${seed} --clients ${clients} --requests ${requests}`;
}

function report(campaign: Campaign, started: number): void {
  const { passed, failed, steps, replies, crashes, known } = campaign.totals;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${steps} steps and ${replies} replies compared in ${seconds} s`);
  for (const [id, times] of known) console.log(`  known difference ${id}: ${times} times`);
  if (crashes > 0) console.log(`  the stock daemon failed and was started anew ${crashes} times`);
  console.log(`${passed} passed, ${failed} failed`);
}

async function runAll(campaign: Campaign, options: Options): Promise<void> {
  const last = options.first + options.seeds - 1;
  let next = options.first;
  const work = async () => {
    while (next <= last) {
      const seed = next++;
      await campaign.check(scriptOf(seed, options), again(seed, options));
      const done = campaign.totals.passed + campaign.totals.failed;
      if (done % 100 === 0) console.log(`${done} of ${options.seeds} scripts`);
    }
  };
  await Promise.all(Array.from({ length: ahead }, work));
}

/** Runs the scripts written by hand: one by name, or `all`. */
async function runFixed(campaign: Campaign, name: string): Promise<void> {
  const chosen = [...fixedScripts].filter(([each]) => name === "all" || name === each);
  if (chosen.length === 0) throw new Error(`there is no script ${name}`);
  for (const [each, script] of chosen) {
    await campaign.check(script, `deno task test:oracle --fixed ${each}`);
  }
}

async function runReplay(campaign: Campaign, path: string): Promise<void> {
  const script = parseScript(await Deno.readTextFile(path));
  await campaign.check(script, `deno task test:oracle --replay ${path}`);
}

async function runWanted(campaign: Campaign, options: Options): Promise<void> {
  if (options.replay !== undefined) return await runReplay(campaign, options.replay);
  if (options.fixed !== undefined) return await runFixed(campaign, options.fixed);
  if (options.burst) return campaign.add(await runBursts(options, options.seeds));
  const complete = options.seeds > 1 && !options.itself;
  if (complete) await runFixed(campaign, "all");
  await runAll(campaign, options);
  if (complete) {
    campaign.add(await runBursts(options, Math.ceil(options.seeds / burstEvery)));
  }
}

/** Runs the tester with command line arguments and returns the exit status. */
export async function main(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (Deno.uid() !== 0) throw new Error("this needs root: daemons run in namespaces of their own");
  const started = performance.now();
  const campaign = new Campaign(options);
  const interrupt = () => stopRunners().finally(() => Deno.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  try {
    await runWanted(campaign, options);
  } finally {
    await stopRunners();
  }
  report(campaign, started);
  return campaign.totals.failed === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
