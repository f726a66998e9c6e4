/**
 * What `--kill` and `--drop` have to say: to the system log, for nobody may be there to read it.
 *
 * @module
 */
import { Priority, syslog } from "../syslog.ts";
import type { StockRun } from "./run.ts";

/** To the system log, or with `--stderr` to standard error instead. */
export function message(run: StockRun, priority: Priority, text: string): void {
  if (run.options.stderr) run.io.err(`${text}\n`);
  else syslog(priority, text);
}

export function emergency(run: StockRun, text: string): void {
  message(run, Priority.emergency, text);
}

/** What a person has to do when nothing else has made the VG safe. */
export function askForHelp(run: StockRun): void {
  const vgName = run.options.vgName;
  emergency(run, `Immediately deactivate LVs in VG ${vgName}.`);
  emergency(run, `Once VG is unused, run lvmlockctl --drop ${vgName}.`);
}
