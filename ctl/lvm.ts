/**
 * Asks the lvm command about VGs and LVs. Its reports read the metadata on disk and take no locks,
 * so they work while nothing is started.
 *
 * @module
 */
import { findProgram, runProgram } from "./child.ts";
import { CtlExit, Exit } from "./exit.ts";

/** Disks that are gone can hold up a scan for long. */
const limitMs = 60_000;
const reading = ["--readonly", "--nolocking", "--shared", "--reportformat", "json"];

/** Fields of one VG or LV by name; empty ones are `""`. */
type Row<Field extends string> = Record<Field, string>;

async function report<Field extends string>(
  command: "vgs" | "lvs",
  fields: readonly Field[],
  names: readonly string[],
): Promise<Row<Field>[]> {
  const words = [await findProgram("lvm"), command, ...reading, "-o", fields.join(","), ...names];
  const outcome = await runProgram(words, { collect: true, limitMs });
  if (outcome.kind !== "exit" || outcome.code !== 0) {
    const how = outcome.kind === "exit"
      ? `exited with ${outcome.code}`
      : outcome.kind === "signal"
      ? `was ended by ${outcome.signal}`
      : `took more than ${limitMs / 1000} s`;
    throw new CtlExit(Exit.refused, `lvmlockctl: \`${words.join(" ")}\` ${how}\n`);
  }
  const kind = command === "vgs" ? "vg" : "lv";
  const { report } = JSON.parse(new TextDecoder().decode(outcome.output)) as {
    report: Record<string, Row<Field>[]>[];
  };
  return report.flatMap((part) => part[kind] ?? []);
}

/** What a start of the VG's lockspace needs. @throws {CtlExit} if there is no such VG. */
export async function readVg(
  vg: string,
): Promise<{ uuid: string; lockType: string; lockArgs: string }> {
  const rows = await report("vgs", ["vg_uuid", "vg_lock_type", "vg_lock_args"], [vg]);
  const row = rows[0];
  if (!row) throw new CtlExit(Exit.refused, `lvmlockctl: lvm knows no VG ${vg}\n`);
  return { uuid: row.vg_uuid, lockType: row.vg_lock_type, lockArgs: row.vg_lock_args };
}

/** An LV as far as its lock goes. */
export interface LvInfo {
  vg: string;
  name: string;
  uuid: string;
  /** `""` for LVs without a lock of their own. */
  lockArgs: string;
}

/** The LVs of `names` (VGs or VG/LV), all of them without names. @throws {CtlExit} */
export async function readLvs(names: readonly string[]): Promise<LvInfo[]> {
  const rows = await report("lvs", ["vg_name", "lv_name", "lv_uuid", "lv_lockargs"], names);
  return rows.map((row) => ({
    vg: row.vg_name,
    name: row.lv_name,
    uuid: row.lv_uuid,
    lockArgs: row.lv_lockargs,
  }));
}
