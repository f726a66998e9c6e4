/**
 * A scenario of one host with systemd: named steps, each with what is expected of it. This runs one
 * and tells how each step went.
 *
 * @module
 */
import type { DaemonCommand } from "../daemon.ts";
import { type Command, judgeCommand, judgeState } from "../judge.ts";
import type { StepReport } from "../scenario.ts";
import { Machine, type MachineOptions } from "./machine.ts";

/** Runs a bash script on the host. */
export interface CommandStep extends Command {
  name: string;
  /** What it prints is shown. */
  show?: true;
}

/** Does something to the machine. Throws if it fails; returns what is to be shown. */
export interface ActionStep {
  name: string;
  act: (machine: Machine) => Promise<string | void>;
}

export type SystemdStep = CommandStep | ActionStep;

export interface SystemdScenario {
  name: string;
  diskMebibytes: readonly number[];
  /** How the daemon gets there; see {@link MachineOptions}. */
  installed: MachineOptions["installed"];
  /** More files of the host's root, by path. */
  files?: Record<string, string>;
  /** More units that are enabled. */
  enabled?: readonly string[];
  steps: readonly SystemdStep[];
}

/** What a step may take, and a scenario, in milliseconds: they end what hangs. */
const STEP_LIMIT = 180_000;
const SCENARIO_LIMIT = 900_000;

/** Runs a scenario in an existing directory of its own. A step that fails does not end it. */
export async function runSystemd(
  scenario: SystemdScenario,
  command: DaemonCommand,
  directory: string,
  report: (step: StepReport) => void,
): Promise<void> {
  const { name, diskMebibytes, installed, files = {}, enabled = [] } = scenario;
  const begun = performance.now();
  await using machine = await Machine.boot({
    name,
    directory,
    diskMebibytes,
    command,
    installed,
    files,
    enabled,
    limitMs: SCENARIO_LIMIT,
  });
  report({ name: "the machine boots", ms: performance.now() - begun, problems: [] });
  for (const step of scenario.steps) report(await runStep(step, machine));
}

async function runStep(step: SystemdStep, machine: Machine): Promise<StepReport> {
  const begun = performance.now();
  const timer = setTimeout(
    () => machine.giveUp(`"${step.name}" did not end within ${STEP_LIMIT / 1000} s`),
    STEP_LIMIT,
  );
  let report: Pick<StepReport, "problems" | "note">;
  try {
    report = "run" in step ? await runCommand(step, machine) : await act(step, machine);
  } catch (error) {
    report = { problems: [(error as Error).message] };
  } finally {
    clearTimeout(timer);
  }
  return { name: step.name, ms: performance.now() - begun, ...report };
}

async function runCommand(step: CommandStep, { guest }: Machine) {
  const result = await guest.run(step.run);
  const problems = [...judgeCommand(step, result), ...await judgeState(step, guest)];
  return { problems, ...step.show && { note: result.stdout } };
}

async function act(step: ActionStep, machine: Machine) {
  const note = await step.act(machine);
  return { problems: [], ...note && { note } };
}
