/**
 * Names of mutexes on the drives: 32 bytes for the VG and 32 for the LV, each the characters of its
 * UUID without the dashes, or zeros: a VG's lock has no LV, the global lock neither.
 *
 * @module
 */
import { ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec } from "../lock_manager.ts";
import type { LockId } from "./client.ts";
import { bytesOf, layout } from "./structs.ts";

/** LVM's UUIDs; the first releases also used the two signs. */
const UUID = /^[0-9A-Za-z!#]{32}$/;

const bare = (uuid: string) => uuid.replaceAll("-", "");

/** Cut or padded, UUIDs of different VGs would name one mutex. */
export function isUuid(uuid: string): boolean {
  return UUID.test(bare(uuid));
}

/** Undefined if a UUID is missing or none of LVM's. */
export function lockIdOf(
  { vgUuid }: Pick<LockspaceSpec, "vgUuid">,
  { type, name }: Pick<ResourceSpec, "type" | "name">,
): LockId | undefined {
  const { size, vg_uuid, lv_uuid } = layout.idm_lock_id;
  const id = bytesOf(size);
  if (type === ResourceType.gl) return id;
  if (!isUuid(vgUuid)) return undefined;
  put(id, vg_uuid, vgUuid);
  if (type === ResourceType.vg) return id;
  if (!isUuid(name)) return undefined;
  put(id, lv_uuid, name);
  return id;
}

function put(id: LockId, at: number, uuid: string): void {
  const text = bare(uuid);
  for (let i = 0; i < text.length; i++) id[at + i] = text.charCodeAt(i);
}
