/**
 * Runs scenarios with LVM's own commands against a daemon in User-Mode Linux guests:
 *
 *     deno task test:uml [--daemon ours|stock] [--command LINE] [SCENARIO …]
 *
 * Prints a line for each step. The exit code is 0 if every step went as expected, 1 if not, 2 if the
 * arguments are wrong or packages are missing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type DaemonCommand, ours, stock } from "./daemon.ts";
import { lifeOfAVg } from "./life_of_a_vg.ts";
import { complaint } from "./packages.ts";
import { refusals } from "./refusals.ts";
import { restart } from "./restart.ts";
import { runScenario, type Scenario, type StepReport } from "./scenario.ts";

const scenarios: readonly Scenario[] = [lifeOfAVg, restart, refusals];

async function daemonCommand(kind: unknown, line: unknown): Promise<DaemonCommand | undefined> {
  if (kind === "stock") return stock;
  if (kind !== "ours") return undefined;
  return typeof line === "string" ? { kind, line } : await ours();
}

function print(scenario: string, { name, ms, problems }: StepReport): void {
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  console.log(`${verdict} ${scenario}: ${name} (${Math.round(ms)} ms)`);
  for (const line of problems.join("\n").split("\n").filter(Boolean)) console.log(`       ${line}`);
}

async function main(args: string[]): Promise<number> {
  const options = parseArgs(args, {
    string: ["daemon", "command"],
    default: { daemon: "ours" },
  });
  const unknown = options._.filter((name) => !scenarios.some((known) => known.name === name));
  const missing = complaint();
  const command = missing ? undefined : await daemonCommand(options.daemon, options.command);
  if (!command || unknown.length > 0) {
    console.error(missing ?? `Not known: ${unknown.join(", ") || `--daemon ${options.daemon}`}`);
    return 2;
  }
  const wanted = scenarios.filter(({ name, daemons }) =>
    daemons.includes(command.kind) && (options._.length === 0 || options._.includes(name))
  );
  return await runAll(wanted, command);
}

/** Runs scenarios, two at a time. What the guests leave behind is kept if a step failed. */
async function runAll(wanted: readonly Scenario[], command: DaemonCommand): Promise<number> {
  const directory = await Deno.makeTempDir({ prefix: "lvmlockd-uml-" });
  const counts = { passed: 0, failed: 0 };
  const queue = [...wanted];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await runOne(next, command, directory, counts);
    }
  };
  await Promise.all([worker(), worker()]);
  const { passed, failed } = counts;
  if (failed === 0) await Deno.remove(directory, { recursive: true });
  else console.log(`Consoles, daemon logs and disks are kept in ${directory}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function runOne(
  scenario: Scenario,
  command: DaemonCommand,
  directory: string,
  counts: { passed: number; failed: number },
): Promise<void> {
  const report = (step: StepReport) => {
    counts[step.problems.length === 0 ? "passed" : "failed"]++;
    print(scenario.name, step);
  };
  try {
    await runScenario(scenario, command, directory, report);
  } catch (error) {
    report({ name: "the guest", ms: 0, problems: [(error as Error).message] });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
