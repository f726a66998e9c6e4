/**
 * A scenario is a list of named steps in one fresh guest, each with what is expected of it. This
 * runs one and tells how each step went.
 *
 * @module
 */
import type { Result } from "./channel.ts";
import { Daemon, type DaemonCommand, type DaemonKind } from "./daemon.ts";
import { complaints, type Expected, missing } from "./expect.ts";
import { Guest, makeDisk } from "./guest.ts";
import { readState } from "./state.ts";

interface Expectations {
  /** What `lvmlockctl --info` says after the step. */
  info?: Expected;
  /** Every LV lock that is held after the step: `vg/lv` to `ex` or `sh`. */
  locks?: Record<string, "ex" | "sh">;
  /** Some device-mapper devices after the step: name to target type, `""` for none. */
  devices?: Record<string, string>;
}

/** Runs a bash script in the guest. */
export interface CommandStep extends Expectations {
  name: string;
  run: string;
  /** Exit code, default 0. */
  code?: number;
  stdout?: Expected;
  stderr?: Expected;
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
  /** Sizes of the disks /dev/ubda, /dev/ubdb, … */
  diskMebibytes: readonly number[];
  steps: readonly Step[];
}

export interface StepReport {
  name: string;
  ms: number;
  /** Empty if the step went as expected. */
  problems: string[];
}

/**
 * What a step may take, and a whole scenario, in milliseconds. Far more than they need, also on a busy
 * machine: the limits end what hangs, they measure nothing.
 */
const STEP_LIMIT = 120_000;
const SCENARIO_LIMIT = 900_000;

/**
 * Boots a guest in a new folder of `parent`, starts the daemon in it and runs the steps. `report` is told of each
 * step when it has ended. A step that fails does not end the scenario, unless it is the daemon's start.
 */
export async function runScenario(
  scenario: Scenario,
  command: DaemonCommand,
  parent: string,
  report: (step: StepReport) => void,
): Promise<void> {
  const { name, diskMebibytes } = scenario;
  const directory = `${parent}/${name}`;
  await Deno.mkdir(directory);
  const disks = await Promise.all(
    diskMebibytes.map((size, i) => makeDisk(`${directory}/disk${i}`, size)),
  );
  await using guest = await Guest.boot({ name, directory, disks, limitMs: SCENARIO_LIMIT });
  const daemon = new Daemon(guest, command);
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
    problems = "run" in step ? judge(step, await guest.run(step.run)) : await act(step, daemon);
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

function judge(step: CommandStep, { code, stdout, stderr }: Result): string[] {
  const problems = [
    ...code === (step.code ?? 0) ? [] : [`exit code ${code}, not ${step.code ?? 0}`],
    ...complaints("stdout", stdout, step.stdout ?? []),
    ...complaints("stderr", stderr, step.stderr ?? []),
  ];
  if (problems.length > 0) problems.push(`it was: ${step.run}\n${stdout}${stderr}`);
  return problems;
}

async function judgeState(step: Step, guest: Guest): Promise<string[]> {
  if (!step.info && !step.locks && !step.devices) return [];
  const { info, locks, devices } = await readState(guest);
  const none = Object.fromEntries(Object.keys(locks).map((lv) => [lv, ""]));
  const problems = [
    ...complaints("lvmlockctl --info", info, step.info ?? []),
    ...missing("lock", locks, step.locks ? { ...none, ...step.locks } : {}),
    ...missing("device", devices, step.devices ?? {}),
  ];
  if (problems.length > 0) problems.push(`lvmlockctl --info:\n${info}`);
  return problems;
}
