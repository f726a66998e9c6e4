/**
 * `--kill` and `--drop`: what happens when a VG's locks were lost. The lock manager runs `--kill`
 * when a lease expires, and resets the host if that does not help in time, so nothing here may wait
 * for ever.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { runProgram } from "../child.ts";
import { Deadline } from "../deadline.ts";
import { CtlExit, Exit } from "../exit.ts";
import { Priority } from "../syslog.ts";
import { readKillCommand, splitCommand } from "./kill_command.ts";
import { askForHelp, emergency, message } from "./messages.ts";
import { cannotConnect, conclude, connect, operate, type Reasons, type StockRun } from "./run.ts";
import { verifySafe, wipeVg } from "./wipe.ts";

/** The daemon gets this long to note the kill before the kill command is run all the same. */
const killRequestLimitMs = 10_000;
/** A kill command may take this long, unless `--deadline` says otherwise. */
const killCommandLimitMs = 300_000;

const notStarted: Reasons = {
  [-Errno.ENOLS]: {
    meaning: "it has no lockspace here",
    hint: "Nothing is left to do, unless LVs of it are still active",
  },
};

/** `--kill VG`. Makes its own connections, for it has work to do without the daemon too. */
export async function kill(run: StockRun): Promise<number> {
  const vgName = run.options.vgName;
  emergency(run, `lvmlockd lost access to locks in VG ${vgName}.`);
  const { makeSafe } = run.options;
  const command = await readKillCommand(run.io);
  if (command !== undefined) run.io.out(`Found lvmlockctl_kill_command: ${command}\n`);
  else if (!makeSafe) askForHelp(run);
  const killed = await requestKill(run);
  if (command === undefined && !makeSafe) return killed;
  const done = command === undefined ? await wipeVg(run) : await runKillCommand(run, command);
  if (!done) return Exit.failed;
  const dropped = await requestDrop(run);
  return dropped === Exit.ok ? killed : dropped;
}

/** `--drop VG`. */
export async function drop(run: StockRun): Promise<number> {
  const vgName = run.options.vgName;
  using client = await connect(run);
  message(run, Priority.warning, `Dropping locks for VG ${vgName}.`);
  const result = await operate(run, client, "drop_vg", { vg_name: vgName });
  return conclude(run, `cannot drop the locks of VG ${vgName}`, result, notStarted);
}

/** Tells the daemon. Whatever comes of it, the LVs must be dealt with. */
async function requestKill(run: StockRun): Promise<number> {
  const vgName = run.options.vgName;
  using deadline = new Deadline(Math.min(killRequestLimitMs, run.deadline.ms ?? Infinity));
  const brief = { ...run, deadline };
  try {
    using client = await connect(brief);
    const result = await operate(brief, client, "kill_vg", { vg_name: vgName });
    return settle(run, `cannot stop new locks in VG ${vgName}`, result);
  } catch (error) {
    if (!(error instanceof CtlExit)) throw error;
    run.io.err(error.stderr);
    if (error.stdout === cannotConnect) {
      run.io.out("Cannot connect to lvmlockd for kill_vg.\n");
    } else if (error.stdout) {
      run.io.out(error.stdout.replace(/\n$/, " kill_vg\n"));
    }
    return Exit.ok;
  }
}

async function runKillCommand(run: StockRun, command: string): Promise<boolean> {
  const { io, options: { vgName } } = run;
  const limitMs = run.options.deadlineMs ?? killCommandLimitMs;
  const outcome = await runProgram([...splitCommand(command), vgName], { collect: false, limitMs });
  if (outcome.kind === "exit" && outcome.code === 0) {
    message(run, Priority.warning, `Successful VG ${vgName} kill command ${command} ${vgName}`);
    return !run.options.makeSafe || await verifySafe(run);
  }
  if (outcome.kind === "exit") io.out(`child exit error ${outcome.code}\n`);
  else if (outcome.kind === "signal") io.out("child exit from signal\n");
  else io.err(`${io.programName}: the kill command took more than ${limitMs / 1000} s\n`);
  emergency(run, `Failed to run VG ${vgName} kill command ${command} ${vgName}`);
  askForHelp(run);
  return false;
}

/** The drop that follows a kill command that worked. */
async function requestDrop(run: StockRun): Promise<number> {
  const vgName = run.options.vgName;
  // The kill command may have used up the limit; the drop gets its own.
  using deadline = new Deadline(run.options.deadlineMs);
  const fresh = { ...run, deadline };
  let client;
  try {
    client = await connect(fresh);
  } catch (error) {
    if (!(error instanceof CtlExit)) throw error;
    run.io.err(error.stderr);
    emergency(run, `Failed to connect to lvmlockd to drop locks in VG ${vgName}.`);
    return Exit.failed;
  }
  using connection = client;
  try {
    const result = await operate(fresh, connection, "drop_vg", { vg_name: vgName });
    return settle(run, `cannot drop the locks of VG ${vgName}`, result);
  } catch (error) {
    if (error instanceof CtlExit) emergency(run, `Failed to drop locks in VG ${vgName}`);
    throw error;
  }
}

/** As {@link conclude}; with `--make-safe` a VG without a lockspace is where it should be. */
function settle(run: StockRun, what: string, result: number): number {
  const code = conclude(run, what, result, notStarted);
  return run.options.makeSafe && result === -Errno.ENOLS ? Exit.ok : code;
}
