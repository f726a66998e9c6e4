/**
 * `deno task explore`: plays all interleavings of small worlds on the lock table, as deep as the time
 * allows. README.md beside this file says what is looked at.
 *
 *     deno task explore [--world NAME] [--minutes M] [--depth N]
 *
 * The minutes (default 10) are for all worlds together: what one does not need, the others get. Exits
 * with 1 if something was found that must not happen, after the shortest way there.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { buildProbe } from "./build.ts";
import { explore, head, isDefect, resultRow } from "./explore.ts";
import { worlds } from "./worlds.ts";

/** For states that wait to be looked at; the known states take up to half as much again. */
const MAX_BYTES = 2_500_000_000;

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    string: ["world", "minutes", "depth"],
    default: { minutes: "10", depth: "1000" },
    unknown: (arg) => unknown.push(arg),
  });
  const minutes = Number(options.minutes);
  const depth = Number(options.depth);
  const chosen = worlds.filter(({ name }) => !options.world || name === options.world);
  if (unknown.length > 0 || chosen.length === 0 || !(minutes > 0) || !(depth > 0)) {
    console.error("usage: main.ts [--world NAME] [--minutes M] [--depth N]");
    console.error(`worlds: ${worlds.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const module = await buildProbe();
  const end = performance.now() + minutes * 60_000;
  console.log(head);
  let defects = 0;
  for (const [i, world] of chosen.entries()) {
    const seconds = (end - performance.now()) / 1000 / (chosen.length - i);
    const outcome = explore(module, world, { seconds, depth, bytes: MAX_BYTES });
    if (!isDefect(outcome)) {
      console.log(resultRow(world, outcome));
      continue;
    }
    defects++;
    console.log(`${world.name}: ${outcome.message}, after`);
    for (const line of outcome.path) console.log(`  ${line}`);
    if (outcome.script !== undefined) console.log(`\nAs a script:\n\n${outcome.script}`);
  }
  return defects > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
