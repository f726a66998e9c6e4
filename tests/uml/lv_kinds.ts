/**
 * What an administrator does with each kind of LV that a shared VG may hold. The steps follow each
 * other: in the VG vg0 there are /dev/ubda and /dev/ubdb, nothing else, and at the end one linear LV,
 * vg0/data, which is active exclusively and begins with the word `precious`.
 *
 * @module
 */
import type { Step } from "./scenario.ts";

const linear: Step[] = [
  {
    name: "a linear LV is created and active exclusively",
    run: "lvcreate -L 16M -n lin vg0",
    stdout: `Logical volume "lin" created`,
    locks: { "vg0/lin": "ex" },
    devices: { "vg0-lin": "linear" },
  },
  { name: "data is written to it", run: "printf precious | dd of=/dev/vg0/lin conv=fsync" },
  {
    name: "lvs knows that it is active exclusively",
    run: "lvs --noheadings -o lv_active_exclusively,lv_active_remotely,lv_lockargs vg0/lin",
    stdout: /active exclusively +dlm/,
  },
  {
    name: "the lockspace cannot stop while it is active",
    run: "vgchange --lockstop vg0",
    code: 5,
    stderr: "VG vg0 stop failed: LVs must first be deactivated",
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "a property of an active LV changes",
    run: "lvchange --addtag kept vg0/lin && lvs --noheadings -o lv_tags vg0/lin",
    stdout: /kept/,
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "its lock goes down to shared",
    run: "lvchange -asy vg0/lin",
    locks: { "vg0/lin": "sh" },
    devices: { "vg0-lin": "linear" },
  },
  {
    name: "extending is refused while it is active shared",
    run: "lvextend -L +8M vg0/lin",
    code: 5,
    stderr: "LV is already locked with incompatible mode: vg0/lin",
    locks: { "vg0/lin": "sh" },
  },
  {
    name: "extending is allowed on demand",
    run: "lvextend -L +8M --lockopt shupdate vg0/lin",
    stdout: "Logical volume vg0/lin successfully resized",
    locks: { "vg0/lin": "sh" },
  },
  {
    name: "its lock goes up to exclusive",
    run: "lvchange -aey vg0/lin",
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "activating it once more does no harm",
    run: "lvchange -aey vg0/lin",
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "it is extended",
    run: "lvextend -L +8M vg0/lin && lvs --noheadings --units m -o lv_size vg0/lin",
    stdout: /^ *32\.00m$/m,
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "it is reduced",
    run: "lvreduce -f -y -L 16M vg0/lin && lvs --noheadings --units m -o lv_size vg0/lin",
    stdout: /^ *16\.00m$/m,
    locks: { "vg0/lin": "ex" },
  },
  {
    name: "it is deactivated",
    run: "lvchange -an vg0/lin",
    locks: {},
    devices: { "vg0-lin": "" },
  },
  { name: "deactivating it once more does no harm", run: "lvchange -an vg0/lin", locks: {} },
  {
    name: "it is activated shared",
    run: "lvchange -asy vg0/lin",
    locks: { "vg0/lin": "sh" },
    devices: { "vg0-lin": "linear" },
  },
  {
    name: "it is not renamed while it is active shared",
    run: "lvrename vg0 lin data",
    code: 5,
    stderr: "LV is already locked with incompatible mode: vg0/lin",
  },
  {
    name: "it is renamed while it is active exclusively",
    run: "lvchange -aey vg0/lin && lvrename vg0 lin data",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "linear", "vg0-lin": "" },
  },
  { name: "the data is still there", run: "head -c 8 /dev/vg0/data", stdout: /^precious$/ },
];

