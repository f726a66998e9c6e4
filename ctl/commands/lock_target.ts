/**
 * The words that name a lock on the command line: `gl`, `vg VG`, `lv VG/LV`.
 *
 * @module
 */
import { CtlExit, Exit } from "../exit.ts";
import { readLvs } from "../lvm.ts";
import { type CommandRun, usageError } from "./command.ts";

/** A lock in the terms of the HTTP interface. */
export type LockTarget =
  | { type: "gl" }
  | { type: "vg"; vg: string }
  | { type: "lv"; vg: string; lvUuid: string; lvName?: string; lockArgs?: string };

const uuid = /^[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}$/;

/**
 * Reads a target from the front of the run's words and returns what follows it. An LV that is given
 * by name is looked up with lvs, which also tells its lock args.
 *
 * @throws {CtlExit}
 */
export async function readTarget(run: CommandRun): Promise<{ target: LockTarget; rest: string[] }> {
  const [type, name, ...others] = run.words;
  if (type === "gl") return { target: { type }, rest: run.words.slice(1) };
  if (type === "vg" && name) return { target: { type, vg: name }, rest: others };
  const [vg, lv, ...more] = name?.split("/") ?? [];
  if (type === "lv" && vg && lv && more.length === 0) {
    return { target: await lvTarget(run, vg, lv), rest: others };
  }
  throw usageError(run, "expected gl, vg VG or lv VG/LV, where LV is a UUID or a name");
}

async function lvTarget(run: CommandRun, vg: string, lv: string): Promise<LockTarget> {
  const given = run.flags.get("lock-args");
  if (uuid.test(lv)) return { type: "lv", vg, lvUuid: lv, ...(given ? { lockArgs: given } : {}) };
  const found = (await readLvs([`${vg}/${lv}`]))[0];
  if (!found) {
    throw new CtlExit(Exit.refused, `${run.io.programName}: lvm knows no LV ${vg}/${lv}\n`);
  }
  const lockArgs = given ?? found.lockArgs;
  return {
    type: "lv",
    vg,
    lvUuid: found.uuid,
    lvName: found.name,
    ...(lockArgs ? { lockArgs } : {}),
  };
}

/** How the target is called in messages. */
export function targetText(target: LockTarget): string {
  if (target.type === "gl") return "global lock";
  if (target.type === "vg") return `VG ${target.vg}`;
  return `LV ${target.vg}/${target.lvName ?? target.lvUuid}`;
}

/** The option that {@link readTarget} looks at. */
export const targetOptions = [
  { long: "lock-args", argument: true, value: "ARGS", help: "sanlock: the LV's lock args" },
] as const;
