/**
 * Takes over what a daemon that died left behind: all VGs at the same time, then the global lock.
 * Says in the log what became of it.
 *
 * @module
 */
import { Errno } from "../errno.ts";
import { logger } from "../log.ts";
import type { LockService } from "../service.ts";
import { LockType, Mode, ResourceType } from "../types.ts";
import type { AdoptVg } from "./adopt_file.ts";
import { type Plan, type PlannedVg, shown, someOf, type Trouble } from "./plan.ts";
import { AdoptionClient, adoptVg, reasonOf, releaseOrphan, type VgOutcome } from "./vg_adopter.ts";

const log = logger("adopt");

/** Who keeps what could not be taken over, for a later attempt: the recorder. */
export interface Keeper {
  settle(left: AdoptVg): void;
  tidy(): void;
}

/** Grows until everything is done. */
export interface AdoptReport {
  /** VGs that are done, whatever became of them. */
  vgs: number;
  adopted: number;
  retaken: number;
  absent: number;
  troubles: Trouble[];
  /** Names of VGs whose lock manager has not answered yet. */
  unfinished: string[];
}

export interface Adoption {
  report: AdoptReport;
  /** Resolves when nothing is unfinished. Rejects only if the adopt file cannot be written. */
  done: Promise<AdoptReport>;
}

/**
 * Carries out a plan.
 * @param limit when it is aborted, what is unfinished goes on in the background.
 * @returns when everything is done, or at the limit.
 * @throws {Error} if the adopt file cannot be written.
 */
export async function adopt(
  service: LockService,
  plan: Plan,
  keeper: Keeper,
  limit?: AbortSignal,
): Promise<Adoption> {
  const adopter = new Adopter(service, plan, keeper);
  const done = adopter.run();
  await Promise.race([done, aborted(limit)]);
  adopter.sayUnfinished();
  return { report: adopter.report, done };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

class Adopter {
  readonly report: AdoptReport;
  /** The last look for the global lock; one at a time. */
  #globalLook: Promise<void> = Promise.resolve();
  /** It was found, or there is none: further looks are needless. */
  #globalSettled = false;
  #looksWithoutVg = false;

  constructor(
    private readonly service: LockService,
    private readonly plan: Plan,
    private readonly keeper: Keeper,
  ) {
    const unfinished = plan.vgs.map(({ vgName }) => vgName);
    const counts = { vgs: 0, adopted: 0, retaken: 0, absent: 0 };
    this.report = { ...counts, troubles: [], unfinished };
  }

  async run(): Promise<AdoptReport> {
    for (const note of this.plan.notes) log.info(note);
    for (const trouble of this.plan.troubles) this.#trouble(trouble);
    for (const vg of this.plan.settled) this.keeper.settle(vg);
    await Promise.all(this.plan.vgs.map((vg) => this.#take(vg)));
    for (const lockType of this.plan.globals) await this.#lookWithoutVg(lockType);
    this.keeper.tidy();
    return this.report;
  }

  sayUnfinished(): void {
    const { unfinished } = this.report;
    if (this.#looksWithoutVg) {
      log.warn(
        "The lock manager does not answer: other hosts may have to wait for a global lock that " +
          "was left behind",
      );
    }
    if (unfinished.length === 0) return;
    log.warn(
      `Not taken over yet: VG ${
        someOf(unfinished)
      }. Their lock manager does not answer; other VGs ` +
        "are served, these when it answers",
    );
  }

  async #take(vg: PlannedVg): Promise<void> {
    const outcome = await adoptVg(this.service, vg).catch((error) => failed(vg, error));
    this.#settle(vg, outcome);
    // sanlock's global lock is in one of the VGs: it can be looked for when that one is there.
    await this.#lookForGlobal();
  }

  /**
   * The lockspace of the global lock comes with the first VG. Without any, a global lock left behind
   * is in every host's way.
   */
  async #lookWithoutVg(lockType: LockType): Promise<void> {
    const types = new Set(this.plan.vgs.map((vg) => vg.lockType));
    if (types.size > 0 && !types.has(lockType)) {
      return this.#globalStays("VGs of another lock manager are taken over, and its lock counts");
    }
    this.#looksWithoutVg = true;
    await this.#lookForGlobal(lockType);
    this.#looksWithoutVg = false;
  }

  /** @param lockType joins its lockspace if there is none yet. */
  async #lookForGlobal(lockType: LockType = LockType.none): Promise<void> {
    this.#globalLook = this.#globalLook.then(() => this.#releaseGlobal(lockType))
      .catch((error) => this.#globalStays(String(error)));
    await this.#globalLook;
  }

  #settle(vg: PlannedVg, outcome: VgOutcome): void {
    const { vgName, vgUuid, lockType, vgArgs } = vg;
    const { report } = this;
    report.unfinished.splice(report.unfinished.indexOf(vgName), 1);
    report.vgs++;
    report.adopted += outcome.adopted;
    report.retaken += outcome.retaken;
    report.absent += outcome.absent;
    this.keeper.settle({ vgName, vgUuid, lockType, vgArgs, locks: outcome.kept });
    for (const note of outcome.notes) log.warn(note);
    for (const trouble of outcome.troubles) this.#trouble(trouble);
    log.info(summary(outcome));
  }

  #trouble(trouble: Trouble): void {
    this.report.troubles.push(trouble);
    log[trouble.lvUuids.length > 0 ? "error" : "warn"](trouble.text);
  }

  async #releaseGlobal(lockType: LockType): Promise<void> {
    if (this.#globalSettled) return;
    using client = new AdoptionClient(this.service);
    const about = { resourceType: ResourceType.gl, lockType };
    const { mode, refused } = await releaseOrphan(client, about);
    // Its lockspace is not there, or not yet.
    if (refused?.result === -Errno.ENOLS && lockType === LockType.none) return;
    this.#globalSettled = true;
    if (refused !== undefined) this.#globalStays(reasonOf(refused));
    else if (mode === Mode.ex) {
      log.warn("The global lock was held for a change when the daemon died; it is released");
    }
  }

  #globalStays(why: string): void {
    const text = `A global lock left behind cannot be released: ${why}`;
    this.#trouble({ vgName: "", lvUuids: [], text });
  }
}

/** A defect of ours is no reason to forget the locks. */
function failed(vg: PlannedVg, error: unknown): VgOutcome {
  const { vgName, locks } = vg;
  const text = `VG ${shown(vgName)} cannot be taken over: ` +
    (error instanceof Error ? error.stack : String(error));
  const lvUuids = locks.filter(({ active }) => active).map(({ lvUuid }) => lvUuid);
  const counts = { adopted: 0, retaken: 0, absent: 0 };
  return { vgName, ...counts, notes: [], troubles: [{ vgName, lvUuids, text }], kept: locks };
}

function summary({ vgName, adopted, retaken, kept }: VgOutcome): string {
  const parts = [`adopted ${adopted} ${adopted === 1 ? "lock" : "locks"} in VG ${shown(vgName)}`];
  if (retaken > 0) parts.push(`took ${retaken} anew`);
  if (kept.length > 0) parts.push(`failed for ${kept.length}`);
  return parts.join(", ");
}
