/**
 * The life of a VG of lock type idm with LVM's own commands, on one guest that counts as two hosts:
 * exclusion, sharing, the end of a daemon and the end of the manager while LVs are active. No drive
 * with mutexes is there, see lock_managers/idm.ts.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import type { Expected } from "../expect.ts";
import { BREAK_DRIVE, MEND_DRIVE, startManager, stopManager } from "../lock_managers/idm.ts";
import { disk } from "../storage.ts";
import { onOther, startOther } from "./other_host.ts";

/** In `lvmlockctl --info`. The lock type is not in it: a VG of idm has no lock args to print. */
const started = (vg: string): Expected => [
  new RegExp(`^LS \\S* ?lvm_${vg}$`, "m"),
  /^LS \S* ?lvm_global$/m,
  /^LK VG un ver \d+$/m,
];
const notStarted = (vg: string): Expected => ({ not: new RegExp(`^LS \\S* ?lvm_${vg}$`, "m") });

const lockedByOther = "LV locked by other host: vg0/data";

/** A command that one of the two hosts may not run. */
const refused = (who: "this" | "the other", run: string): ClusterStep => ({
  name: `${who} host is refused: ${run}`,
  run: who === "this" ? run : onOther(run),
  code: 5,
  stderr: lockedByOther,
});

const creation: ClusterStep[] = [
  {
    name: "a VG of lock type idm is created",
    run: `vgcreate --shared --locktype idm vg0 ${disk(0)}`,
    stdout: [`Volume group "vg0" successfully created`, "VG vg0 starting idm lockspace"],
    info: started("vg0"),
    locks: {},
  },
  {
    name: "vgs shows its lock type, and that there are no lock args",
    run: "vgs --noheadings -o vg_name,lock_type,lock_args,vg_shared",
    stdout: /^ *vg0 +idm +none +shared *$/m,
    stderr: { not: /./ },
  },
  {
    name: "an LV is created, and converted to shared and back",
    run: `lvcreate -L 16M -n data vg0 && printf precious | dd of=/dev/vg0/data conv=fsync &&
      lvchange -asy vg0/data && lvchange -aey vg0/data &&
      lvs --noheadings -o lv_lockargs vg0/data`,
    stdout: /^ *idm *$/m,
    locks: { "vg0/data": "ex" },
    devices: { "vg0-data": "linear" },
  },
  {
    name: "the VG is extended, an LV grows, the VG is reduced",
    run: `vgextend vg0 ${disk(1)} && lvextend -L +16M vg0/data && vgreduce vg0 ${disk(1)}`,
    stdout: ["successfully extended", "successfully resized", `Removed "${disk(1)}"`],
    locks: { "vg0/data": "ex" },
  },
  {
    name: "it is not stopped while an LV is active",
    run: "vgchange --lockstop vg0",
    code: 5,
    stderr: "VG vg0 stop failed: LVs must first be deactivated",
  },
];

const exclusion: ClusterStep[] = [
  {
    name: "another host starts the VG",
    run: `${startOther}\n${onOther("vgchange --lockstart vg0")}`,
    stdout: "VG vg0 starting idm lockspace",
  },
  refused("the other", "lvchange -aey vg0/data"),
  refused("the other", "lvchange -asy vg0/data"),
  refused("the other", "lvextend -L +16M vg0/data"),
  refused("the other", "lvremove -y vg0/data"),
  {
    name: "the other host creates an LV of its own meanwhile",
    run: onOther("lvcreate -an -Zn -L 16M -n more vg0"),
    locks: { "vg0/data": "ex" },
  },
  {
    name: "both share an LV",
    run: `lvchange -asy vg0/data && (${onOther("lvchange -asy vg0/data")})`,
    locks: { "vg0/data": "sh" },
  },
  refused("this", "lvchange -aey vg0/data"),
  {
    name: "when the other host has given it up, this one gets it back",
    run: `(${onOther("lvchange -an vg0/data")}) && lvchange -aey vg0/data &&
      head -c 8 /dev/vg0/data`,
    stdout: /precious$/,
    locks: { "vg0/data": "ex" },
  },
];

