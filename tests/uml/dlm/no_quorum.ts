/**
 * A host boots while the other one is down: without a quorum the DLM lets nobody in. The daemon says so,
 * serves everything else, and goes on by itself when the other host is back.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { disk } from "../storage.ts";
import { ctl } from "./program.ts";
import { create, KERNEL_LOCKSPACES, notStarted, started } from "./steps.ts";

const alone: ClusterStep[] = [
  create("vg0", 0),
  { name: "and a VG that only it uses", run: `vgcreate local ${disk(1)}` },
  { name: "host 2 crashes", act: (cluster) => cluster.crash(2) },
  { name: "host 1 crashes", act: (cluster) => cluster.crash(1) },
  { name: "host 1 boots, with host 2 still down", act: (cluster) => cluster.reboot(1) },
  {
    name: "there is no quorum",
    run: "dlm_tool status",
    stdout: /^cluster nodeid 1 quorate 0 /m,
  },
  {
    name: "somebody starts the VG, and waits",
    run: "(vgchange --lockstart vg0; echo $? > /run/started) > /run/shared/start.log 2>&1 &",
  },
  {
    name: "the daemon tells what is waited for",
    run: `${ctl} lockspaces`,
    within: 30,
    stdout: /global lockspace is starting: waiting for quorum: .*only node 1/,
  },
  { name: "the kernel was not asked yet", run: KERNEL_LOCKSPACES, stdout: { not: /./ } },
  {
    name: "somebody starts the VG without the global lock",
    run: `(${ctl} start vg0; echo code $? > /run/taken-back) > /run/shared/ctl.log 2>&1 &
      until lvmlockctl --info | grep -q '^LS dlm lvm_vg0'; do sleep 0.1; done`,
  },
  {
    name: "a start can be taken back; who waits for it is told",
    run: `timeout 60 ${ctl} stop vg0 && until [ -s /run/taken-back ]; do sleep 0.1; done
      cat /run/taken-back /run/shared/ctl.log`,
    stdout: [/^code [1-9]/m, "ECANCELED"],
    info: notStarted("vg0"),
  },
  {
    name: "everything else is served at once",
    run: `for i in {1..20}; do timeout 20 lvmlockctl --info > /dev/null || exit; done
      timeout 60 lvcreate -L 4M -n lv local && timeout 60 lvremove -y local/lv`,
  },
  {
    name: "a command that needs the VG is refused, and does not hang",
    run: "timeout 60 lvcreate -an -L 4M -n lv vg0",
    code: 5,
    stderr: /VG vg0 lock failed|Cannot access VG vg0/,
  },
];

const together: ClusterStep[] = [
  {
    name: "host 2 boots",
    act: (cluster) => cluster.reboot(2),
  },
  {
    name: "so the start that was waited for is done",
    run: "until [ -s /run/started ]; do sleep 0.1; done; cat /run/started",
    stdout: /^0$/m,
    info: started("vg0"),
  },
  {
    name: "the VG can be used on both",
    on: "both",
    run: "vgchange --lockstart vg0 && lvcreate -L 4M -n lv$host vg0",
  },
];

export const dlmNoQuorum: ClusterScenario = {
  name: "dlm_no_quorum",
  lockManager: "dlm",
  clusters: [["ours", "ours"]],
  oracle: false,
  diskMebibytes: [200, 100],
  steps: () => [...alone, ...together],
};
