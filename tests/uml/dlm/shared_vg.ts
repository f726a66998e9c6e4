/**
 * Two hosts share a VG: its life from creation to removal, who may have an LV, what they tell each
 * other about the VG's versions and the size of an LV. With each mixture of daemons.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep, Daemons } from "../cluster_scenario.ts";
import { CLUSTER_NAME } from "../lock_managers/dlm.ts";
import { disk } from "../storage.ts";
import {
  create,
  join,
  KERNEL_LOCKSPACES,
  lockedByOther,
  notStarted,
  refused,
  started,
} from "./steps.ts";

const creation: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "vgs shows its lock type and lock args",
    run: "vgs --noheadings -o vg_name,lock_type,lock_args,vg_shared",
    stdout: new RegExp(`^ *vg0 +dlm +1\\.0\\.0:${CLUSTER_NAME} +shared *$`, "m"),
    stderr: { not: /./ },
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
    name: "both are members of the lockspaces, with the right permissions on their devices",
    on: "both",
    run: `ls /sys/kernel/config/dlm/cluster/spaces/lvm_vg0/nodes | tr '\\n' ' '
      stat -L -c %a /dev/misc/dlm_lvm_vg0`,
    stdout: /^1 2 600$/m,
  },
  {
    name: "starting it again does no harm",
    on: "both",
    run: "vgchange --lockstart vg0",
    info: started("vg0"),
  },
];

/** The number in `LK VG un ver N`: what the daemon last read or wrote. */
const VERSION = "lvmlockctl --info | sed -n '/^LS dlm lvm_vg0$/,$ s/^LK VG un ver //p'";
const SEQNO = "vgs --noheadings -o vg_seqno vg0 | tr -d ' '";

/** A host has written the VG's version into the lock; the other reads it there. */
const version = (writer: 1 | 2, run: string): ClusterStep[] => [
  {
    name: `host ${writer} changes the VG: ${run}`,
    on: writer,
    run: `${run} && test "$(${VERSION})" = "$(${SEQNO})"`,
  },
  {
    name: `host ${3 - writer} reads that version with its lock`,
    on: 3 - writer as 1 | 2,
    run: `seqno=$(${SEQNO}); version=$(${VERSION}); echo "$version $seqno"
      test "$version" = "$seqno"`,
  },
];

const use: ClusterStep[] = [
  ...version(1, "lvcreate -an -Zn -L 16M -n lv0 vg0"),
  ...version(2, "lvcreate -an -Zn -L 16M -n lv1 vg0"),
  ...version(1, "lvchange --addtag a vg0/lv0"),
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
];

const exclusion: ClusterStep[] = [
  { name: "host 1 activates it exclusively", run: "lvchange -aey vg0/lv0", locks: lv0("ex") },
  refused(2, "lvchange -aey vg0/lv0", "vg0/lv0"),
  refused(2, "lvchange -asy vg0/lv0", "vg0/lv0"),
  refused(2, "lvremove -y vg0/lv0", "vg0/lv0"),
  {
    name: "host 1 cannot stop the VG while an LV is active",
    run: "vgchange --lockstop vg0",
    code: 5,
    stderr: "VG vg0 stop failed: LVs must first be deactivated",
  },
  { name: "host 1 goes down to shared", run: "lvchange -asy vg0/lv0", locks: lv0("sh") },
  {
    name: "host 2 activates it shared",
    on: 2,
    run: "lvchange -asy vg0/lv0",
    locks: lv0("sh"),
    devices: { "vg0-lv0": "linear" },
  },
  { ...refused(1, "lvchange -aey vg0/lv0", "vg0/lv0"), locks: lv0("sh") },
  { ...refused(2, "lvchange -aey vg0/lv0", "vg0/lv0"), locks: lv0("sh") },
  { name: "host 2 deactivates it", on: 2, run: "lvchange -an vg0/lv0", locks: {} },
  { name: "host 1 goes up to exclusive", run: "lvchange -aey vg0/lv0", locks: lv0("ex") },
  refused(2, "lvchange -asy vg0/lv0", "vg0/lv0"),
  {
    name: "the LV moves to host 2",
    run: "printf precious | dd of=/dev/vg0/lv0 conv=fsync && lvchange -an vg0/lv0",
    locks: {},
  },
  {
    name: "host 2 has it with its data",
    on: 2,
    run: "lvchange -aey vg0/lv0 && head -c 8 /dev/vg0/lv0",
    stdout: /^precious$/,
    locks: lv0("ex"),
  },
  { ...refused(1, "lvchange -aey vg0/lv0", "vg0/lv0"), locks: {} },
  {
    name: "the log of host 1 names who has it",
    only: "ours",
    run: "tail -n 1 /run/shared/daemon.log",
    stdout: /^LV \S{38} in VG vg0 is held by node 2 \(node2\)$/m,
  },
  { name: "host 2 deactivates it", on: 2, run: "lvchange -an vg0/lv0", locks: {} },
];

const races: ClusterStep[] = [
  {
    name: "both want it exclusively at the same time: one gets it",
    act: (cluster) => race(cluster, "lvchange -aey vg0/lv0", ["0", "5"]),
  },
  { name: "it is free again", on: "both", run: "lvchange -an vg0/lv0", locks: {} },
  {
    name: "both change the VG at the same time, many times",
    on: "both",
    run: "for i in {1..8}; do lvcreate -an -Zn -l1 -n h${host}_$i vg0 || exit; done",
  },
  {
    name: "both see all of it",
    on: "both",
    run: "lvs --noheadings -S 'lv_name=~^h[12]_' vg0 | wc -l",
    stdout: /^16$/m,
  },
];

