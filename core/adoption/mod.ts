/**
 * Adoption: a daemon that died leaves its locks with the lock managers; the next one takes them
 * over. This file puts the parts together; the daemon needs nothing else but the recorder.
 *
 * @module
 */
import type { LeftBehind, LockManager } from "../../backends/lock_manager.ts";
import { logger } from "../log.ts";
import type { LockService } from "../service.ts";
import { type ActiveLvs, activeLvs } from "./active_lvs.ts";
import type { AdoptFile } from "./adopt_file.ts";
import { adopt, type Adoption, type AdoptReport, type Keeper } from "./adopter.ts";
import { makePlan } from "./plan.ts";

export { mayBeActive } from "./active_lvs.ts";
export { AdoptRecorder } from "./adopt_recorder.ts";
export type { Adoption, AdoptReport };
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
  const { file, limit, managers } = options;
  if (options.trouble !== "") log.error(options.trouble);
  if (file.cut) log.warn("The adopt file is incomplete: the daemon died while it wrote it");
  const known = new Set(file.vgs.flatMap(({ locks }) => locks.map(({ lvUuid }) => lvUuid)));
  const surveys = managers.filter(({ leftBehind }) => leftBehind !== undefined)
    .map((manager) => new Survey(manager, known));
  await Promise.race([Promise.all(surveys.map(({ done }) => done)), aborted(limit)]);
  const late = surveys.filter(({ found }) => found === undefined);
  for (const survey of late) survey.sayLate();
  const first = await adoptFound(options, surveys.filter(({ found }) => found !== undefined), file);
  const rest = late.map(async (survey) => {
    await survey.done;
    const vgs = file.vgs.filter(({ lockType }) => lockType === survey.manager.type);
    return await (await adoptFound(options, [survey], { ...file, vgs })).done;
  });
  const done = Promise.all([first.done, ...rest]).then(sumOf);
  return { report: first.report, done };
}

/** Takes over what some managers found. */
async function adoptFound(
  { service, recorder, limit, sysBlock }: TakeOver,
  surveys: Survey[],
  file: AdoptFile,
): Promise<Adoption> {
  const answered = surveys.filter(({ found, failed }) => found !== undefined && !failed);
  const listed = new Set(answered.map(({ manager }) => manager.type));
  const leftBehind = answered.flatMap(({ found }) => found ?? []);
  const active = activeOrUnknown(sysBlock);
  const plan = makePlan({ leftBehind, listed, file: file.vgs, active });
  return await adopt(service, plan, recorder, limit);
}

/** One manager is asked what a daemon left behind. */
class Survey {
  found: LeftBehind[] | undefined;
  failed = false;
  /** Never rejects. */
  readonly done: Promise<void>;

  constructor(readonly manager: LockManager, known: ReadonlySet<string>) {
    this.done = this.#ask(known);
  }

  async #ask(known: ReadonlySet<string>): Promise<void> {
    try {
      this.found = await this.manager.leftBehind!(known);
    } catch (error) {
      this.found = [];
      this.failed = true;
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  sayLate(): void {
    this.#say("it does not answer; others are served, its VGs when it does");
  }

  #say(why: string): void {
    log.error(`A lock manager cannot tell what a daemon left behind: ${why}`);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function sumOf(reports: AdoptReport[]): AdoptReport {
  const sum = (of: (report: AdoptReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    vgs: sum(({ vgs }) => vgs),
    adopted: sum(({ adopted }) => adopted),
    retaken: sum(({ retaken }) => retaken),
    absent: sum(({ absent }) => absent),
    troubles: reports.flatMap(({ troubles }) => troubles),
    unfinished: reports.flatMap(({ unfinished }) => unfinished),
  };
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
