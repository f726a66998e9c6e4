/**
 * The VGs of a simulated cluster, as LVM's metadata describes them.
 *
 * @module
 */
import { LockType } from "../../core/types.ts";
import { uuidOf, vgUuidOf } from "./disk.ts";

export interface Lv {
  uuid: string;
  /** sanlock: where its lease is; made by init_lv. */
  args: string;
}

export interface Vg {
  name: string;
  uuid: string;
  /** Made by init_vg. */
  args: string;
  lvs: Lv[];
  pvPaths: string[];
  /** Sequence number of the metadata on disk. */
  version: number;
}

export function makeVgs({ kind, vgs, lvs }: { kind: LockType; vgs: number; lvs: number }): Vg[] {
  return Array.from({ length: vgs }, (_, i) => makeVg(kind, `vg${i}`, lvs));
}

function makeVg(kind: LockType, name: string, lvs: number): Vg {
  const args = kind === LockType.dlm ? "dlm" : kind === LockType.idm ? "idm" : "";
  return {
    name,
    uuid: vgUuidOf(name),
    args: "",
    lvs: Array.from({ length: lvs }, (_, i) => ({ uuid: uuidOf(`${name}lv${i}`), args })),
    pvPaths: kind === LockType.idm ? [`/dev/${name}pv0`, `/dev/${name}pv1`] : [],
    version: 1,
  };
}
