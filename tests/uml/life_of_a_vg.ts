/**
 * The life of a shared VG from creation to removal, with every kind of LV that a shared VG may hold,
 * as an administrator would live through it with LVM's own commands.
 *
 * @module
 */
import type { Scenario, Step } from "./scenario.ts";

const started = (vg: string) => [
  new RegExp(`^VG ${vg} lock_type=dlm \\S+$`, "m"),
  new RegExp(`^LS dlm lvm_${vg}$`, "m"),
  /^LK VG un ver \d+$/m,
];
const notStarted = (vg: string) => ({ not: new RegExp(`^LS dlm lvm_${vg}$`, "m") });

const creation: Step[] = [
  {
    name: "a shared VG is created without naming a lock type",
    run: "vgcreate --shared vg0 /dev/ubda /dev/ubdb",
    stdout: [`Volume group "vg0" successfully created`, "VG vg0 starting dlm lockspace"],
    info: [...started("vg0"), /^LS {1,2}(dlm )?lvm_global$/m, /^LK GL un ver \d+$/m],
    locks: {},
  },
  {
    name: "vgs shows its lock type and lock args",
    run: "vgs --noheadings -o vg_name,lock_type,lock_args,vg_shared",
    stdout: /^ *vg0 +dlm +1\.0\.0:\S+ +shared *$/m,
    stderr: { not: /./ },
  },
  {
    name: "pvs shows its disks",
    run: "pvs --noheadings -o pv_name,vg_name",
    stdout: [/^ *\/dev\/ubda +vg0/m, /^ *\/dev\/ubdb +vg0/m],
    stderr: { not: /./ },
  },
  { name: "its lockspace stops", run: "vgchange --lockstop vg0", info: notStarted("vg0") },
  {
    name: "a stopped VG cannot be changed",
    run: "lvcreate -L 16M -n lin vg0",
    code: 5,
    stderr: "Cannot access VG vg0 due to failed lock",
  },
  {
    name: "a stopped VG can be looked at",
    run: "vgs vg0",
    stdout: /vg0/,
    stderr: "Reading VG vg0 without a lock",
  },
  {
    name: "its lockspace starts",
    run: "vgchange --lockstart vg0",
    stdout: "VG vg0 starting dlm lockspace",
    info: started("vg0"),
  },
  {
    name: "starting it again does no harm",
    run: "vgchange --lockstart vg0",
    info: started("vg0"),
  },
];

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

const administration: Step[] = [
  { name: "another disk is made a PV", run: "pvcreate /dev/ubdc", stdout: "successfully created" },
  { name: "the VG gets that disk", run: "vgextend vg0 /dev/ubdc", info: started("vg0") },
  {
    name: "an LV moves to that disk",
    run: "pvmove -i 1 -n data /dev/ubda /dev/ubdc && lvs --noheadings -o devices vg0/data",
    stdout: /\/dev\/ubdc\(0\)/,
    locks: { "vg0/data": "ex" },
  },
  {
    name: "it moves back",
    run: "pvmove -i 1 -n data /dev/ubdc /dev/ubda && head -c 8 /dev/vg0/data",
    stdout: /precious$/,
    locks: { "vg0/data": "ex" },
  },
  { name: "the disk is taken out of the VG", run: "vgreduce vg0 /dev/ubdc" },
  { name: "the disk is no PV any more", run: "pvremove /dev/ubdc", stdout: "successfully wiped" },
  {
    name: "the VG is not renamed while an LV is active",
    run: "vgrename vg0 vg1",
    stderr: "LVs must be inactive before vgrename",
    locks: { "vg0/data": "ex" },
  },
  {
    name: "all LVs are deactivated",
    run: "vgchange -an vg0",
    stdout: `0 logical volume(s) in volume group "vg0" now active`,
    locks: {},
  },
  {
    name: "the VG is renamed, and its lockspace with it",
    run: "vgrename vg0 vg1",
    stdout: "successfully renamed",
    info: [...started("vg1"), notStarted("vg0")],
  },
  { name: "the VG is exported", run: "vgexport vg1 && vgs --noheadings -o vg_exported vg1" },
  {
    name: "an exported VG cannot be activated",
    run: "vgchange -aey vg1",
    code: 5,
    stderr: "exported",
    locks: {},
  },
  {
    name: "the VG is imported",
    run: "vgimport vg1 && vgchange --lockstart vg1",
    info: started("vg1"),
  },
  {
    name: "it becomes a local VG, which needs no lock",
    run: "vgchange -y --locktype none vg1 && lvchange -ay vg1/data && lvchange -an vg1/data",
    info: notStarted("vg1"),
    locks: {},
  },
  {
    name: "it becomes a shared VG again",
    run: "vgchange -y --locktype dlm vg1 && vgs --noheadings -o lock_type,lock_args vg1",
    stdout: /^ *dlm +1\.0\.0:\S+ *$/m,
    info: notStarted("vg1"),
  },
  {
    name: "which is started as at boot, by the unit lvmlocks.service",
    run: "vgchange --lock-start --lock-opt auto && vgchange --lockstart vg1",
    info: started("vg1"),
  },
];

const end: Step[] = [
  { name: "it is stopped", run: "vgchange --lockstop vg1", info: notStarted("vg1") },
  {
    name: "the daemon stops when nothing is locked",
    act: (daemon) => daemon.stop(),
  },
  {
    name: "without a daemon a report still works",
    run: "vgs --noheadings -o vg_name",
    stdout: /^ *vg1 *$/m,
    stderr: "Reading without shared global lock",
  },
  {
    name: "the daemon starts again and knows nothing",
    act: (daemon) => daemon.start(),
    info: notStarted("vg1"),
  },
  { name: "the VG is started", run: "vgchange --lockstart vg1", info: started("vg1") },
  {
    name: "the LV is activated and has its data",
    run: "lvchange -aey vg1/data && head -c 8 /dev/vg1/data",
    stdout: /precious$/,
    locks: { "vg1/data": "ex" },
  },
  {
    name: "the VG is removed with its LV",
    run: "vgremove -ff -y vg1",
    stdout: `Volume group "vg1" successfully removed`,
    info: notStarted("vg1"),
    locks: {},
    devices: { "vg1-data": "" },
  },
  {
    name: "its name can be used again, and the lock type be named",
    run: "vgcreate --shared --locktype dlm vg1 /dev/ubda",
    info: started("vg1"),
  },
  { name: "the daemon's log tells of it", run: "lvmlockctl --dump", stdout: /^\d+ .*\bvg1\b/m },
  {
    name: "all lockspaces are stopped at once",
    run: "lvmlockctl --stop-lockspaces",
    info: { not: /^LS +(dlm )?lvm_/m },
  },
  { name: "and started", run: "vgchange --lockstart", info: started("vg1") },
  {
    name: "nothing is left",
    run: "vgremove vg1 >&2 && vgs --noheadings",
    stdout: { not: /\S/ },
    info: notStarted("vg1"),
  },
];

export const lifeOfAVg: Scenario = {
  name: "life_of_a_vg",
  daemons: ["ours", "stock"],
  diskMebibytes: [512, 512, 256],
  steps: [
    ...[creation, linear, layouts, snapshots, thin, caches],
    ...[administration, end],
  ].flat(),
};