const layouts: Step[] = [
  {
    name: "a striped LV is created",
    run: "lvcreate -i 2 -L 16M -n str vg0",
    locks: { "vg0/data": "ex", "vg0/str": "ex" },
    devices: { "vg0-str": "striped" },
  },
  {
    name: "a raid1 LV is created; only the LV itself is locked, not its parts",
    run: "lvcreate --type raid1 -m 1 -L 16M -n mir vg0",
    locks: { "vg0/data": "ex", "vg0/str": "ex", "vg0/mir": "ex" },
    devices: { "vg0-mir": "raid", "vg0-mir_rimage_1": "linear" },
  },
  {
    name: "a raid1 LV cannot be active shared",
    run: "lvchange -asy vg0/mir",
    code: 5,
    stderr: "Shared activation not compatible with LV type raid",
    locks: { "vg0/data": "ex", "vg0/str": "ex", "vg0/mir": "ex" },
  },
  {
    name: "a mirror LV is created",
    run: "lvcreate --type mirror -m 1 --mirrorlog core -L 16M -n old vg0",
    locks: { "vg0/data": "ex", "vg0/str": "ex", "vg0/mir": "ex", "vg0/old": "ex" },
    devices: { "vg0-old": "mirror" },
  },
  {
    name: "a raid1 LV is converted to a linear one",
    run: "lvconvert -y -m 0 vg0/mir",
    devices: { "vg0-mir": "linear" },
  },
  {
    name: "a linear LV is converted to a raid1 one",
    run: "lvconvert -y --type raid1 -m 1 vg0/mir",
    locks: { "vg0/data": "ex", "vg0/str": "ex", "vg0/mir": "ex", "vg0/old": "ex" },
    devices: { "vg0-mir": "raid" },
  },
  {
    name: "they are removed, and their locks with them",
    run: "lvremove -y vg0/str vg0/mir vg0/old",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-str": "", "vg0-mir": "", "vg0-old": "", "vg0-mir_rimage_1": "" },
  },
];

const snapshots: Step[] = [
  {
    name: "a snapshot is created under the lock of its origin",
    run: "lvcreate -s -L 8M -n snap vg0/data",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "snapshot-origin", "vg0-snap": "snapshot" },
  },
  {
    name: "the snapshot keeps what the origin had",
    run: "printf changed! | dd of=/dev/vg0/data conv=fsync && head -c 8 /dev/vg0/snap",
    stdout: /^precious$/,
  },
  {
    name: "the snapshot is removed",
    run: "lvremove -y vg0/snap && printf precious | dd of=/dev/vg0/data conv=fsync",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "linear", "vg0-snap": "" },
  },
];

const thin: Step[] = [
  {
    name: "a thin pool is created",
    run: "lvcreate --type thin-pool -L 32M -n pool vg0",
    locks: { "vg0/data": "ex", "vg0/pool": "ex" },
    devices: { "vg0-pool": "thin-pool" },
  },
  {
    name: "a thin LV is created under the lock of its pool",
    run: "lvcreate -V 64M --thinpool pool -n thin vg0",
    locks: { "vg0/data": "ex", "vg0/pool": "ex" },
    devices: { "vg0-pool-tpool": "thin-pool", "vg0-thin": "thin" },
  },
  {
    name: "a thin snapshot is created",
    run: "lvcreate -s -kn -n thinsnap vg0/thin",
    locks: { "vg0/data": "ex", "vg0/pool": "ex" },
    devices: { "vg0-thinsnap": "thin" },
  },
  {
    name: "a thin LV cannot be active shared",
    run: "lvchange -asy vg0/thin",
    code: 5,
    stderr: "Shared activation not compatible with LV type thin-pool of vg0/pool",
  },
  {
    name: "the pool stays locked while a thin LV is active",
    run: "lvchange -an vg0/pool && lvchange -an vg0/thinsnap",
    locks: { "vg0/data": "ex", "vg0/pool": "ex" },
    devices: { "vg0-thin": "thin", "vg0-thinsnap": "" },
  },
  {
    name: "the pool's lock is released with its last thin LV",
    run: "lvchange -an vg0/thin",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-thin": "", "vg0-pool-tpool": "" },
  },
  {
    name: "activating a thin LV locks the pool",
    run: "lvchange -aey vg0/thin",
    locks: { "vg0/data": "ex", "vg0/pool": "ex" },
    devices: { "vg0-thin": "thin" },
  },
  {
    name: "the pool is removed with its thin LVs",
    run: "lvremove -y vg0/thinsnap vg0/thin vg0/pool",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-thin": "", "vg0-pool-tpool": "" },
  },
];

const caches: Step[] = ["cache", "writecache"].flatMap((type): Step[] => [
  {
    name: `an LV gets a ${type}`,
    run: `lvcreate -an -L 16M -n fast vg0 /dev/ubdb &&
      lvconvert -y --type ${type} --cachevol fast vg0/data`,
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": type },
  },
  {
    name: `the data is seen through the ${type}`,
    run: "head -c 8 /dev/vg0/data",
    stdout: /^precious$/,
  },
  {
    name: `the ${type} is removed`,
    run: "lvconvert -y --uncache vg0/data",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "linear" },
  },
]);

export const lvKinds: readonly Step[] = [linear, layouts, snapshots, thin, caches].flat();
