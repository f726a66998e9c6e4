/**
 * The actions of the stock face that are one request and its result. Each returns the exit code.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { CtlExit, Exit } from "../exit.ts";
import type { NativeClient } from "../native_client.ts";
import { withProgress } from "../progress.ts";
import { Priority, syslog } from "../syslog.ts";
import { describeStop } from "./stop_progress.ts";
import { ask, conclude, operate, type StockRun } from "./run.ts";

/** A request in a VG on an open connection. */
export type Action = (run: StockRun, client: NativeClient) => Promise<number>;

/** `--quit`: the daemon ends if it has no lockspaces. */
export const quit: Action = async (run, client) => {
  const { result } = await ask(run, client, "quit");
  return conclude(run, "lvmlockd does not quit", result, {
    [-Errno.EBUSY]: {
      meaning: "lockspaces exist",
      hint: "Stop them first: lvmlockctl --stop-lockspaces",
    },
  });
};

/** `--gl-enable VG`. */
export const glEnable: Action = async (run, client) => {
  const { vgName } = run.options;
  syslog(Priority.info, `Enabling global lock in VG ${vgName}.`);
  const result = await operate(run, client, "enable_gl", { vg_name: vgName });
  return conclude(run, `cannot enable the global lock in VG ${vgName}`, result, {
    [-Errno.EINVAL]: {
      meaning: "it is no sanlock VG, the lock is in use, or another VG has it enabled",
      hint: "Disable it in the other VG first: lvmlockctl --gl-disable",
    },
  });
};

/** `--gl-disable VG`. */
export const glDisable: Action = async (run, client) => {
  const { vgName } = run.options;
  syslog(Priority.info, `Disabling global lock in VG ${vgName}.`);
  const result = await operate(run, client, "disable_gl", { vg_name: vgName });
  return conclude(run, `cannot disable the global lock in VG ${vgName}`, result, {
    [-Errno.EINVAL]: {
      meaning: "it is no sanlock VG, or the global lock is in use",
      hint: "Try again when no lvm command runs",
    },
  });
};

/** `--stop-lockspaces`: without `--wait` it may leave lockspaces, and says how many. */
export const stopLockspaces: Action = async (run, client) => {
  const { wait, force } = run.options;
  const opts = `${wait ? "wait " : ""}${force ? "force " : ""}`;
  const left = await withProgress(
    run.io,
    () => describeStop(run),
    () => operate(run, client, "stop_all", { opts: opts || "none" }),
  );
  if (left <= 0) return conclude(run, "cannot stop the lockspaces", left);
  const count = left === 1 ? "1 lockspace is" : `${left} lockspaces are`;
  run.io.err(`${run.io.programName}: ${count} still stopping or in use.\n`);
  return Exit.refused;
};

/** `--set-remote-lv-lock VG`, for a daemon in test mode. */
export const setRemoteLvLock: Action = async (run, client) => {
  const { vgName, lvUuid, lockMode } = run.options;
  if (!lvUuid || !lockMode) {
    const text = "--set-remote-lv-lock requires --lv-uuid and --lock-mode\n";
    throw new CtlExit(Exit.missingArgument, "", text);
  }
  const result = await operate(run, client, "set_remote_lv_lock", {
    vg_name: vgName,
    lv_uuid: lvUuid,
    mode: lockMode,
  });
  return conclude(run, `cannot mark the LV lock in VG ${vgName}`, result);
};
