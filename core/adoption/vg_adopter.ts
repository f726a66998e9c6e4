/**
 * Takes over one VG: joins its lockspace again, takes the LV locks, and lets go of the VG lock that a
 * command held when the daemon died. Asks the lock service as any client does.
 *
 * @module
 */
import { Errno, errnoName, explain } from "../errno.ts";
import type { LockService } from "../service.ts";
import {
  emptyRequest,
  Mode,
  Op,
  OptionFlag,
  type Reply,
  type Request,
  ResourceType,
} from "../types.ts";
import type { AdoptLock } from "./adopt_file.ts";
import { type PlannedLock, type PlannedVg, shown, someOf, type Trouble } from "./plan.ts";

/** LV locks of one VG that are asked for at a time. */
const AT_A_TIME = 8;

export interface VgOutcome {
  vgName: string;
  /** Locks taken over. */
  adopted: number;
  /** Locks of active LVs that were gone and could be taken anew. */
  retaken: number;
  /** Locks of inactive LVs that were gone: nothing was to be done. */
  absent: number;
  troubles: Trouble[];
  /** Remarks that are no trouble. */
  notes: string[];
  /** What a later attempt may want. */
  kept: AdoptLock[];
}

/** A client of the service for the time of one adoption. */
export class AdoptionClient implements Disposable {
  readonly #id: number;

  constructor(private readonly service: LockService) {
    const info = { origin: "daemon" as const, pid: Deno.pid, command: "adopt", fd: 0 };
    this.#id = service.openClient(info).id;
  }

