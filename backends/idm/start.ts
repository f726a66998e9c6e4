/**
 * Starting a lockspace: what can be checked at once, and connecting to the manager.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { KillCommand } from "../../core/types.ts";
import type { LockspaceSpec, PrepareAnswer } from "../lock_manager.ts";
import type { IlmConnection, IlmLibrary } from "./client.ts";
import { Answered, MAX_KILL_TEXT } from "./constants.ts";
import { globalDrives } from "./drive_scan.ts";
import { isUuid } from "./lock_id.ts";
import { troubleWith } from "./locks.ts";
import { type Connected, lockspaceTitle, type NotConnected } from "./lockspace.ts";

/** The world that a lockspace is started in. */
export interface Surroundings {
  library: () => IlmLibrary;
  /** What the manager runs when it cannot renew the leases of a VG. */
  killCommand: KillCommand;
  /** Where sysfs is. */
  sysfs: string;
  /** How long a connection may take, milliseconds. */
  answerMs: number;
}

export const NOT_RUNNING =
  "the IDM lock manager does not answer: is its daemon seagate_ilm running?";

/** What LVM takes for a VG's name. The manager has the kill command run by a shell. */
const VG_NAME = /^[A-Za-z0-9+_.-]+$/;

/** The part of a start that is answered at once. */
export async function prepareStart(
  spec: LockspaceSpec,
  around: Surroundings,
  troubleWithManager: () => Promise<string>,
): Promise<PrepareAnswer> {
  const refuse = (error: number, why: string): PrepareAnswer => ({
    result: -error,
    message: `${lockspaceTitle(spec)}: ${why}`,
  });
  const trouble = await troubleWithManager();
  if (trouble !== "") return refuse(Errno.EMANAGER, trouble);
  if (spec.vgName !== "") {
    if (!VG_NAME.test(spec.vgName)) return refuse(Errno.EARGS, "LVM makes no VG of this name");
    if (!isUuid(spec.vgUuid)) {
      return refuse(Errno.EARGS, "the VG's UUID is missing or none of LVM's");
    }
    const drives = troubleWith(spec.pvPaths);
    if (drives !== "") return refuse(Errno.EINVAL, drives);
    const kill = killTrouble(around.killCommand, spec.vgName);
    if (kill !== "") return refuse(Errno.EARGS, kill);
  }
  return { result: 0 };
}

/** A command that the manager would cut off makes nothing safe. */
function killTrouble({ path, args }: KillCommand, vgName: string): string {
  const longest = Math.max(path.length, args(vgName).length);
  if (longest <= MAX_KILL_TEXT) return "";
  return `the command that makes its LVs safe is longer than the ${MAX_KILL_TEXT} characters that ` +
    "the IDM lock manager takes: choose a shorter --state-dir or --kill-path";
}

/** A new connection, with what to do when it fails. */
export async function connectLockspace(
  spec: LockspaceSpec,
  { library, killCommand, sysfs, answerMs }: Surroundings,
): Promise<Connected | NotConnected> {
  const refuse = (error: number, message: string, lmResult = 0): NotConnected => ({
    result: -error,
    lmResult,
    message,
  });
  let found: string[] = [];
  try {
    if (spec.vgName === "") found = globalDrives(sysfs);
  } catch (error) {
    return refuse(Errno.EIO, (error as Error).message);
  }
  // Drives may come later; those that were found stay the same for as long as it is connected.
  const drives = () => found.length > 0 ? found : found = drivesOrNone(sysfs);
  const connection = await connectInTime(library(), answerMs);
  if (typeof connection === "number") return refuse(Errno.EMANAGER, NOT_RUNNING, connection);
  if (spec.vgName === "") return { connection, drives };
  const result = await connection.setKillPath(killCommand.path, killCommand.args(spec.vgName));
  if (result >= 0) return { connection, drives };
  await connection.close();
  return refuse(Errno.EMANAGER, "the IDM lock manager does not take its kill command", result);
}

function drivesOrNone(sysfs: string): string[] {
  try {
    return globalDrives(sysfs);
  } catch {
    return [];
  }
}

/** A manager that hangs takes connections and says nothing; what comes too late is closed. */
export async function connectInTime(
  library: IlmLibrary,
  answerMs: number,
): Promise<IlmConnection | number> {
  const connecting = library.connect();
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), answerMs);
  const first = await Promise.race([connecting, late.promise]);
  clearTimeout(timer);
  if (first !== undefined) return first;
  void connecting.then((connection) => {
    if (typeof connection !== "number") void connection.close();
  });
  return Answered.late;
}
