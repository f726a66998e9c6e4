/**
 * One lockspace as one daemon process uses it: its connection, the locks that it counts on, and what
 * becomes of them when the connection ends or their leases have run out.
 *
 * @module
 */
import { ChangeStamp } from "../../../../backends/idm/change_stamps.ts";
import type {
  LockManager,
  LockspaceSpec,
  ResourceSpec,
} from "../../../../backends/lock_manager.ts";
import { type Mode, ResourceType } from "../../../../core/types.ts";
import type { Connection } from "./connection.ts";
import type { Drive } from "./drives.ts";

export interface Held {
  readonly type: ResourceType;
  readonly key: string;
  readonly drives: readonly Drive[];
  readonly paths: readonly string[];
  mode: Mode;
}

export class Session {
  /** By the resource's name. */
  readonly held = new Map<string, Held>();
  readonly #stamps = new Map<string, ChangeStamp>();
  connection: Connection | undefined;
  /** Why the locks of its LVs are lost; it serves nobody then. */
  lost = "";
  left = false;

  constructor(
    readonly spec: LockspaceSpec,
    private readonly manager: LockManager,
    private readonly micros: () => bigint,
  ) {}

  stampOf({ name }: Pick<ResourceSpec, "name">): ChangeStamp {
    let stamp = this.#stamps.get(name);
    if (stamp === undefined) this.#stamps.set(name, stamp = new ChangeStamp(this.micros));
    return stamp;
  }

  /** Whether a VG or the global lock was ever locked. */
  wasLocked(name: string): boolean {
    return this.#stamps.has(name);
  }

  /** The manager is gone. */
  connectionEnded(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.#lose("the connection to the IDM lock manager has ended");
  }

  /** Leases have run out. What else is held stays on the connection, because LVs may be active. */
  leasesEnded(connection: Connection): void {
    if (this.connection !== connection || this.lost !== "") return;
    this.#lose("the IDM lock manager could not renew its leases in time");
    if (this.lost !== "") return;
    this.connection = undefined;
    connection.close(false);
  }

  #lose(why: string): void {
    if (this.left || this.lost !== "") return;
    const lvs = [...this.held.values()].filter(({ type }) => type === ResourceType.lv);
    this.held.clear();
    for (const stamp of this.#stamps.values()) stamp.forget();
    if (lvs.length === 0) return;
    this.lost = why;
    this.manager.onLost?.(this.spec, why);
  }

  leave(): void {
    this.left = true;
    this.connection?.close(false);
    this.connection = undefined;
  }
}
