/**
 * One host, a cluster of its own: what can be seen of the DLM without a second one, quickly. Also how
 * many clients at a time the daemon stands, and what becomes of it when dlm_controld dies.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { helper } from "./program.ts";
import { create, KERNEL_LOCKSPACES, notStarted, started } from "./steps.ts";

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

/** A second VG shows that the loss is told once for each VG. */
const loss: ClusterStep[] = [
  {
    name: "dlm_controld dies: the locks are lost, and the daemon says so at once",
    only: "ours",
    run: "kill -9 $(pgrep -x dlm_controld)",
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
  steps: () => [...life, ...crowd, ...loss],
};
