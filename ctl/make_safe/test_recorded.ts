/**
 * What dmsetup printed in a real host with the VG `vg-a` on two disks: a linear LV with a snapshot, a
 * striped, a raid1, a thin and a cached LV, a read-only one, the lease LV, another program's devices
 * on the striped and the linear LV, and an empty device. For tests.
 *
 * @module
 */
import { type DmDevice } from "./devices.ts";
import { parseInfo, withTables } from "./dmsetup.ts";

/**
 * `active`: all works. `hung`: the disks do not answer, and some tables are being replaced. `safe`:
 * every table of the VG is replaced.
 */
export type Moment = "active" | "hung" | "safe";

/** The output of one of the two questions that are asked. */
export function recordedText(moment: Moment, question: "info" | "tables"): string {
  return Deno.readTextFileSync(new URL(`testdata/${moment}.${question}`, import.meta.url));
}

export function recorded(moment: Moment): DmDevice[] {
  return withTables(
    parseInfo(recordedText(moment, "info")),
    recordedText(moment, "tables"),
  );
}
