/**
 * `--kill --make-safe`: this tool itself sees to it that no LV of a VG that lost its locks can write
 * to the disks, and says in the system log what came of it.
 *
 * @module
 */
import { findProgram, runPatiently } from "../child.ts";
import { Deadline } from "../deadline.ts";
import { Dmsetup } from "../make_safe/dmsetup.ts";
import { checkSafe, makeSafe, type Outcome } from "../make_safe/mod.ts";
import { Priority } from "../syslog.ts";
import { askForHelp, emergency, message } from "./messages.ts";
import type { StockRun } from "./run.ts";

/**
 * What it may take, milliseconds, unless `--deadline` says otherwise. sanlock lets the watchdog reset
 * the host 50 to 60 s after it has run the kill command.
 */
const limitMs = 45_000;

/** Makes the VG safe. Returns false, and says why, if some device may still write. */
export async function wipeVg(run: StockRun): Promise<boolean> {
  using deadline = new Deadline(run.options.deadlineMs ?? limitMs);
  const outcome = await makeSafe(run.options.vgName, await systemDmsetup(), {
    signal: deadline.signal,
    report: (sentence) => message(run, Priority.warning, sentence),
  });
  return conclude(run, outcome);
}

/** Looks whether a kill command has really made the VG safe. Returns false, and says why, if not. */
export async function verifySafe(run: StockRun): Promise<boolean> {
  return conclude(run, await checkSafe(run.options.vgName, await systemDmsetup()));
}

async function systemDmsetup(): Promise<Dmsetup> {
  return new Dmsetup(runPatiently, await findProgram("dmsetup"));
}

function conclude(run: StockRun, { devices, dangers }: Outcome): boolean {
  const vgName = run.options.vgName;
  if (dangers.length === 0) {
    const found = devices === 0
      ? "no device of it is active"
      : devices === 1
      ? "its 1 device fails all I/O"
      : `its ${devices} devices fail all I/O`;
    message(run, Priority.warning, `VG ${vgName} is safe: ${found}.`);
    return true;
  }
  for (const { device, why } of dangers) {
    const what = device === "" ? `VG ${vgName}` : `Device ${device} of VG ${vgName}`;
    emergency(run, `${what} may still write to the disks: ${why}.`);
  }
  emergency(run, `The locks of VG ${vgName} are not dropped.`);
  askForHelp(run);
  return false;
}
