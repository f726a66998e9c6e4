/**
 * Steps and expectations that several scenarios with sanlock need.
 *
 * @module
 */
import type { ClusterStep } from "../cluster_scenario.ts";
import type { Expected } from "../expect.ts";
import { disk } from "../storage.ts";

/** In `lvmlockctl --info`: the VG's lockspace runs. */
export const started = (vg: string): Expected => [
  new RegExp(`^VG ${vg} lock_type=sanlock \\S+$`, "m"),
  new RegExp(`^LS sanlock lvm_${vg}$`, "m"),
  /^LK VG un ver \d+$/m,
];

/** In `lvmlockctl --info`: the VG has no lockspace. */
export const notStarted = (vg: string): Expected => ({
  not: new RegExp(`^LS sanlock lvm_${vg}$`, "m"),
});

/** What a command says when another host has the LV. */
export const lockedByOther = (lv: string) => `LV locked by other host: ${lv}`;

/** Host 1 creates a shared VG on a disk. */
export const create = (vg: string, n: number): ClusterStep => ({
  name: `host 1 creates the shared VG ${vg}`,
  run: `vgcreate --shared ${vg} ${disk(n)}`,
  stdout: [`Volume group "${vg}" successfully created`, `VG ${vg} starting sanlock lockspace`],
  info: started(vg),
  locks: {},
});

/** Host 2 starts VGs that exist. */
export const join = (...vgs: string[]): ClusterStep => ({
  name: `host 2 starts ${vgs.join(" and ")}`,
  on: 2,
  run: `vgchange --lockstart ${vgs.join(" ")}`,
  within: 20, // the stock daemon waits one second for udev, on a busy machine that is not enough
  info: vgs.map(started),
});

/** A script that runs another and prints how long that took, in seconds. */
export const timed = (script: string) => `
begun=\${EPOCHREALTIME/./}
${script} || exit
echo "took $(( (\${EPOCHREALTIME/./} - begun) / 1000 )) ms"`;
