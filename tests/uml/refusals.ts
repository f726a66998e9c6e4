/**
 * What the embedded lock manager must refuse: VGs that belong to another cluster, and lock types that
 * it cannot serve.
 *
 * @module
 */
import type { Scenario, Step } from "./scenario.ts";

/** Rewrites the VG's lock args on disk, behind the daemon's back; keeps the right ones. */
const forge = (args: string): Step => ({
  name: `its lock args on disk become "${args}"`,
  run: `sed 's/^\\(\\tlock_args = \\).*/\\1"${args}"/' /run/right > /run/forged &&
    vgcfgrestore --config global/use_lvmlockd=0 -f /run/forged vg0 >&2 &&
    vgs --noheadings --nolocking -o lock_args vg0`,
  stdout: new RegExp(`^ *${args.replaceAll(".", "\\.")} *$`, "m"),
});

const refused = (why: string, because = "invalid parameters for dlm"): Step => ({
  name: `the lockspace of a VG ${why} does not start`,
  run: "vgchange --lockstart vg0",
  code: 5,
  stderr: `VG vg0 start failed: ${because}`,
  info: { not: /^LS dlm lvm_vg0$/m },
});

const foreign: Step[] = [
  {
    name: "a shared VG is made and stopped",
    run: `vgcreate --shared vg0 /dev/ubda && lvcreate -L 16M -n lv0 vg0 &&
      printf precious | dd of=/dev/vg0/lv0 conv=fsync && vgchange -an vg0 &&
      vgcfgbackup -f /run/right vg0 && vgchange --lockstop vg0`,
  },
  forge("1.0.0:othercluster"),
  refused("of another cluster", "lock manager dlm is not running"),
  {
    name: "its LVs cannot be activated",
    run: "lvchange -aey vg0/lv0",
    code: 5,
    stderr: "Cannot access VG vg0 due to failed lock",
    locks: {},
    devices: { "vg0-lv0": "" },
  },
  {
    name: "it can be looked at",
    run: "lvs --noheadings vg0",
    stdout: /lv0/,
    stderr: "Reading VG vg0 without a lock",
  },
  forge("2.0.0:othercluster"),
  refused("with lock args of a later format"),
  forge("nonsense"),
  refused("with lock args that mean nothing"),
  {
    name: "with its own lock args again it starts and has its data",
    run: `vgcfgrestore --config global/use_lvmlockd=0 -f /run/right vg0 &&
      vgchange --lockstart vg0 && lvchange -aey vg0/lv0 && head -c 8 /dev/vg0/lv0`,
    stdout: /precious$/,
    info: /^LS dlm lvm_vg0$/m,
    locks: { "vg0/lv0": "ex" },
  },
];

/** The global lock is the embedded manager's while it has VGs; sanlock has another. */
const otherTypes: Step[] = [
  ["sanlock", "Global lock failed"],
  ["idm", "Global lock failed"],
].flatMap(([type, why]): Step[] => [
  {
    name: `a VG with lock type ${type} is not created`,
    run: `vgcreate --shared --locktype ${type} vg1 /dev/ubdb`,
    code: 5,
    stderr: why!,
    info: { not: /vg1/ },
  },
  {
    name: "and nothing is left of it",
    run: "vgs --noheadings -o vg_name",
    stdout: { not: /vg1/ },
  },
]);

export const refusals: Scenario = {
  name: "refusals",
  daemons: ["ours"],
  diskMebibytes: [256, 256],
  steps: [...foreign, ...otherTypes],
};
