/**
 * Runs scenarios with LVM's own commands against a daemon in User-Mode Linux guests:
 *
 *     deno task test:uml [--daemon ours|stock] [--command LINE] [--guests NUMBER] [SCENARIO …]
 *
 * Prints a line for each step. The exit code is 0 if every step went as expected, 1 if not, 2 if the
 * arguments are wrong or packages are missing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { runCluster } from "./cluster_scenario.ts";
import { type DaemonCommand, type DaemonKind, ours, stock } from "./daemon.ts";
import { complaint } from "./packages.ts";
import { runScenario, type StepReport } from "./scenario.ts";
import { names, plan, type Run } from "./plan.ts";
import { type Held, Slots } from "./slots.ts";
import { runSystemd } from "./systemd/scenario.ts";

/** Lines that are shown of a step. */
const LINES = 40;

async function daemonUnderTest(kind: unknown, line: unknown): Promise<DaemonCommand | undefined> {
  if (kind === "stock") return stock;
  if (kind !== "ours") return undefined;
  return typeof line === "string" ? { kind, line } : await ours();
}

function print(run: string, { name, ms, problems, note }: StepReport): void {
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  console.log(`${verdict} ${run}: ${name} (${Math.round(ms)} ms)`);
  const lines = [...problems, note ?? ""].join("\n").split("\n").filter((line) => line.trim());
  for (const line of lines.slice(0, LINES)) console.log(`       ${line}`);
  if (lines.length > LINES) console.log(`       … ${lines.length - LINES} more lines`);
}

async function main(args: string[]): Promise<number> {
  const options = parseArgs(args, {
    string: ["daemon", "command", "guests"],
    default: { daemon: "ours", guests: "2" },
  });
  const unknown = options._.filter((name) => !names.includes(String(name)));
  const missing = complaint();
  const command = missing ? undefined : await daemonUnderTest(options.daemon, options.command);
  if (!command || unknown.length > 0) {
    console.error(missing ?? `Not known: ${unknown.join(", ") || `--daemon ${options.daemon}`}`);
    return 2;
  }
  // A scenario with two hosts needs two guests at a time.
  const slots = new Slots(Math.max(2, Number(options.guests) || 2));
  return await runAll(plan(command.kind, options._.map(String)), { ours: command, stock }, slots);
}

type Commands = Record<DaemonKind, DaemonCommand>;
interface Counts {
  passed: number;
  failed: number;
}

/** Runs scenarios, as many at a time as guests allow. What they leave is kept if a step failed. */
async function runAll(runs: readonly Run[], commands: Commands, slots: Slots): Promise<number> {
  const parent = await Deno.makeTempDir({ prefix: "lvmlockd-uml-" });
  const counts = { passed: 0, failed: 0 };
  await Promise.all(runs.map(async (run) => {
    using held = await slots.hold(run.daemons.length);
    await runOne(run, { commands, directory: `${parent}/${run.name}`, slots: held }, counts);
  }));
  const { passed, failed } = counts;
  if (failed === 0) await Deno.remove(parent, { recursive: true });
  else console.log(`Consoles, logs and disks are kept in ${parent}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function runOne(
  run: Run,
  where: { commands: Commands; directory: string; slots: Held },
  counts: Counts,
): Promise<void> {
  const begun = performance.now();
  const report = (step: StepReport) => {
    counts[step.problems.length === 0 ? "passed" : "failed"]++;
    print(run.name, step);
  };
  await Deno.mkdir(where.directory);
  try {
    if (run.kind === "cluster") await runCluster({ ...run, ...where, report });
    else if (run.kind === "systemd") {
      await runSystemd(run.scenario, where.commands.ours, where.directory, report);
    } else await runScenario(run.scenario, where.commands.ours, where.directory, report);
  } catch (error) {
    report({ name: "the guests", ms: 0, problems: [(error as Error).message] });
  }
  console.log(`       ${run.name} took ${Math.round((performance.now() - begun) / 1000)} s`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
