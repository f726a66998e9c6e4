/**
 * A scenario is a list of named steps in one fresh guest, each with what is expected of it. This
 * runs one and tells how each step went.
 *
 * @module
 */
import { Daemon, type DaemonCommand, type DaemonKind } from "./daemon.ts";
import { Guest, makeDisk } from "./guest.ts";
import { none } from "./lock_managers/none.ts";
import { type Command, type Expectations, judgeCommand, judgeState } from "./judge.ts";

/** Runs a bash script in the guest. */
export interface CommandStep extends Command {
  name: string;
}

/** Does something to the daemon. Throws if it fails. */
export interface ActionStep extends Expectations {
  name: string;
  act: (daemon: Daemon) => Promise<unknown>;
}

export type Step = CommandStep | ActionStep;

export interface Scenario {
  name: string;
  /** The daemons that it is meant for. */
  daemons: readonly DaemonKind[];
  /** Our daemon in another form than from its sources. */
  daemon?: () => Promise<DaemonCommand>;
  /** Sizes of the disks /dev/ubda, /dev/ubdb, … */
  diskMebibytes: readonly number[];
  steps: readonly Step[];
}

export interface StepReport {
  name: string;
  ms: number;
  /** Empty if the step went as expected. */
  problems: string[];
  /** What was measured; it is printed, no more. */
  note?: string;
}

/**
 * What a step may take, and a whole scenario, in milliseconds. Far more than they need, also on a busy
 * machine: the limits end what hangs, they measure nothing.
 */
const STEP_LIMIT = 120_000;
const SCENARIO_LIMIT = 900_000;

/**
 * Boots a guest, with its files in an existing directory, starts the daemon in it and runs the steps. `report` is told of each
 * step when it has ended. A step that fails does not end the scenario, unless it is the daemon's start.
 */
export async function runScenario(
  scenario: Scenario,
  command: DaemonCommand,
  directory: string,
  report: (step: StepReport) => void,
): Promise<void> {
  const { name, diskMebibytes } = scenario;
  const under = await scenario.daemon?.() ?? command;
  const disks = await Promise.all(
    diskMebibytes.map((size, i) => makeDisk(`${directory}/disk${i}`, size)),
  );
  await using guest = await Guest.boot({ name, directory, disks, limitMs: SCENARIO_LIMIT });
  const line = `${under.line} ${none.daemonArguments[command.kind]}`;
  const daemon = new Daemon(guest, { ...under, line });
  const start: Step = { name: "the daemon starts", act: () => daemon.start() };
  for (const step of [start, ...scenario.steps]) {
    const outcome = await runStep(step, daemon);
    report(outcome);
    if (step === start && outcome.problems.length > 0) return;
  }
}

async function runStep(step: Step, daemon: Daemon): Promise<StepReport> {
  const begun = performance.now();
  const { guest } = daemon;
  const timer = setTimeout(
    () => guest.kill(`"${step.name}" did not end within ${STEP_LIMIT / 1000} s`),
    STEP_LIMIT,
  );
  let problems: string[];
  try {
    problems = "run" in step
      ? judgeCommand(step, await guest.run(step.run))
      : await act(step, daemon);
    problems.push(...await judgeState(step, guest));
  } catch (error) {
    problems = [(error as Error).message];
  } finally {
    clearTimeout(timer);
  }
  return { name: step.name, ms: performance.now() - begun, problems };
}

async function act(step: ActionStep, daemon: Daemon): Promise<string[]> {
  await step.act(daemon);
  return [];
}
