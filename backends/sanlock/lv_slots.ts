/**
 * The leases of LVs: finding a free one, giving it to an LV, taking it back.
 *
 * Slots are taken upwards from where the last free one was found, with one turn at the end of the
 * device, as the stock daemon takes them: the cost does not grow with the number of LVs.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { Answer, InitAnswer, InitLvSpec, ResourceSpec } from "../lock_manager.ts";
import type { ResourceArg, SanlockClient } from "./client.ts";
import { Sanlk } from "./constants.ts";
import { isBeyondEnd } from "./format.ts";
import { deviceFacts, FIRST_LV_SLOT, readGeometry } from "./geometry.ts";
import { formatLvArgs, leaseDevice, parseLvArgs, parseVgArgs } from "./lock_args.ts";
import { leaseAt, leaseOf, type SanlockLockspace, UNUSED } from "./lockspace.ts";
import { refusal, shown } from "./results.ts";

const full = (where: string): Answer => ({
  result: -Errno.EMSGSIZE,
  message: `no free lease on ${where}: extend the LV that holds the leases`,
});

/** What is in a slot: free, beyond the end of the device, the LV's name, or an error of sanlock. */
async function look(
  client: SanlockClient,
  lease: ResourceArg,
): Promise<{ free: boolean; beyond: boolean; name: string; result: number }> {
  const { result, head } = await client.readResource({ ...lease, name: "" });
  const beyond = isBeyondEnd(result);
  // Never formatted: in a part that was added to the device.
  const free = result === Sanlk.leaderMagic || (result >= 0 && head.name === UNUSED);
  return { free, beyond, name: result >= 0 ? head.name : "", result: free || beyond ? 0 : result };
}

/** The size of the device, for slots that would fit only in part. `known` 0 asks the system. */
async function sizeOf(path: string, known: number): Promise<number> {
  if (known > 0) return known;
  return (await deviceFacts(path).catch(() => ({ size: 0 }))).size;
}

/** Leaves the offset of a free slot in the lockspace, or of the device's end if there is none. */
export async function findFreeSlot(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  lvSizeBytes: number,
): Promise<Answer> {
  const { alignSize } = lockspace.geometry;
  const first = FIRST_LV_SLOT * alignSize;
  const size = await sizeOf(lockspace.path, lvSizeBytes);
  const start = lockspace.freeLockOffset || first;
  let wrapped = false;
  for (let offset = start; !wrapped || offset < start;) {
    const fits = size === 0 || offset + alignSize <= size;
    const slot = fits ? await look(client, leaseAt(lockspace, offset, "")) : undefined;
    if (slot === undefined || slot.beyond) {
      if (wrapped) break;
      lockspace.freeLockOffset = offset;
      wrapped = true;
      offset = first;
    } else if (slot.result < 0) {
      const message = refusal(`looking for a free lease on ${lockspace.path}`, slot.result);
      return { result: slot.result, lmResult: slot.result, message };
    } else if (slot.free) {
      lockspace.freeLockOffset = offset;
      return { result: 0 };
    } else {
      offset += alignSize;
    }
  }
  return full(lockspace.path);
}

/** Where the leases of a VG are, for a lockspace that runs or one that does not. */
interface Leases {
  place(offset: number): ResourceArg;
  alignSize: number;
  start: number;
}

async function leasesFor(
  client: SanlockClient,
  spec: InitLvSpec,
  lockspace: SanlockLockspace | undefined,
): Promise<Leases | Answer> {
  if (lockspace !== undefined) {
    const { alignSize } = lockspace.geometry;
    const start = lockspace.freeLockOffset || FIRST_LV_SLOT * alignSize;
    return { place: (offset) => leaseAt(lockspace, offset, ""), alignSize, start };
  }
  const args = parseVgArgs(spec.vgArgs);
  const path = args && leaseDevice(spec.vgName, args.leaseLv);
  if (path === undefined) {
    const message = `VG ${spec.vgName}: the lock args "${shown(spec.vgArgs)}" are not understood`;
    return { result: -Errno.EARGS, message };
  }
  const geometry = await readGeometry(client, path);
  if ("result" in geometry) {
    const message = refusal(`reading the leases on ${path}`, geometry.result);
    return { result: geometry.result, lmResult: geometry.result, message };
  }
  const { alignSize, flags } = geometry;
  const previous = parseLvArgs(spec.prevLvArgs);
  const first = FIRST_LV_SLOT * alignSize;
  return {
    place: (offset) => ({ lockspace: spec.lockspaceName, name: "", path, offset, flags }),
    alignSize,
    start: previous === undefined ? first : Math.max(first, previous + alignSize),
  };
}

/** Gives the next free slot to an LV. Other hosts are kept away by the VG lock of the command. */
export async function initLvLease(
  client: SanlockClient,
  spec: InitLvSpec,
  lockspace: SanlockLockspace | undefined,
): Promise<InitAnswer> {
  const leases = await leasesFor(client, spec, lockspace);
  if ("result" in leases) return leases;
  const { path } = leases.place(0);
  const size = await sizeOf(path, 0);
  for (let offset = leases.start;; offset += leases.alignSize) {
    if (size > 0 && offset + leases.alignSize > size) return full(path);
    const lease = leases.place(offset);
    const slot = await look(client, lease);
    if (slot.beyond) return full(path);
    if (slot.result < 0) return failed(path, slot.result);
    if (slot.name === spec.lvUuid) {
      const message = `LV ${spec.lvUuid} has a lease already, at ${offset} on ${path}`;
      return { result: -Errno.EEXIST, message };
    }
    if (!slot.free) continue;
    const result = await client.writeResource({ ...lease, name: spec.lvUuid });
    return result < 0 ? failed(path, result) : { result: 0, lvArgs: formatLvArgs(offset) };
  }
}

const failed = (path: string, result: number): Answer => ({
  result,
  lmResult: result,
  message: refusal(`making a lease on ${path}`, result),
});

/** The slot of an LV that nobody here has locked is free again. */
export async function freeLvLease(
  client: SanlockClient,
  lockspace: SanlockLockspace,
  resource: ResourceSpec,
): Promise<Answer> {
  const lease = leaseOf(lockspace, resource);
  const { alignSize } = lockspace.geometry;
  if (
    lease === undefined || lease.offset < FIRST_LV_SLOT * alignSize ||
    lease.offset % alignSize !== 0
  ) {
    const message = `LV ${resource.name}: the lock args "${
      shown(resource.lockArgs)
    }" name no LV lease`;
    return { result: -1, message };
  }
  const slot = await look(client, lease);
  if (slot.beyond || slot.result < 0) return failed(lease.path, slot.result || -Errno.EMSGSIZE);
  if (!slot.free && slot.name !== "" && slot.name !== resource.name) {
    const message = `LV ${resource.name}: the lease at ${lease.offset} on ${lease.path} ` +
      `belongs to ${slot.name}; it is left alone`;
    return { result: -1, message };
  }
  const result = await client.writeResource({ ...lease, name: UNUSED });
  return result < 0 ? failed(lease.path, result) : { result: 0 };
}