const succession: ClusterStep[] = [
  { name: "the daemon is killed", act: (cluster) => cluster.host(1).daemon.kill() },
  {
    name: "the next one has taken the lock again",
    act: (cluster) => cluster.host(1).start(),
    then: { 1: { info: started("vg0"), locks: { "vg0/data": "ex" } } },
  },
  refused("the other", "lvchange -aey vg0/data"),
  { name: "the daemon is killed again", act: (cluster) => cluster.host(1).daemon.kill() },
  {
    name: "the manager has given up its locks: the other host gets the LV",
    run: onOther("lvchange -aey vg0/data"),
  },
  {
    name: "the next daemon does not claim it, and says that two hosts use it",
    act: (cluster) => cluster.host(1).start(),
    then: { 1: { info: started("vg0"), locks: {} } },
  },
  {
    name: "which its log tells",
    run: "grep 'LV vg0/data is active, but its lock cannot be taken over' /run/shared/daemon.log",
    stdout: "two hosts use it: deactivate it",
  },
  {
    name: "the other host deactivates it, this one activates it",
    run: `(${onOther("lvchange -an vg0/data")}) && lvchange -aey vg0/data`,
    locks: { "vg0/data": "ex" },
  },
];

const loss: ClusterStep[] = [
  {
    name: "while its drives do not answer, an LV is not activated",
    run: `${BREAK_DRIVE}; lvcreate -an -Zn -L 16M -n none vg0; lvchange -aey vg0/more; code=$?
      ${MEND_DRIVE}; exit $code`,
    code: 5,
    stderr: ["lock failed: storage errors", "Cannot access VG vg0 due to failed lock"],
    locks: { "vg0/data": "ex" },
  },
  {
    name: "the manager ends: its LV is cut off from the disk, and the VG dropped",
    run: stopManager(1),
    within: 60,
    devices: { "vg0-data": "error" },
    info: notStarted("vg0"),
    locks: {},
  },
  {
    name: "when it is back the VG starts again",
    run: `${startManager(1)}; vgchange --lockstart vg0 && vgchange -an vg0`,
    info: started("vg0"),
    devices: { "vg0-data": "" },
  },
  {
    name: "once the old lease has run out, this host has the LV with its data",
    run: "lvchange -aey vg0/data && head -c 8 /dev/vg0/data",
    within: 60,
    stdout: /^precious$/,
    locks: { "vg0/data": "ex" },
  },
];

const end: ClusterStep[] = [
  {
    name: "the VG is stopped and started again, the global lock with it",
    run: `vgchange -an vg0 && vgchange --lockstop vg0 && vgchange --lockstart vg0 &&
      lvchange -aey vg0/data`,
    stderr: { not: /lock failed|skipp/i },
    info: started("vg0"),
    locks: { "vg0/data": "ex" },
  },
  {
    name: "the VG is renamed",
    run: `vgchange -an vg0 && (${onOther("vgchange --lockstop vg0")}) && vgrename vg0 vg1`,
    stdout: "successfully renamed",
    info: [started("vg1"), notStarted("vg0")],
  },
  {
    name: "it is removed with all in it",
    run: "vgremove -ff -y vg1",
    stdout: `Volume group "vg1" successfully removed`,
    info: notStarted("vg1"),
    locks: {},
  },
  {
    name: "no call of the library was against its rules",
    run: "cat /run/seagate_ilm/violations /run/seagate_ilm2/violations",
    stdout: { not: /./ },
  },
];

export const idmOneHost: ClusterScenario = {
  name: "idm_one_host",
  lockManager: "idm",
  clusters: [["ours"]],
  oracle: false,
  diskMebibytes: [400, 200],
  steps: () => [...creation, ...exclusion, ...succession, ...loss, ...end],
};
