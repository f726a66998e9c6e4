/**
 * `upgrade`: lets a new daemon take the place of the one that runs, with all its locks, and looks
 * whether it has them.
 *
 * @module
 */
import { runProgram } from "../child.ts";
import { CtlExit, Exit } from "../exit.ts";
import { withProgress } from "../progress.ts";
import { quickCall } from "./call.ts";
import { type Command, type CommandRun, print } from "./command.ts";
import { count, type ResourceJson, resourceText } from "./text.ts";

const defaultUnit = "lvmlockd.service";
/** Longest time for the old daemon's end and the new one's start, milliseconds. */
const restartLimitMs = 240_000;
/** The signal by which the daemon hands over; see lvmlockd(8). */
const SIGUSR2 = "12";

interface State {
  pid: number;
  version: string;
  /** What the next daemon must have as well, in words. */
  lockspaces: string[];
  locks: string[];
}

async function run(run: CommandRun): Promise<number> {
  const unit = run.flags.get("unit") ?? defaultUnit;
  const before = await ask(run);
  await checkUnit(run, unit, before.pid);
  const outcome = await withProgress(
    run.io,
    () => Promise.resolve(`Waiting for ${unit} to hand over and start again`),
    () => systemctl(run, "restart", unit),
  );
  if (outcome === undefined) throw refuse(run, `systemctl restart ${unit} failed`);
  const after = await ask(run);
  const lost = [
    ...before.lockspaces.filter((text) => !after.lockspaces.includes(text)),
    ...before.locks.filter((text) => !after.locks.includes(text)),
  ];
  if (after.pid === before.pid) throw refuse(run, `lvmlockd is still process ${after.pid}`);
  if (lost.length > 0) throw refuse(run, `the new lvmlockd does not have: ${lost.join(", ")}`);
  const kept = [count(before.lockspaces.length, "lockspace"), count(before.locks.length, "lock")];
  print(
    run,
    { before, after },
    () =>
      `lvmlockd ${before.version} (pid ${before.pid}) handed over to ` +
      `${after.version} (pid ${after.pid}): ${kept.join(" and ")} kept\n`,
  );
  return Exit.ok;
}

async function ask(run: CommandRun): Promise<State> {
  const { v1 } = run.daemon.api;
  const status = await quickCall(run, (options) => v1.status.$get({ query: {} }, options));
  const { lockspaces } = await quickCall(
    run,
    (options) => v1.lockspaces.$get({ query: {} }, options),
  );
  const { resources } = await quickCall(run, (options) => v1.locks.$get({ query: {} }, options));
  return {
    pid: status.pid,
    version: status.version,
    lockspaces: lockspaces.map(({ vg }) => vg === null ? "the global lockspace" : `VG ${vg}`),
    locks: resources.flatMap(persistentLocks),
  };
}

/** Locks of active LVs; others end with the command that has them. */
function persistentLocks(resource: ResourceJson): string[] {
  return resource.holders.filter(({ persistent }) => persistent)
    .map(({ mode }) => `${resourceText(resource)} ${mode}`);
}

/** A restart must hand over, and it must be this daemon that is restarted. */
async function checkUnit(run: CommandRun, unit: string, pid: number): Promise<void> {
  const properties = await systemctl(run, "show", "-p", "MainPID,RestartKillSignal", unit);
  if (!properties?.split("\n").includes(`MainPID=${pid}`)) {
    throw refuse(
      run,
      `lvmlockd (pid ${pid}) is not run by ${unit}`,
      `Let it hand over with: kill -USR2 ${pid}, then start it again as it was started`,
    );
  }
  if (!properties.split("\n").includes(`RestartKillSignal=${SIGUSR2}`)) {
    throw refuse(
      run,
      `a restart of ${unit} would not hand over`,
      `Set RestartKillSignal=SIGUSR2 in it, then run: systemctl daemon-reload`,
    );
  }
}

/** What it prints; undefined if it failed. */
async function systemctl(run: CommandRun, ...words: string[]): Promise<string | undefined> {
  const limitMs = Math.min(restartLimitMs, run.deadline.leftMs ?? restartLimitMs);
  const outcome = await runProgram(["systemctl", ...words], { collect: true, limitMs });
  if (outcome.kind !== "exit" || outcome.code !== 0) return undefined;
  return new TextDecoder().decode(outcome.output);
}

function refuse(run: CommandRun, text: string, hint = "See: journalctl -u lvmlockd"): CtlExit {
  return new CtlExit(Exit.refused, `${run.io.programName}: ${text}\n  ${hint}\n`);
}

export const command: Command = {
  arguments: "",
  about:
    "Lets a new daemon take the place of the one that runs, for instance after a new version\n" +
    "was installed: restarts its service, which hands over all locks, and compares what was held\n" +
    "before with what is held then. LVs stay active, LVM commands wait.",
  options: [
    { long: "unit", argument: true, value: "NAME", help: `Its unit [${defaultUnit}]` },
  ],
  words: [0, 0],
  run,
};
