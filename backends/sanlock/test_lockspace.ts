/**
 * Lockspaces in the memory of a test: joined, on leases that are formatted as those of a new VG.
 *
 * @module
 */
import { LockType, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec } from "../lock_manager.ts";
import { type Geometry, geometryFor } from "./geometry.ts";
import { formatLvArgs } from "./lock_args.ts";
import { lockspaceArg, type SanlockLockspace } from "./lockspace.ts";
import { MemoryClient, type MemoryConnection, Storage } from "./test_client.ts";

export const NAME = "lvm_vg";
export const usual = geometryFor(512, 0)!;

export function specOf(hostId: number): LockspaceSpec {
  const lockType = LockType.sanlock;
  const about = { id: hostId, name: NAME, vgName: "vg", vgUuid: "", vgArgs: "1.0.0:lvmlock" };
  return { ...about, lockType, hostId, pvPaths: [] };
}

export const gl: ResourceSpec = { type: ResourceType.gl, name: "GLLK", lockArgs: "" };
export const vg: ResourceSpec = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };

/** The LV whose lease is in slot `slot`. */
export function lvAt(slot: number, geometry = usual, name = `lv${slot}`): ResourceSpec {
  const lockArgs = formatLvArgs(slot * geometry.alignSize);
  return { type: ResourceType.lv, name, lockArgs };
}

/** A host that has joined. */
export interface MemoryHost {
  client: MemoryClient;
  lockspace: SanlockLockspace & { connection: MemoryConnection };
}

/** Formats leases with `lvs` LVs (`lv67` and so on) on `path`, or free ones where there is no name. */
export async function formatted(
  path: string,
  lvs: string[],
  { geometry = usual, isFile = true } = {},
): Promise<Storage> {
  const storage = new Storage();
  const names = ["GLLK", "VGLK", ...lvs.map((name) => name || "#unused")];
  storage.add(path, (65 + names.length) * geometry.alignSize, isFile);
  const client = new MemoryClient(storage);
  const { flags, alignSize } = geometry;
  await client.writeLockspace({ name: NAME, hostId: 0, path, flags }, 1);
  for (const [i, name] of names.entries()) {
    const offset = (65 + i) * alignSize;
    await client.writeResource({ lockspace: NAME, name, path, offset, flags });
  }
  return storage;
}

export async function joined(
  storage: Storage,
  hostId: number,
  geometry: Geometry = usual,
): Promise<MemoryHost> {
  const [path] = storage.keys();
  const client = new MemoryClient(storage);
  const connection = await client.register() as MemoryConnection;
  const held = new Map();
  const about = { spec: specOf(hostId), hostId, path: path!, geometry, connection, held };
  const lockspace = { ...about, freeLockOffset: 0, joined: true };
  await client.addLockspace(lockspaceArg(lockspace), 0, 1);
  client.calls.length = 0;
  return { client, lockspace };
}