  ask(request: Partial<Request>): Promise<Reply> {
    return new Promise((answered) => {
      this.service.submit(this.#id, { ...emptyRequest, ...request }, answered);
    });
  }

  [Symbol.dispose](): void {
    this.service.closeClient(this.#id);
  }
}

/**
 * Looks whether the dead daemon left a VG lock or the global lock behind, and releases it.
 * @returns the mode it had, `un` if there was none; `refused` if that cannot be told.
 */
export async function releaseOrphan(
  client: AdoptionClient,
  about: Partial<Request>,
): Promise<{ mode: Mode; refused?: Reply }> {
  const lock = { ...about, op: Op.lock, flags: OptionFlag.adoptOnly };
  let mode: Mode = Mode.sh;
  let reply = await client.ask({ ...lock, mode });
  if (reply.result === -Errno.EADOPT_RETRY) {
    mode = Mode.ex;
    reply = await client.ask({ ...lock, mode });
  }
  if (reply.result === -Errno.EADOPT_NONE) return { mode: Mode.un };
  if (reply.result < 0) return { mode: Mode.un, refused: reply };
  const released = await client.ask({ ...about, op: Op.lock, mode: Mode.un });
  return released.result < 0 ? { mode, refused: released } : { mode };
}

/** Why something was refused, for one line. */
export function reasonOf({ result, message }: Reply): string {
  return `${message ?? explain(result).meaning} (${errnoName(result)})`;
}

export async function adoptVg(service: LockService, vg: PlannedVg): Promise<VgOutcome> {
  using client = new AdoptionClient(service);
  return await new VgAdopter(client, vg).run();
}

class VgAdopter {
  readonly #outcome: VgOutcome;
  readonly #name: string;
  readonly #about: Partial<Request>;

  constructor(private readonly client: AdoptionClient, private readonly vg: PlannedVg) {
    const { vgName, lockType } = vg;
    this.#name = shown(vgName);
    this.#about = { vgName, lockType };
    const counts = { adopted: 0, retaken: 0, absent: 0 };
    this.#outcome = { vgName, ...counts, troubles: [], notes: [], kept: [] };
  }

  async run(): Promise<VgOutcome> {
    const started = await this.#start();
    // A lockspace that runs already needs its locks all the same.
    if (started.result < 0 && started.result !== -Errno.EEXIST) this.#notStarted(started);
    else await this.#takeLocks();
    return this.#outcome;
  }

  #start(): Promise<Reply> {
    const { vgUuid, vgArgs, hostId, pvPaths = [] } = this.vg;
    const flags = OptionFlag.adopt | OptionFlag.wait;
    const about = {
      ...this.#about,
      resourceType: ResourceType.vg,
      vgUuid,
      vgArgs,
      hostId,
      pvPaths,
    };
    return this.client.ask({ ...about, op: Op.start, flags });
  }

  #notStarted(reply: Reply): void {
    const { locks } = this.vg;
    const running = locks.filter(({ active }) => active);
    this.#outcome.kept.push(...locks);
    this.#outcome.troubles.push({
      vgName: this.vg.vgName,
      lvUuids: running.map(({ lvUuid }) => lvUuid),
      text: `VG ${this.#name} cannot be taken over: ${reasonOf(reply)}` +
        (running.length === 0
          ? ""
          : `. Its active LVs are without their locks: ${someOf(running.map(({ name }) => name))}`),
    });
  }

  async #takeLocks(): Promise<void> {
    const locks = this.vg.locks.values();
    const worker = async () => {
      for (const lock of locks) await this.#takeLock(lock);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    await this.#releaseVgLock();
  }

  async #takeLock(lock: PlannedLock): Promise<void> {
    const reply = await this.#adoptLock(lock);
    if (reply.result >= 0 || reply.result === -Errno.EALREADY) this.#outcome.adopted++;
    else if (reply.result !== -Errno.EADOPT_NONE) this.#notTaken(lock, reply);
    else if (lock.active) await this.#retake(lock);
    else this.#outcome.absent++;
  }

  /** The orphan may have another mode than we know: then in that one. */
  async #adoptLock(lock: PlannedLock): Promise<Reply> {
    const reply = await this.#lockLv(lock, lock.mode, OptionFlag.adoptOnly);
    if (reply.result !== -Errno.EADOPT_RETRY) return reply;
    const other = lock.mode === Mode.ex ? Mode.sh : Mode.ex;
    return await this.#lockLv(lock, other, OptionFlag.adoptOnly);
  }

  #lockLv(lock: PlannedLock, mode: Mode, flags: number): Promise<Reply> {
    const { lvUuid, lvArgs, pvPaths = [] } = lock;
    const about = { ...this.#about, resourceType: ResourceType.lv, lvUuid, lvArgs, pvPaths };
    return this.client.ask({ ...about, op: Op.lock, mode, flags: flags | OptionFlag.persistent });
  }

  async #retake(lock: PlannedLock): Promise<void> {
    // Nobody may stop the VG before this is answered: the table knows by the flag.
    const reply = await this.#lockLv(lock, lock.mode, OptionFlag.adopt);
    if (reply.result < 0) return this.#notTaken(lock, reply);
    this.#outcome.retaken++;
    const mode = lock.mode === Mode.ex ? "ex" : "sh";
    this.#outcome.notes.push(
      `LV ${shown(lock.name)} is active, but its lock was gone: it was taken anew (${mode})`,
    );
  }

  #notTaken(lock: PlannedLock, reply: Reply): void {
    this.#outcome.kept.push(lock);
    const what = lock.active ? "is active, but its lock" : "is not active; its lock";
    this.#outcome.troubles.push({
      vgName: this.vg.vgName,
      lvUuids: lock.active ? [lock.lvUuid] : [],
      text: `VG ${this.#name}: LV ${shown(lock.name)} ${what} cannot be taken over: ` +
        reasonOf(reply),
    });
  }

  async #releaseVgLock(): Promise<void> {
    const about = { ...this.#about, resourceType: ResourceType.vg };
    const { mode, refused } = await releaseOrphan(this.client, about);
    if (refused !== undefined) {
      this.#outcome.troubles.push({
        vgName: this.vg.vgName,
        lvUuids: [],
        text: `VG ${this.#name}: a VG lock left behind cannot be released: ${reasonOf(refused)}`,
      });
    } else if (mode === Mode.ex) {
      this.#outcome.notes.push(
        `VG ${this.#name} was locked for a change when the daemon died; the lock is released. ` +
          "Look whether the change was completed",
      );
    }
  }
}
