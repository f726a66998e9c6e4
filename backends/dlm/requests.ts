/**
 * One request for one lock: making it, what a refusal means, and giving a lock up altogether.
 *
 * @module
 */
import { Errno, errnoName } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import { ResourceType } from "../../core/types.ts";
import type { ResourceSpec } from "../lock_manager.ts";
import type { DlmHandle } from "./client.ts";
import { DlmMode, IN_PROGRESS, LockFlag } from "./constants.ts";
import { type DlmLockspace, type Held, lockName, LOST } from "./lockspace.ts";

const log = logger("dlm");

/** To NL: never refused, and what is left does not outlive the process. */
export const TO_NL = LockFlag.convert;

/** Makes one request: 0, or the status with which it was refused. */
export function request(
  lockspace: DlmLockspace,
  held: Held,
  mode: DlmMode,
  flags: number,
): Promise<number | typeof LOST> {
  return lockspace.call(async (handle) => {
    const result = await handle.lock(held.state, mode, flags);
    return result === 0 ? 0 : held.state.status;
  });
}

/** What a refusal means: a conflict is the other node's business, anything else a failure. */
export function refusal(
  lockspace: DlmLockspace,
  what: string,
  status: number | typeof LOST,
): { result: number; lmResult: number; message: string } {
  if (status === LOST) {
    return { result: -Errno.ELMERR, lmResult: 0, message: `${what}: ${lockspace.lost}` };
  }
  const lmResult = -status;
  if (status === Errno.EAGAIN) {
    return { result: -Errno.EAGAIN, lmResult, message: `${what}: another node has it` };
  }
  const why = status === IN_PROGRESS
    ? "the kernel did not take the request"
    : `the DLM answered ${errnoName(lmResult)}`;
  return { result: -Errno.ELMERR, lmResult, message: `${what}: ${why}` };
}

/** Gives a lock up that is not among those in use (any more). Nobody waits for it. */
export function giveUp(lockspace: DlmLockspace, resource: ResourceSpec, held: Held): void {
  void lockspace.call((handle) => unlock(handle, held)).then((status) => {
    if (status === 0 || status === LOST) return;
    log.warn(
      refusal(lockspace, `forgetting ${lockName(lockspace.spec, resource)}`, status).message,
    );
  });
}

/** Only ever from NL: anything else would write what the library has in its copy of the block. */
async function unlock(handle: DlmHandle, { state, mode }: Held): Promise<number> {
  if (mode !== DlmMode.nl && await handle.lock(state, DlmMode.nl, TO_NL) !== 0) {
    return state.status;
  }
  if (await handle.unlock(state) !== 0) return state.status;
  handle.drop(state);
  return 0;
}

/** Nobody here holds this lock. The DLM may keep what it has of it; nobody waits for that. */
export function forgetLock(lockspace: DlmLockspace, resource: ResourceSpec): void {
  const held = lockspace.held.get(resource.name);
  // What is inherited waits for whoever activates the LV.
  if (held === undefined || held.inherited) return;
  const isIdle = resource.type === ResourceType.lv && held.mode === DlmMode.nl;
  const name = isIdle ? lockspace.rest(resource.name) : resource.name;
  if (name !== undefined) drop(lockspace, { ...resource, name });
}

function drop(lockspace: DlmLockspace, resource: ResourceSpec): void {
  const held = lockspace.use(resource.name);
  lockspace.held.delete(resource.name);
  if (held !== undefined && lockspace.lost === "") giveUp(lockspace, resource, held);
}
