/**
 * Writes the leases of a whole VG: new ones, and all of them again under another VG name.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { Answer, InitAnswer, InitVgSpec } from "../lock_manager.ts";
import type { ResourceArg, SanlockClient } from "./client.ts";
import { Sanlk } from "./constants.ts";
import {
  deviceFacts,
  FIRST_LV_SLOT,
  type Geometry,
  geometryFor,
  GL_SLOT,
  readGeometry,
  VG_SLOT,
} from "./geometry.ts";
import { formatVgArgs, leaseDevice, parseSetLockArgs, parseVgArgs } from "./lock_args.ts";
import { DISABLED_GL, ENABLED_GL, UNUSED } from "./lockspace.ts";
import { refusal } from "./results.ts";

/** Longest lock args that LVM keeps. */
const MAX_ARGS = 63;

/** How sanlock says that a lease would be beyond the end of the device. */
export function isBeyondEnd(result: number): boolean {
  return result === -Errno.EMSGSIZE || result === -Errno.ENOSPC;
}

const failed = (message: string, result: number, lmResult = 0): InitAnswer => ({
  result,
  lmResult,
  message,
});

/** `vgArgs` of the request is the bare name of the LV that will hold the leases. */
export async function formatVg(
  client: SanlockClient,
  spec: InitVgSpec,
  ioTimeout: number,
): Promise<InitAnswer> {
  const words = parseSetLockArgs(spec.otherArgs);
  const path = leaseDevice(spec.vgName, spec.vgArgs);
  if (spec.vgArgs === "" || spec.vgArgs === "none" || words === undefined) {
    return failed(
      `cannot make leases for VG ${spec.vgName}: the lock args do not fit`,
      -Errno.EARGS,
    );
  }
  if (path === undefined) {
    const device = `${spec.vgName}/${spec.vgArgs}`;
    return failed(`${device} is not an LV that can hold leases`, -Errno.EINVAL);
  }
  const refused = unsupported(words);
  if (refused !== undefined) return failed(`VG ${spec.vgName}: ${refused}`, -Errno.EARGS);
  const vgArgs = formatVgArgs({ leaseLv: spec.vgArgs, options: [] });
  if (vgArgs.length > MAX_ARGS) return failed(`${vgArgs} is too long`, -Errno.EINVAL);
  const { result, lmResult } = await writeLeases(client, spec, path, ioTimeout);
  if (result < 0) {
    return failed(refusal(`making leases on ${path}`, lmResult || result), result, lmResult);
  }
  return { result: 0, vgArgs, glEnabled: spec.enableGl };
}

/** Options that need a newer sanlock than the library here offers; undefined if there is none. */
export function unsupported(words: ReadonlySet<string>): string | undefined {
  for (const word of ["persist", "notimeout"]) {
    if (words.has(word)) return `"${word}" needs sanlock 4.2 or later`;
  }
  for (const word of ["caw", "nocaw"]) {
    if (words.has(word)) return `"${word}" needs sanlock 5.0 or later`;
  }
  return undefined;
}

async function writeLeases(
  client: SanlockClient,
  spec: InitVgSpec,
  path: string,
  ioTimeout: number,
): Promise<{ result: number; lmResult: number }> {
  const facts = await deviceFacts(path).catch(() => ({ sectorSize: 0, size: 0 }));
  const geometry = geometryFor(facts.sectorSize, spec.alignMb);
  if (geometry === undefined) return { result: -Errno.EARGS, lmResult: 0 };
  const { alignSize, flags } = geometry;
  const lockspace = spec.lockspaceName;
  const header = await client.writeLockspace(
    { name: lockspace, hostId: 0, path, flags },
    ioTimeout,
  );
  if (header < 0) return { result: header, lmResult: header };
  const write = (slot: number, name: string) =>
    client.writeResource({ lockspace, name, path, offset: slot * alignSize, flags });
  const gl = await write(GL_SLOT, spec.enableGl ? ENABLED_GL : DISABLED_GL);
  if (gl < 0) return { result: gl, lmResult: gl };
  const vg = await write(VG_SLOT, "VGLK");
  if (vg < 0) return { result: vg, lmResult: vg };
  for (let slot = FIRST_LV_SLOT;; slot++) {
    // A slot that fits only in part could be begun by sanlock before it notices.
    if (facts.size > 0 && (slot + 1) * alignSize > facts.size) break;
    const result = await write(slot, UNUSED);
    if (isBeyondEnd(result)) break;
    if (result < 0) return { result, lmResult: result };
  }
  return { result: 0, lmResult: 0 };
}

/** LVM makes the device under its new name a moment before it asks. */
const DEVICE_WAIT_MS = 1000;
const DEVICE_POLL_MS = 50;

/** Whether the device is there, or comes within a second: udev may be a little late. */
export async function deviceAppears(path: string): Promise<boolean> {
  for (let waited = 0;; waited += DEVICE_POLL_MS) {
    const found = await Deno.stat(path).then(() => true, () => false);
    if (found || waited >= DEVICE_WAIT_MS) return found;
    await new Promise((wake) => setTimeout(wake, DEVICE_POLL_MS));
  }
}

/** After vgrename: the lockspace and every lease get the new lockspace name. */
export async function renameLeases(
  client: SanlockClient,
  lockspaceName: string,
  vgName: string,
  vgArgs: string,
  ioTimeout: number,
): Promise<Answer> {
  const args = parseVgArgs(vgArgs);
  const path = args && leaseDevice(vgName, args.leaseLv);
  if (path === undefined || !await deviceAppears(path)) {
    return { result: -Errno.EARGS, message: `VG ${vgName}: there are no leases to rename` };
  }
  const geometry = await readGeometry(client, path);
  if ("result" in geometry) return renamed(path, geometry.result);
  const { flags } = geometry;
  const header = { name: lockspaceName, hostId: 0, path, flags };
  const written = await client.writeLockspace(header, ioTimeout);
  if (written < 0) return renamed(path, written);
  const { size } = await deviceFacts(path);
  const place = (slot: number): ResourceArg => ({
    lockspace: "",
    name: "",
    path,
    offset: slot * geometry.alignSize,
    flags,
  });
  for (const slot of [GL_SLOT, VG_SLOT]) {
    const result = await renameLease(client, place(slot), lockspaceName);
    if (result < 0) return renamed(path, result);
  }
  const result = await renameLvLeases(client, place, geometry, size, lockspaceName);
  return result < 0 ? renamed(path, result) : { result: 0 };
}

const renamed = (path: string, result: number): Answer => ({
  result,
  lmResult: result,
  message: refusal(`renaming the leases on ${path}`, result),
});

async function renameLvLeases(
  client: SanlockClient,
  place: (slot: number) => ResourceArg,
  { alignSize }: Geometry,
  size: number,
  lockspaceName: string,
): Promise<number> {
  for (let slot = FIRST_LV_SLOT; size === 0 || (slot + 1) * alignSize <= size; slot++) {
    const result = await renameLease(client, place(slot), lockspaceName);
    if (isBeyondEnd(result)) break;
    // Never formatted: the device was extended and nobody has used that part.
    if (result < 0 && result !== Sanlk.leaderMagic) return result;
  }
  return 0;
}

async function renameLease(
  client: SanlockClient,
  place: ResourceArg,
  lockspace: string,
): Promise<number> {
  const { result, head } = await client.readResource(place);
  if (result < 0) return result;
  return await client.writeResource({ ...place, lockspace, name: head.name });
}
