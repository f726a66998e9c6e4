/**
 * One host, a cluster of its own: what can be seen of the DLM without a second one, quickly. Also how
 * many clients at a time the daemon stands, and what becomes of it when dlm_controld dies.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import type { Guest } from "../guest.ts";
import { ctl, helper, holdInBackground } from "./program.ts";
import { create, KERNEL_LOCKSPACES, notStarted, started } from "./steps.ts";

/** What the kernel has of the global lock. */
const PROBE_GLOBAL = `echo lvm_global:GLLK | ${helper("probe_locks.ts")}`;

/** Nothing but the next daemon can release it, and other hosts would wait for it. */
const globalOrphan: ClusterStep[] = [
  {
    name: "no VG is started, and a program holds the global lock",
    only: "ours",
    run: holdInBackground("gl ex"),
    info: [/^LK GL ex/m, notStarted("vg0")],
  },
  {
    name: "the daemon is killed: the kernel keeps the lock",
    only: "ours",
    act: async (cluster) => {
      const { guest, daemon } = cluster.host(1);
      await daemon.kill();
      await succeed(guest, `${PROBE_GLOBAL} | grep EX`);
      await cluster.host(1).start();
    },
  },
  {
    name: "its successor releases it and leaves its lockspace, without being asked for anything",
    only: "ours",
    run: `while [ -e /sys/kernel/dlm/lvm_global ]; do sleep 0.1; done; ${KERNEL_LOCKSPACES}`,
    within: 60,
    stdout: { not: /^lvm_global$/m },
    info: { not: /^LS/m },
  },
];

const life: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "LVs are created, converted and released",
    run: `lvcreate -L 16M -n lv0 vg0 && lvchange -asy vg0/lv0 && lvchange -aey vg0/lv0 &&
      printf precious | dd of=/dev/vg0/lv0 conv=fsync && lvcreate -an -Zn -L 16M -n lv1 vg0`,
    locks: { "vg0/lv0": "ex" },
  },
  {
    name: "the VG is not stopped while an LV is active",
    run: "vgchange --lockstop vg0",
    code: 5,
    stderr: "VG vg0 stop failed: LVs must first be deactivated",
  },
  {
    name: "it is stopped when none is",
    run: `vgchange -an vg0 && vgchange --lockstop vg0 &&
      while [ "$(${KERNEL_LOCKSPACES})" ]; do sleep 0.1; done`,
    info: { not: /^LS/m },
  },
  {
    name: "its lock type is taken away and given back",
    run: `vgchange -y --lockopt force --locktype none vg0 && vgchange -y --locktype dlm vg0 &&
      vgs --noheadings -o lock_args vg0`,
    stdout: "1.0.0:umltest",
  },
  ...globalOrphan,
  {
    name: "it starts again, with its data",
    run: "vgchange --lockstart vg0 && lvchange -aey vg0/lv0 && head -c 8 /dev/vg0/lv0",
    stdout: /precious$/,
    info: started("vg0"),
    locks: { "vg0/lv0": "ex" },
  },
];

const crowd: ClusterStep[] = [
  {
    name: "20 clients make 150 rounds each at the same time",
    only: "ours",
    run: `${helper("parallel_clients.ts")} vg0 20 150`,
    show: true,
    stdout: /^6600 granted/m,
    locks: { "vg0/lv0": "ex" },
  },
];

/** In whatever calls it is: what it leaves in the kernel must be in nobody's way. */
async function killInTheCrowd(cluster: Cluster): Promise<void> {
  const { guest, daemon } = cluster.host(1);
  const clients = guest.run(`${helper("parallel_clients.ts")} vg0 20 100000`);
  await succeed(guest, "until lvmlockctl --info | grep -c '^LK LV ex' | grep -q '..'; do :; done");
  await daemon.kill();
  const { code } = await clients;
  if (code === 0) throw new Error("the clients did not notice");
  await cluster.host(1).start();
  // As many as before, and one that changes the VG.
  await succeed(guest, `${helper("parallel_clients.ts")} vg0 20 2`);
  await succeed(guest, "vgchange --addtag a vg0 && vgchange --deltag a vg0");
}

async function succeed(guest: Guest, run: string): Promise<void> {
  const { code, stdout, stderr } = await guest.run(run);
  if (code !== 0) throw new Error(`${run}: ${stdout}${stderr}`);
}

const deaths: ClusterStep[] = [1, 2, 3].map((time) => ({
  name: `the daemon is killed while they are at it, and its successor serves them (${time})`,
  only: "ours",
  act: killInTheCrowd,
  then: { 1: { locks: { "vg0/lv0": "ex" } } },
}));

/** An administrator follows advice for other cases. */
const removal: ClusterStep[] = [
  {
    name: "somebody removes the lockspace of the global lock",
    only: "ours",
    run: `dlm_tool leave lvm_global && ${KERNEL_LOCKSPACES}`,
    stdout: { not: /^lvm_global$/m },
  },
  {
    name: "it is joined again for the next one who wants the lock",
    only: "ours",
    run: `${ctl} lock gl ex -- ${KERNEL_LOCKSPACES}`,
    within: 60,
    stdout: /^lvm_global$/m,
    locks: { "vg0/lv0": "ex" },
  },
];

/** A second VG shows that the loss is told once for each VG. */
const loss: ClusterStep[] = [
  {
    name: "dlm_controld dies: the locks are lost, and the daemon says so at once",
    only: "ours",
    run: "kill -9 $(pgrep -x dlm_controld)",
  },
  {
    // It takes connections for a moment: that does not bring the locks back.
    name: "its successor does not run while the kernel has lockspaces",
    only: "ours",
    run: "timeout 60 dlm_controld -D --enable_fencing 0 --enable_plock 0 2>&1",
    code: 1,
    stdout: /uncontrolled lockspace/,
  },
  {
    name: "changes are refused, none hangs",
    only: "ours",
    run: "timeout 60 lvcreate -an -L 4M -n more vg0",
    within: 60,
    code: 5,
    stderr: /VG vg0 lock failed|Cannot access VG vg0/,
  },
  {
    name: "the VG's LVs are made safe, and the VG is dropped",
    only: "ours",
    run: "lvmlockctl --drop vg0; lvmlockctl --info",
    within: 60,
    info: notStarted("vg0"),
    locks: {},
  },
  {
    name: "a start says what is wrong",
    only: "ours",
    run: "timeout 60 vgchange --lockstart vg0",
    code: 5,
    stderr: /lock manager|-214/,
    info: notStarted("vg0"),
  },
];

export const dlmOneHost: ClusterScenario = {
  name: "dlm_one_host",
  lockManager: "dlm",
  clusters: [["ours"]],
  oracle: true,
  diskMebibytes: [200],
  steps: () => [...life, ...crowd, ...deaths, ...removal, ...loss],
};
