/**
 * The life of a VG that two hosts share, from creation to removal.
 *
 * @module
 */
import type { ClusterStep } from "../cluster_scenario.ts";
import { disk } from "../storage.ts";
import { create, join, lockedByOther, notStarted, started } from "./steps.ts";

const creation: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "vgs shows its lock type and lock args",
    run: "vgs --noheadings -o vg_name,lock_type,lock_args,vg_shared",
    stdout: /^ *vg0 +sanlock +1\.0\.0:lvmlock +shared *$/m,
    stderr: { not: /./ },
  },
  {
    name: "host 2 can look at it without starting it",
    on: 2,
    run: "vgs --noheadings vg0",
    stdout: /vg0/,
    stderr: "Reading VG vg0 without a lock",
  },
  {
    name: "host 2 cannot change it without starting it",
    on: 2,
    run: "lvcreate -L 16M -n data vg0",
    code: 5,
    stderr: "Cannot access VG vg0 due to failed lock",
  },
  join("vg0"),
  {
    name: "starting it again does no harm",
    on: "both",
    run: "vgchange --lockstart vg0",
    info: started("vg0"),
  },
];

const use: ClusterStep[] = [
  {
    name: "host 2 adds a disk, under the global lock",
    on: 2,
    run: `vgextend vg0 ${disk(1)}`,
    stdout: "successfully extended",
  },
  {
    name: "host 1 sees that disk",
    run: "pvs --noheadings -o pv_name,vg_name",
    stdout: new RegExp(`${disk(1)} +vg0`),
  },
  {
    name: "host 1 creates an LV, which is active exclusively",
    run: "lvcreate -L 16M -n data vg0 && printf precious | dd of=/dev/vg0/data conv=fsync",
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "linear" },
    then: { 2: { locks: {}, devices: { "vg0-data": "" } } },
  },
  {
    name: "host 2 sees it, and where its lease is",
    on: 2,
    run: "lvs --noheadings -o lv_name,lv_lockargs vg0",
    stdout: /^ *data +1\.0\.0:70254592 *$/m,
  },
  ...["lvchange -aey vg0/data", "lvremove -y vg0/data", "lvextend -L +16M vg0/data"].map((
    run,
  ): ClusterStep => ({
    name: `host 2 may not: ${run}`,
    on: 2,
    run,
    code: 5,
    stderr: lockedByOther("vg0/data"),
    locks: {},
    devices: { "vg0-data": "" },
  })),
  {
    name: "neither host can stop the VG, or rename it, while an LV is active",
    run: "vgchange --lockstop vg0 && exit 1; vgrename vg0 vg1",
    stderr: [
      "VG vg0 stop failed: LVs must first be deactivated",
      "must be inactive before vgrename",
    ],
  },
];

const move: ClusterStep[] = [
  {
    name: "the LV moves to host 2 with its data",
    run: "lvchange -an vg0/data",
    locks: {},
    devices: { "vg0-data": "" },
  },
  {
    name: "host 2 activates it",
    on: 2,
    run: "lvchange -aey vg0/data && head -c 8 /dev/vg0/data",
    stdout: /^precious$/,
    locks: { "vg0/data": "ex" },
  },
  {
    name: "host 2 extends it, and creates another",
    on: 2,
    run: "lvextend -L +16M vg0/data && lvcreate -an -Zn -L 16M -n more vg0",
    locks: { "vg0/data": "ex" },
  },
  {
    name: "host 1 knows of both changes",
    run: "lvs --noheadings --units m -o lv_name,lv_size vg0",
    stdout: [/^ *data +32\.00m *$/m, /^ *more +16\.00m *$/m],
  },
  {
    name: "host 1 may not take it back",
    run: "lvchange -aey vg0/data",
    code: 5,
    stderr: lockedByOther("vg0/data"),
    locks: {},
  },
  {
    name: "host 1 removes the other one",
    run: "lvremove -y vg0/more",
    locks: {},
  },
  { name: "host 2 deactivates everything", on: 2, run: "vgchange -an vg0", locks: {} },
];

const end: ClusterStep[] = [
  ...([["vgrename vg0 vg1", 0], ["vgchange -y --locktype none vg0", 5]] as const).map((
    [run, code],
  ): ClusterStep => ({
    name: `while host 2 has the VG started host 1 may not: ${run}`,
    run,
    code,
    stderr: /not stopped on other hosts/i,
    info: started("vg0"),
  })),
  {
    name: "host 2 stops the VG",
    on: 2,
    run: "vgchange --lockstop vg0",
    info: notStarted("vg0"),
  },
  {
    name: "host 1 renames it",
    run: "vgrename vg0 vg1 && vgs vg1", // refused it exits with 0
    within: 30,
    stdout: "successfully renamed",
    info: notStarted("vg0"),
  },
  {
    name: "under its new name both hosts start it",
    on: "both",
    run: "vgchange --lockstart vg1",
    info: [started("vg1"), notStarted("vg0")],
  },
  {
    name: "the data is there, under the same exclusion",
    run: "lvchange -aey vg1/data && head -c 8 /dev/vg1/data",
    stdout: /^precious$/,
    locks: { "vg1/data": "ex" },
  },
  {
    name: "which host 2 notices",
    on: 2,
    run: "lvchange -aey vg1/data",
    code: 5,
    stderr: lockedByOther("vg1/data"),
  },
  {
    name: "while host 2 has the VG started host 1 cannot remove it",
    run: "lvchange -an vg1/data && lvremove -y vg1/data && vgremove vg1",
    code: 5,
    stderr: /not stopped on other hosts/i,
    info: started("vg1"),
    locks: {},
  },
  {
    name: "host 2 stops the VG",
    on: 2,
    run: "vgchange --lockstop vg1",
    info: notStarted("vg1"),
  },
  {
    name: "host 1 removes the VG",
    run: "vgremove vg1",
    within: 30,
    stdout: [
      `Volume group "vg1" successfully removed`,
    ],
    info: notStarted("vg1"),
    locks: {},
  },
  {
    name: "neither host sees anything of it",
    on: "both",
    run: "vgs --noheadings; lvs --noheadings",
    stdout: { not: /\S/ },
  },
];

/** Afterwards both hosts have vg0 started; its LV vg0/data is inactive. */
export const firstHalf: ClusterStep[] = [...creation, ...use, ...move];

export const secondHalf: ClusterStep[] = end;
