/**
 * Has the other nodes look again at an LV that they have active too, after it was extended here:
 * dlm_controld runs an LVM command on each of them.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { Answer } from "../lock_manager.ts";
import type { ControlLibrary } from "./client.ts";
import { RunCheck, RunStatus } from "./constants.ts";
import { pause } from "./quorum.ts";

/** Pause between two looks at how far the nodes are, and the number of looks. */
const LOOK_MS = 250;
const LOOKS = 240;

/** `/dev/vg0/lv0`, with any number of slashes between the parts; names as LVM allows them. */
const PATH = /^\/dev\/+([A-Za-z0-9+_.][A-Za-z0-9+_.-]*)\/+([A-Za-z0-9+_.][A-Za-z0-9+_.-]*)$/;

/** VG and LV of a path; undefined if it is not one of an LV. */
export function lvOfPath(path: string): { vgName: string; lvName: string } | undefined {
  const match = PATH.exec(path);
  return match === null ? undefined : { vgName: match[1]!, lvName: match[2]! };
}

/** Answers when all nodes have done it, or one could not. */
export async function refreshOnOthers(
  control: ControlLibrary,
  vgName: string,
  lvName: string,
  lookMs = LOOK_MS,
): Promise<Answer> {
  const what = `refreshing ${vgName}/${lvName} on the other nodes`;
  // The only commands that dlm_controld runs begin with these words.
  const command = `lvm lvchange --refresh --partial --nolocking ${vgName}/${lvName}`;
  const { result, uuid } = await control.runStart(command);
  if (result < 0) {
    const message = `${what}: dlm_controld does not do it; is its helper enabled (enable_helper)?`;
    return { result: -Errno.ELMERR, lmResult: result, message };
  }
  const never = new AbortController().signal;
  for (let look = 0; look < LOOKS; look++) {
    const { result, status } = await control.runCheck(uuid, RunCheck.clear);
    if (result < 0 || (status & RunStatus.failed) !== 0) {
      const message = `${what} failed; run "lvchange --refresh ${vgName}/${lvName}" there`;
      return { result: -Errno.ELMERR, lmResult: result, message };
    }
    if ((status & RunStatus.done) !== 0) return { result: 0 };
    if (status === 0) break; // dlm_controld does not know it any more
    await pause(lookMs, never);
  }
  await control.runCheck(uuid, RunCheck.cancel);
  const message = `${what}: not all of them have answered; look at the size of the LV there`;
  return { result: -Errno.ETIMEDOUT, message };
}
