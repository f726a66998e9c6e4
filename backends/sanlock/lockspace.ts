/**
 * One lockspace that this daemon has registered for: where its leases are, the connection that owns
 * its locks, and what is held through it.
 *
 * @module
 */
import { type Mode, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec, ValueBlock } from "../lock_manager.ts";
import type { LockspaceArg, ResourceArg, SanlockConnection } from "./client.ts";
import { type Geometry, GL_SLOT, VG_SLOT } from "./geometry.ts";
import { parseLvArgs } from "./lock_args.ts";

/** A lock as the sanlock daemon has it. */
export interface Held {
  mode: Mode;
  /** Present where the lease has a value block that was asked for. */
  block?: ValueBlock;
}

export interface SanlockLockspace {
  readonly spec: LockspaceSpec;
  readonly hostId: number;
  /** Device with the leases. */
  readonly path: string;
  readonly geometry: Geometry;
  readonly connection: SanlockConnection;
  /** Held locks by the resource's name. */
  readonly held: Map<string, Held>;
  /** Where the search for a free LV lease goes on; 0 before the first one. Bytes. */
  freeLockOffset: number;
  /** The sanlock daemon has joined it for us. */
  joined: boolean;
}

/** Name of a global lock's lease while it is disabled; `GLLK` otherwise. */
export const DISABLED_GL = "_GLLK_disabled";
/** Name of the global lock's lease. */
export const ENABLED_GL = "GLLK";
/** Name of an LV lease that is free. */
export const UNUSED = "#unused";
/** Name that the leases of a removed VG get. */
export const REMOVED = "invalid_removed";

/** The lockspace for calls about the host's own lease in it. */
export function lockspaceArg(lockspace: SanlockLockspace): LockspaceArg {
  const { spec, hostId, path, geometry } = lockspace;
  return { name: spec.name, hostId, path, flags: geometry.flags };
}

/** A lease of the lockspace; `name` `""` is whatever is there. */
export function leaseAt(lockspace: SanlockLockspace, offset: number, name: string): ResourceArg {
  const { spec, path, geometry } = lockspace;
  return { lockspace: spec.name, name, path, offset, flags: geometry.flags };
}

/** The lease of a resource; undefined if an LV's lock args are not understood. */
export function leaseOf(
  lockspace: SanlockLockspace,
  { type, name, lockArgs }: ResourceSpec,
): ResourceArg | undefined {
  const { alignSize } = lockspace.geometry;
  if (type === ResourceType.gl) return leaseAt(lockspace, GL_SLOT * alignSize, name);
  if (type === ResourceType.vg) return leaseAt(lockspace, VG_SLOT * alignSize, name);
  const offset = parseLvArgs(lockArgs);
  return offset === undefined ? undefined : leaseAt(lockspace, offset, name);
}

/** Whether a lock of this resource is taken with its value block. */
export function usesValueBlock(lockspace: SanlockLockspace, { type }: ResourceSpec): boolean {
  return type !== ResourceType.lv && lockspace.geometry.hasValueBlock;
}
