/**
 * Adoption: a daemon that died leaves its locks with the lock managers; the next one takes them
 * over. This file puts the parts together; the daemon needs nothing else but the recorder.
 *
 * @module
 */
import type { LeftBehind, LockManager } from "../../backends/lock_manager.ts";
import { logger } from "../log.ts";
import type { LockService } from "../service.ts";
import type { LockType } from "../types.ts";
import { type ActiveLvs, activeLvs } from "./active_lvs.ts";
import type { AdoptFile } from "./adopt_file.ts";
import { adopt, type Adoption, type Keeper } from "./adopter.ts";
import { makePlan } from "./plan.ts";

export { AdoptRecorder } from "./adopt_recorder.ts";
export type { Adoption, AdoptReport } from "./adopter.ts";
export type { Trouble } from "./plan.ts";

const log = logger("adopt");

export interface TakeOver {
  service: LockService;
  managers: readonly LockManager[];
  /** From {@link AdoptRecorder.open}: what the adopt file says, or why it cannot be read. */
  file: AdoptFile;
  trouble: string;
  recorder: Keeper;
  /** When it is aborted, what is unfinished goes on in the background. */
  limit?: AbortSignal;
  /** Where sysfs lists block devices; `/sys/block` if absent. */
  sysBlock?: string;
}

/**
 * Takes over all that can be. Comes before any client is served; never rejects for what a lock
 * manager says or does.
 * @throws {Error} if the adopt file cannot be written.
 */
export async function takeOver(options: TakeOver): Promise<Adoption> {
  const { service, managers, file, recorder, limit, sysBlock } = options;
  if (options.trouble !== "") log.error(options.trouble);
  if (file.cut) log.warn("The adopt file is incomplete: the daemon died while it wrote it");
  const { leftBehind, listed } = await survey(managers, limit);
  const active = activeOrUnknown(sysBlock);
  const plan = makePlan({ leftBehind, listed, file: file.vgs, active });
  return await adopt(service, plan, recorder, limit);
}

/** Asks all managers at once. One that cannot tell, or not in time, is left out. */
async function survey(managers: readonly LockManager[], limit: AbortSignal | undefined) {
  const listed = new Set<LockType>();
  const leftBehind: LeftBehind[] = [];
  await Promise.all(managers.map(async (manager) => {
    if (manager.leftBehind === undefined) return;
    try {
      const found = await inTime(manager.leftBehind(), limit);
      listed.add(manager.type);
      leftBehind.push(...found);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(`A lock manager cannot tell what a daemon left behind: ${why}`);
    }
  }));
  return { leftBehind, listed };
}

function inTime<T>(work: T | Promise<T>, limit: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error("it does not answer"));
    if (limit?.aborted) late();
    limit?.addEventListener("abort", late, { once: true });
    Promise.resolve(work).then(resolve, reject);
  });
}

function activeOrUnknown(sysBlock: string | undefined): ActiveLvs | undefined {
  try {
    return activeLvs(sysBlock);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.error(`Which LVs are active cannot be told: ${why}. All are taken for active`);
    return undefined;
  }
}
