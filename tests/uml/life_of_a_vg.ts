/**
 * The life of a shared VG from creation to removal, with every kind of LV that a shared VG may hold,
 * as an administrator would live through it with LVM's own commands.
 *
 * @module
 */
import { lvKinds } from "./lv_kinds.ts";
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
    ...creation,
    ...lvKinds,
    ...administration,
    ...end,
  ],
};
