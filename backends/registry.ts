/**
 * Which backend serves a VG: decided for each VG by its lock type and args. Also which lock managers
 * are running, for commands that let the daemon choose.
 *
 * @module
 */
import { Errno } from "../core/errno.ts";
import { LockType } from "../core/types.ts";
import type { LockManager } from "./lock_manager.ts";

/** A VG or a lock type that no backend here serves. */
export interface Refusal {
  result: number;
  message: string;
}

export class Backends {
  constructor(private readonly managers: readonly LockManager[]) {}

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
    const serving = this.managers.filter((manager) => manager.type === type);
    for (const manager of serving) {
      if (manager.acrossHosts && (serving.length === 1 || await manager.isRunning())) {
        return manager;
      }
    }
    return serving.find((manager) => !manager.acrossHosts) ??
      { result: -Errno.EPROTONOSUPPORT, message: unserved(type) };
  }

  /** The manager for a lockspace that is to be started; `vgName` `""` is the global one. */
  async forLockspace(
    { lockType, vgName, vgArgs }: { lockType: LockType; vgName: string; vgArgs: string },
  ): Promise<LockManager | Refusal> {
    if (vgName === "") return await this.forNewVg(lockType);
    const serving = this.managers.filter((manager) => manager.type === lockType);
    return serving.find((manager) => manager.recognises?.(vgArgs)) ??
      serving.find((manager) => manager.acrossHosts) ?? serving[0] ??
      { result: -Errno.EPROTONOSUPPORT, message: unserved(lockType) };
  }

  /** Bits 1 << type of what runs: real clusters if there are any, else the embedded manager. */
  async running(): Promise<number> {
    let across = 0;
    let here = 0;
    for (const manager of this.managers) {
      if (!await manager.isRunning()) continue;
      if (manager.acrossHosts) across |= 1 << manager.type;
      else here |= 1 << manager.type;
    }
    return across || here;
  }

  close(): void {
    for (const manager of this.managers) manager.close();
  }
}

function unserved(type: LockType): string {
  const name = Object.entries(LockType).find(([, number]) => number === type)?.[0] ?? `${type}`;
  return `Lock type ${name} is not served by this daemon`;
}
