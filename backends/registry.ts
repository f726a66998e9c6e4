/**
 * Which backend serves a VG: decided for each VG by its lock type and args. Also which lock managers
 * are running, for commands that let the daemon choose.
 *
 * @module
 */
import { Errno } from "../core/errno.ts";
import { LockType } from "../core/types.ts";
import type { LockManager } from "./lock_manager.ts";
import { runningClusterManagers } from "./presence.ts";

/** A VG or a lock type that no backend here serves. */
export interface Refusal {
  result: number;
  message: string;
}

export class Backends {
  constructor(
    private readonly managers: readonly LockManager[],
    /** Cluster lock managers that run on this host. */
    private readonly present: () => Promise<LockType[]> = runningClusterManagers,
  ) {}

  all(): readonly LockManager[] {
    return this.managers;
  }

  /** Bits 1 << type of the lock types that are served. */
  get supported(): number {
    return this.managers.reduce((bits, { type }) => bits | (1 << type), 0);
  }

  forType(type: LockType): LockManager | undefined {
    return this.managers.find((manager) => manager.type === type);
  }

  /** The manager for a new VG. A running cluster is never passed over for the embedded one. */
  async forNewVg(type: LockType): Promise<LockManager | Refusal> {
    const manager = this.forType(type);
    if (manager === undefined) return { result: -Errno.EPROTONOSUPPORT, message: unserved(type) };
    if (manager.recorder === undefined) return manager;
    if (!(await this.present()).includes(type)) return manager;
    return {
      result: -Errno.EMANAGER,
      message: "A DLM cluster is running here, which this daemon cannot use; " +
        "the embedded lock manager does not take its place",
    };
  }

  /** Bits 1 << type of what runs: real clusters if there are any, else the embedded manager. */
  async running(): Promise<number> {
    const present = await this.present();
    let bits = 0;
    for (const type of present) bits |= 1 << type;
    if (bits !== 0) return bits;
    for (const manager of this.managers) if (await manager.isRunning()) bits |= 1 << manager.type;
    return bits;
  }

  close(): void {
    for (const manager of this.managers) manager.close();
  }
}

function unserved(type: LockType): string {
  const name = Object.entries(LockType).find(([, number]) => number === type)?.[0] ?? `${type}`;
  return `Lock type ${name} is not served by this daemon`;
}
