/**
 * Runs bursts against both daemons and checks each one's answers and final state against the model.
 *
 * @module
 */
import type { BurstOutcome } from "./burst.ts";
import { generateBurst } from "./burst_script.ts";
import { checkLinear, Unclear } from "./linear.ts";
import type { Options } from "./options.ts";
import { Runner } from "./runner.ts";

/**
 * What is wrong with the outcome of a burst; an empty list if nothing is.
 * @param mayRepeat see {@link checkLinear}
 */
export function checkBurst(outcome: BurstOutcome, mayRepeat: boolean): string[] {
  const { events, persistent, leftovers, failure } = outcome;
  const wrong = failure === undefined ? leftovers.map((text) => `left over: ${text}`) : [failure];
  for (const [lock, list] of Object.entries(events)) {
    const verdict = checkLinear(list, mayRepeat);
    const held = persistent[lock] ?? "un";
    if (verdict.wrong !== undefined) wrong.push(`lock ${lock}: ${verdict.wrong}`);
    else if (failure === undefined && !verdict.persistent.has(held)) {
      wrong.push(`lock ${lock} is ${held} at the end, not ${[...verdict.persistent].join(" or ")}`);
    }
  }
  return wrong;
}

async function checkSeed(seed: number, options: Options, runners: Map<string, Runner>) {
  const script = generateBurst(seed, options);
  const checks = [...runners].map(async ([name, runner]) => {
    const outcome = await runner.burst(script);
    return checkBurst(outcome, name === "stock").map((text) => `seed ${seed}, ${name}: ${text}`);
  });
  return (await Promise.all(checks)).flat();
}

/** What is wrong with a seed's burst; `undefined` if that is more than can be followed. */
async function checkSeedIfClear(seed: number, options: Options, runners: Map<string, Runner>) {
  try {
    return await checkSeed(seed, options, runners);
  } catch (error) {
    if (!(error instanceof Unclear)) throw error;
    return undefined;
  }
}

/** Runs so many bursts, prints what is wrong, and returns how many were right and wrong. */
export async function runBursts(
  options: Options,
  count: number,
): Promise<{ passed: number; failed: number }> {
  const { clients, requests, first } = options;
  const runners = new Map([
    ["stock", new Runner({ name: "stock", command: options.stock, globalLock: "dlm" })],
    ["ours", new Runner({ name: "ours", command: options.ours, globalLock: "dlm" })],
  ]);
  let failed = 0, unclear = 0;
  for (let seed = first; seed < first + count; seed++) {
    const wrong = await checkSeedIfClear(seed, options, runners);
    if (wrong?.length === 0) continue;
    if (wrong === undefined) {
      unclear++;
      continue;
    }
    failed++;
    const size = `--clients ${clients} --requests ${requests}`;
    console.log(wrong.join("\n"));
    console.log(`  again: deno task test:oracle --burst --seed ${seed} ${size}`);
  }
  if (unclear > 0) console.log(`${unclear} bursts have too many explanations to check them all`);
  return { passed: count - failed - unclear, failed };
}
