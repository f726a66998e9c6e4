/**
 * Value blocks kept in memory, for backends whose manager is this process: the embedded one and the
 * test mode. They live as long as the lockspace.
 *
 * @module
 */
import { ResourceType } from "../core/types.ts";
import type { LockspaceSpec, ResourceSpec, ValueBlock } from "./lock_manager.ts";

/** Format of the block and its "VG removed" flag, as the hosts of a cluster exchange them. */
const FORMAT = 0x0101;
const REMOVED = 0x0001;

export class ValueBlocks {
  readonly #blocks = new Map<string, ValueBlock>();

  /** The block of a GL or VG; undefined for LVs, which have none. */
  read(lockspace: LockspaceSpec, resource: ResourceSpec): ValueBlock | undefined {
    if (resource.type === ResourceType.lv) return undefined;
    return this.#blocks.get(`${lockspace.id}/${resource.name}`) ??
      { version: 0, flags: 0, resourceVersion: 0 };
  }

  /** Writes the block; `version` 0 leaves it as it is. */
  write(
    lockspace: LockspaceSpec,
    resource: ResourceSpec,
    version: number,
    removed = false,
  ): void {
    if (resource.type === ResourceType.lv || (version === 0 && !removed)) return;
    const old = this.read(lockspace, resource);
    this.#blocks.set(`${lockspace.id}/${resource.name}`, {
      version: FORMAT,
      flags: removed ? REMOVED : 0,
      resourceVersion: version || (old?.resourceVersion ?? 0),
    });
  }

  drop(lockspace: LockspaceSpec): void {
    const prefix = `${lockspace.id}/`;
    for (const key of this.#blocks.keys()) if (key.startsWith(prefix)) this.#blocks.delete(key);
  }
}
