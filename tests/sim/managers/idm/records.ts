/**
 * The drives of VGs and of locks, as daemons of one host note them for the next one: what the real
 * backend keeps in a file that counts for one boot.
 *
 * @module
 */
import type { RecordedLock, RecordedVg } from "../../../../backends/idm/drive_records.ts";
import type { LeftBehind } from "../../../../backends/lock_manager.ts";
import { LockType } from "../../../../core/types.ts";

export class Records {
  readonly #vgs = new Map<string, RecordedVg>();

  joined({ vgName, vgUuid, pvPaths }: Omit<RecordedVg, "locks">): void {
    const old = this.#vgs.get(vgName);
    const locks = old?.vgUuid === vgUuid ? old.locks : new Map<string, RecordedLock>();
    this.#vgs.set(vgName, { vgName, vgUuid, pvPaths: [...pvPaths], locks });
  }

  left(vgName: string): void {
    this.#vgs.delete(vgName);
  }

  locked(vgName: string, lock: RecordedLock): void {
    this.#vgs.get(vgName)?.locks.set(lock.lvUuid, lock);
  }

  released(vgName: string, lvUuid: string): void {
    this.#vgs.get(vgName)?.locks.delete(lvUuid);
  }

  /** @param known UUIDs of LVs that were locked persistently: transient locks end with their daemon. */
  leftBehind(known: ReadonlySet<string>): LeftBehind[] {
    return [...this.#vgs.values()].map(({ vgName, vgUuid, pvPaths, locks }) => ({
      lockType: LockType.idm,
      vgName,
      vgUuid,
      vgArgs: "",
      hostId: 0,
      pvPaths,
      locks: [...locks.values()].filter(({ lvUuid }) => known.has(lvUuid)),
    }));
  }
}
