/**
 * A scenario of a cluster: named steps on one host or on both, each with what is expected of it. This
 * runs one in a fresh cluster and tells how each step went.
 *
 * @module
 */
import { Cluster, type HostId } from "./cluster.ts";
import type { DaemonCommand, DaemonKind } from "./daemon.ts";
import { type Command, type Expectations, judgeCommand, judgeState } from "./judge.ts";
import type { LockManagerKind } from "./lock_managers/lock_manager.ts";
import { lockManagers } from "./lock_managers/mod.ts";
import type { StepReport } from "./scenario.ts";
import type { Held } from "./slots.ts";

interface Common {
  name: string;
  /** Only with these daemons on host 1; default all. */
  only?: DaemonKind;
  /**
   * Seconds in which the state must become as expected. A command is repeated in this time until its
   * exit code is as expected.
   */
  within?: number;
  /** What is expected of hosts afterwards, in addition to what the step says itself. */
  then?: Partial<Record<HostId, Expectations>>;
}

/**
 * Runs a bash script on a host, default 1, or on both at the same time; `$host` is the host's number.
 * All that is expected holds for each host it runs on.
 */
export interface HostStep extends Common, Command {
  on?: HostId | "both";
  /** What it prints is shown. */
  show?: true;
}

/** Does something to the cluster. Throws if it fails; returns what is to be shown. */
export interface ClusterAction extends Common {
  act: (cluster: Cluster) => Promise<string | void>;
}

export type ClusterStep = HostStep | ClusterAction;

/** Which daemon each host runs: one or two of them. */
export type Daemons = readonly DaemonKind[];

export interface ClusterScenario {
  name: string;
  lockManager: LockManagerKind;
  /**
   * One run for each. `ours` stands for the daemon under test, so when that is the stock one a
   * scenario with `oracle` runs with the stock daemon in all places, once.
   */
  clusters: readonly Daemons[];
  /** The stock daemon does all that is expected as well. */
  oracle: boolean;
  /** Sizes of the disks /dev/mapper/disk0, …, which all hosts share. */
  diskMebibytes: readonly number[];
  /** Given the kinds of daemon that really run. */
  steps: (daemons: Daemons) => readonly ClusterStep[];
}

/** What a step may take, apart from `within`, and a scenario, in milliseconds: they end what hangs. */
const STEP_LIMIT = 300_000;
const SCENARIO_LIMIT = 900_000;

/** Pause between two attempts of a step that is repeated, in milliseconds. */
const POLL = 500;

export interface ClusterRun {
  scenario: ClusterScenario;
  daemons: Daemons;
  commands: Record<DaemonKind, DaemonCommand>;
  /** An existing directory of its own. */
  directory: string;
  /** A slot for each host. */
  slots: Held;
  report: (step: StepReport) => void;
}

/** Runs a scenario. A step that fails does not end it. Throws if the cluster does not start. */
export async function runCluster(run: ClusterRun): Promise<void> {
  const { scenario, daemons, commands, directory, slots, report } = run;
  const begun = performance.now();
  await using cluster = await Cluster.boot({
    name: scenario.name,
    directory,
    lockManager: lockManagers[scenario.lockManager],
    daemons,
    commands,
    diskMebibytes: scenario.diskMebibytes,
    limitMs: SCENARIO_LIMIT,
    slots,
  });
  report({ name: "the cluster starts", ms: performance.now() - begun, problems: [] });
  const kinds = daemons.map((kind) => commands[kind].kind);
  for (const step of scenario.steps(kinds)) {
    if (step.only === undefined || step.only === kinds[0]) report(await runStep(step, cluster));
  }
}

async function runStep(step: ClusterStep, cluster: Cluster): Promise<StepReport> {
  const begun = performance.now();
  const within = (step.within ?? 0) * 1000;
  const limit = STEP_LIMIT + within;
  const timer = setTimeout(
    () => cluster.giveUp(`"${step.name}" did not end within ${limit / 1000} s`),
    limit,
  );
  const end = begun + within;
  let report: Pick<StepReport, "problems" | "note">;
  try {
    const note = "run" in step ? await runOnHosts(step, cluster, end) : await step.act(cluster);
    const problems = await until(end, () => judgeHosts(step, cluster), isEmpty);
    report = { problems, ...note && { note } };
  } catch (error) {
    report = { problems: [(error as Error).message] };
  } finally {
    clearTimeout(timer);
  }
  return { name: step.name, ms: performance.now() - begun, ...report };
}

/** Does something again and again, until it is `right` or it is time to end. */
async function until<T>(end: number, run: () => Promise<T>, right: (value: T) => boolean) {
  for (;;) {
    const value = await run();
    if (right(value) || performance.now() >= end) return value;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** Returns what is to be shown; throws if a host did not do what is expected. */
async function runOnHosts(step: HostStep, cluster: Cluster, end: number): Promise<string> {
  const outputs = await Promise.all(
    hostsOf(step).map(async (id) => {
      const run = () => cluster.host(id).guest.run(`host=${id}\n${step.run}`);
      const result = await until(end, run, ({ code }) => code === (step.code ?? 0));
      const problems = judgeCommand(step, result);
      if (problems.length > 0) throw new Error(`host ${id}: ${problems.join("\n")}`);
      return result.stdout;
    }),
  );
  return step.show ? outputs.join("") : "";
}

async function judgeHosts(step: ClusterStep, cluster: Cluster): Promise<string[]> {
  const expected: [HostId, Expectations][] = Object.entries(step.then ?? {})
    .map(([id, then]) => [Number(id) as HostId, then]);
  if ("run" in step) {
    expected.push(...hostsOf(step).map((id): [HostId, Expectations] => [id, step]));
  }
  const problems = await Promise.all(expected.map(async ([id, expectations]) => {
    const found = await judgeState(expectations, cluster.host(id).guest);
    return found.map((text) => `host ${id}: ${text}`);
  }));
  return problems.flat();
}

const isEmpty = (list: readonly unknown[]) => list.length === 0;

function hostsOf({ on = 1 }: HostStep): HostId[] {
  return on === "both" ? [1, 2] : [on];
}
