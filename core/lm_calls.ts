/**
 * Performs the lock manager calls that the table asks for: picks the backend, makes the call, and
 * turns its answer into the fields of the LM_DONE input.
 *
 * @module
 */
import type {
  Adopt,
  Answer,
  LockManager,
  LockspaceSpec,
  Outcome,
  ResourceSpec,
} from "../backends/lock_manager.ts";
import type { LmCallEffect } from "./engine.ts";
import { Errno } from "./errno.ts";
import { Leave, LmCall } from "./records.ts";
import { LockType, OptionFlag, type Owner, ResourceType } from "./types.ts";

/** What the dispatcher needs of the set of backends. */
export interface BackendChoice {
  readonly supported: number;
  all(): readonly LockManager[];
  forType(type: LockType): LockManager | undefined;
  forNewVg(type: LockType): Outcome<LockManager | { result: number; message: string }>;
  /** `vgName` `""` is the global lockspace. */
  forLockspace(
    lockspace: { lockType: LockType; vgName: string; vgArgs: string },
  ): Outcome<LockManager | { result: number; message: string }>;
  running(): Outcome<number>;
  close(): void;
}

/** Any answer, with the extra fields that some calls have. */
export interface AnyAnswer extends Answer {
  retry?: boolean;
  persevered?: boolean;
  owner?: Owner;
  valueBlock?: { version: number; flags: number; resourceVersion: number };
  vgArgs?: string;
  lvArgs?: string;
  hostId?: number;
  generation?: number;
  prevGeneration?: number;
  glEnabled?: boolean;
  temporary?: boolean;
  inherited?: boolean;
  hostsUnknown?: boolean;
  /** For `running`: bits 1 << lock type. */
  bits?: number;
}

const GL_NAME = "GLLK";
const VG_NAME = "VGLK";

/** The resource of a call, with the name that it has in every lock manager. */
export function resourceOf(effect: { resourceType: ResourceType; lvUuid: string; lvArgs: string }) {
  const type = effect.resourceType;
  const name = type === ResourceType.gl
    ? GL_NAME
    : type === ResourceType.vg
    ? VG_NAME
    : effect.lvUuid;
  return { type, name, lockArgs: effect.lvArgs } satisfies ResourceSpec;
}

function adoptOf(flags: number): Adopt {
  if ((flags & OptionFlag.adoptOnly) !== 0) return "only";
  return (flags & OptionFlag.adopt) !== 0 ? "ok" : "no";
}

const noManager: AnyAnswer = {
  result: -Errno.EPROTONOSUPPORT,
  message: "This lock type is not served by this daemon",
};

/**
 * A call about a lockspace that was prepared.
 * @param pvPaths of the request that the call is made for.
 */
export function callInLockspace(
  manager: LockManager,
  lockspace: LockspaceSpec,
  effect: LmCallEffect,
  pvPaths: readonly string[] = [],
): Outcome<AnyAnswer> {
  switch (effect.op) {
    case LmCall.lock: {
      const how = {
        adopt: adoptOf(effect.flags),
        repair: (effect.flags & OptionFlag.repair) !== 0,
        checkGl: effect.glEnabled,
        persistent: (effect.flags & OptionFlag.persistent) !== 0,
      };
      const resource: ResourceSpec = resourceOf(effect);
      if (pvPaths.length > 0) resource.pvPaths = [...pvPaths];
      return manager.lock(lockspace, resource, effect.mode, how);
    }
    case LmCall.convert:
      return manager.convert(lockspace, resourceOf(effect), effect.mode, effect);
    case LmCall.unlock: {
      const how = { version: effect.version, freeVg: effect.arg !== 0 };
      return manager.unlock(lockspace, resourceOf(effect), how);
    }
    case LmCall.prepare:
      return manager.prepare(lockspace, joinOptions(effect.flags));
    case LmCall.join:
      return manager.join(lockspace, joinOptions(effect.flags));
    case LmCall.leave:
      return manager.leave(lockspace, {
        freeVg: (effect.arg & Leave.free) !== 0,
        force: (effect.arg & Leave.force) !== 0,
      });
    case LmCall.hosts:
      return manager.otherHosts(lockspace);
    case LmCall.status:
      return manager.status?.(lockspace) ?? { result: 0 };
    default:
      return callLeases(manager, lockspace, effect);
  }
}

function joinOptions(flags: number) {
  return {
    adopt: adoptOf(flags),
    nodelay: (flags & OptionFlag.nodelay) !== 0,
    repair: (flags & OptionFlag.repair) !== 0,
  };
}

function callLeases(
  manager: LockManager,
  lockspace: LockspaceSpec,
  effect: LmCallEffect,
): Outcome<AnyAnswer> {
  const leases = manager.leases;
  if (leases === undefined) return noManager;
  switch (effect.op) {
    case LmCall.freeLv:
      return leases.freeLv(lockspace, resourceOf(effect));
    case LmCall.findFree:
      return leases.findFreeLock(lockspace, effect.size);
    case LmCall.setGl:
      return leases.setGlobalLock(
        lockspace,
        effect.arg !== 0,
        (effect.flags & OptionFlag.exDisable) !== 0,
      );
    case LmCall.hasGl:
      return leases.hasGlobalLock(lockspace);
    case LmCall.checkArgs:
      return leases.checkLockArgs(lockspace, effect.otherArgs);
    default:
      throw new Error(`No lock manager call ${effect.op} in a lockspace`);
  }
}

/** A call about no started lockspace: new lock args, renaming, what runs. */
export async function callOutside(
  backends: BackendChoice,
  effect: LmCallEffect,
  path: string,
): Promise<AnyAnswer> {
  switch (effect.op) {
    case LmCall.running:
      return { result: 0, bits: await backends.running() };
    case LmCall.refresh:
      return await refresh(backends, path, effect.lvUuid);
    case LmCall.initVg:
      return await initVg(backends, effect);
  }
  const leases = backends.forType(effect.lockType)?.leases;
  if (leases === undefined) return noManager;
  const lockspaceName = `lvm_${effect.vgName}`;
  switch (effect.op) {
    case LmCall.initLv:
      return await leases.initLv({
        ...effect,
        lockspaceName,
        prevLvArgs: effect.otherArgs,
        lockspaceId: effect.lockspace,
      });
    case LmCall.rename:
      return await leases.renameVg(lockspaceName, effect.vgName, effect.vgArgs);
    case LmCall.setArgs:
      return await leases.setLockArgs(effect.vgName, effect.vgArgs, effect.otherArgs);
    default:
      throw new Error(`No lock manager call ${effect.op} outside a lockspace`);
  }
}

async function initVg(backends: BackendChoice, effect: LmCallEffect): Promise<AnyAnswer> {
  const manager = await backends.forNewVg(effect.lockType);
  if ("result" in manager) return manager;
  return await manager.initVg({
    lockspaceName: `lvm_${effect.vgName}`,
    vgName: effect.vgName,
    vgArgs: effect.vgArgs,
    otherArgs: effect.otherArgs,
    alignMb: effect.alignMb,
    enableGl: effect.glEnabled,
  });
}

/** Nothing to do unless a manager can reach the LV on other hosts. */
async function refresh(backends: BackendChoice, path: string, uuid: string): Promise<AnyAnswer> {
  for (const manager of backends.all()) {
    if (manager.refreshLv !== undefined) return await manager.refreshLv(path, uuid);
  }
  return { result: 0 };
}