const size = (mebibytes: number) => new RegExp(`^${mebibytes * 1024 * 1024}$`, "m");

/** The stock daemon of this distribution was built without it. */
const refresh: ClusterStep[] = [
  {
    name: "both share an LV",
    on: "both",
    run: "lvchange -asy vg0/lv1 && blockdev --getsize64 /dev/vg0/lv1",
    stdout: size(16),
  },
  {
    name: "host 1 extends it",
    only: "ours",
    run: "lvextend --lockopt shupdate -L +16M vg0/lv1 && blockdev --getsize64 /dev/vg0/lv1",
    stdout: size(32),
    locks: { "vg0/lv1": "sh" },
  },
  {
    name: "it has grown on host 2",
    only: "ours",
    on: 2,
    run: "blockdev --getsize64 /dev/vg0/lv1",
    stdout: size(32),
    locks: { "vg0/lv1": "sh" },
  },
  {
    name: "host 2 will not be able to do that again",
    only: "ours",
    on: 2,
    run: "mv /run/lvmconf/lvm.conf /run/lvmconf/away; echo 'broken {' > /run/lvmconf/lvm.conf",
  },
  {
    name: "so host 1 is told what to do by hand",
    only: "ours",
    run: "lvextend --lockopt shupdate -L +16M vg0/lv1",
    code: 5,
    stderr: ["Failed to refresh LV on all hosts", "Manual lvchange --refresh required"],
  },
  {
    name: "host 2 is as it was",
    only: "ours",
    on: 2,
    run: "mv /run/lvmconf/away /run/lvmconf/lvm.conf",
  },
  { name: "nobody has the LV", on: "both", run: "lvchange -an vg0/lv1", locks: {} },
];

const rename: ClusterStep[] = [
  {
    // The command says no, but its exit code is 0 all the same.
    name: "while host 2 has the VG started host 1 may not rename it",
    run: "vgrename vg0 vg1; vgs --noheadings -o vg_name",
    stdout: /^ *vg0 *$/m,
    stderr: /not stopped on other hosts/i,
    info: started("vg0"),
  },
  {
    name: "host 2 stops the VG, and with it the global lock",
    on: 2,
    run: `vgchange --lockstop vg0`,
    within: 20,
    info: { not: /^LS/m },
  },
  { name: "its kernel is in no lockspace", on: 2, run: KERNEL_LOCKSPACES, stdout: { not: /./ } },
  {
    name: "host 1 renames it, and starts it under its new name",
    run: "vgrename vg0 vg1 && vgchange --lockstart vg1",
    info: [started("vg1"), notStarted("vg0")],
  },
  { name: "host 2 has it too", on: 2, run: "vgchange --lockstart vg1", info: started("vg1") },
  {
    name: "the data is there",
    run: "lvchange -aey vg1/lv0 && head -c 8 /dev/vg1/lv0",
    stdout: /^precious$/,
    locks: { "vg1/lv0": "ex" },
    then: { 2: { locks: {} } },
  },
  {
    name: "which host 2 notices",
    on: 2,
    run: "lvchange -aey vg1/lv0",
    code: 5,
    stderr: lockedByOther("vg1/lv0"),
  },
  { name: "host 1 deactivates it", run: "lvchange -an vg1/lv0", locks: {} },
];

const removal = (vg: string): ClusterStep[] => [
  {
    name: "while host 2 has the VG started host 1 may not remove it",
    run: `vgremove -ff -y ${vg}`,
    code: 5,
    stderr: /not stopped on other hosts/i,
    info: started(vg),
  },
  {
    name: "host 2 stops the VG",
    on: 2,
    run: `vgchange --lockstop ${vg}`,
    info: notStarted(vg),
  },
  {
    name: "host 1 removes the VG",
    run: `vgremove -ff -y ${vg}`,
    within: 30,
    stdout: `Volume group "${vg}" successfully removed`,
    info: notStarted(vg),
    locks: {},
  },
];

/** The other way round only what one daemon has to know of the other. */
const steps = ([first, second]: Daemons): ClusterStep[] =>
  first === "stock" && second === "ours"
    ? [...creation, ...use, ...exclusion, ...removal("vg0")]
    : [...creation, ...use, ...exclusion, ...races, ...refresh, ...rename, ...removal("vg1")];

function lv0<Mode extends "ex" | "sh">(mode: Mode): Record<string, Mode> {
  return { "vg0/lv0": mode };
}

/** Runs a script on both hosts; their exit codes must be these, in whatever order. */
async function race(cluster: Cluster, run: string, expected: string[]): Promise<string> {
  const results = await Promise.all(([1, 2] as const).map((id) => cluster.host(id).guest.run(run)));
  const codes = results.map(({ code }) => String(code));
  if (codes.toSorted().join() !== expected.join()) {
    throw new Error(`exit codes ${codes}: ${results.map(({ stderr }) => stderr).join("")}`);
  }
  return `host ${codes.indexOf("0") + 1} got it`;
}

export const dlmSharedVg: ClusterScenario = {
  name: "dlm_shared_vg",
  lockManager: "dlm",
  clusters: [["ours", "stock"], ["stock", "ours"]],
  oracle: true,
  diskMebibytes: [400, 200],
  steps,
};
