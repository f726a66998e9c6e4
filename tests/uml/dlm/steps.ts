/**
 * Steps and expectations that several scenarios with the DLM need.
 *
 * @module
 */
import type { ClusterStep } from "../cluster_scenario.ts";
import type { Expected } from "../expect.ts";
import { disk } from "../storage.ts";

/** In `lvmlockctl --info`: the VG's lockspace runs, and with it that of the global lock. */
export const started = (vg: string): Expected => [
  new RegExp(`^VG ${vg} lock_type=dlm \\S+$`, "m"),
  new RegExp(`^LS dlm lvm_${vg}$`, "m"),
  /^LS \S* ?lvm_global$/m,
  /^LK VG un ver \d+$/m,
];

/** In `lvmlockctl --info`: the VG has no lockspace. */
export const notStarted = (vg: string): Expected => ({
  not: new RegExp(`^LS dlm lvm_${vg}$`, "m"),
});

/** What a command says when another host has the LV. */
export const lockedByOther = (lv: string) => `LV locked by other host: ${lv}`;

/** Host 1 creates a shared VG on a disk. */
export const create = (vg: string, n: number): ClusterStep => ({
  name: `host 1 creates the shared VG ${vg}`,
  run: `vgcreate --shared ${vg} ${disk(n)}`,
  stdout: [`Volume group "${vg}" successfully created`, `VG ${vg} starting dlm lockspace`],
  info: started(vg),
  locks: {},
});

/** Host 2 starts a VG that exists. */
export const join = (vg: string): ClusterStep => ({
  name: `host 2 starts ${vg}`,
  on: 2,
  run: `vgchange --lockstart ${vg}`,
  stdout: `VG ${vg} starting dlm lockspace`,
  info: started(vg),
});

/** A command that a host may not run because another has the LV. */
export const refused = (on: 1 | 2, run: string, lv: string): ClusterStep => ({
  name: `host ${on} is refused: ${run}`,
  on,
  run,
  code: 5,
  stderr: lockedByOther(lv),
});

/** Lockspaces that the kernel of a host is in, one on each line. */
export const KERNEL_LOCKSPACES = "ls /sys/kernel/dlm";
