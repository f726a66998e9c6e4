/**
 * One host with several shared VGs: which of them has the global lock, and that one whose storage
 * hangs does not hold up the others.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { hang, wake } from "../storage.ts";
import { create, notStarted, started } from "./steps.ts";

/** A command that needs the global lock. */
const NEEDS_IT = "pvcreate /dev/mapper/disk2 && pvremove /dev/mapper/disk2";

const works = (when: string): ClusterStep => ({
  name: `${when} the global lock works`,
  run: `${NEEDS_IT} && vgs`,
  stderr: { not: /global lock/ },
});

const fails = (when: string, report: string): ClusterStep[] => [
  {
    name: `${when} a report can do without it`,
    run: "vgs --noheadings",
    stderr: report,
  },
  {
    name: `${when} a change cannot`,
    run: "pvcreate /dev/mapper/disk2",
    code: 5,
    stderr: /Global lock failed/,
  },
];

const globalLock: ClusterStep[] = [
  { ...create("vg0", 0), stdout: ["Enabling sanlock global lock"] },
  { ...create("vg1", 1), stdout: [{ not: "Enabling sanlock global lock" }] },
  works("with two VGs"),
  {
    name: "the VG that has it is stopped",
    run: "vgchange --lockstop vg0",
    within: 10,
    info: notStarted("vg0"),
  },
  ...fails("without it", "Skipping global lock: lockspace not found or started"),
  {
    name: "the VG that has it starts",
    run: "vgchange --lockstart vg0",
    info: [started("vg0"), started("vg1")],
  },
  works("then"),
  {
    name: "the VG that has it is removed",
    run: "vgremove vg0",
    stdout: `Volume group "vg0" successfully removed`,
    stderr: "VG vg0 held the sanlock global lock, enable global lock in another VG",
  },
  ...fails("after that", "Skipping global lock: VG with global lock was removed"),
  { name: "it is enabled in the other one", run: "lvmlockctl --gl-enable vg1" },
  works("then"),
  {
    ...create("vg2", 0),
    name: "a new VG does not get it, as there is one",
    stdout: [{ not: "Enabling sanlock global lock" }],
  },
];

const duplicate: ClusterStep[] = [
  {
    name: "while the VG that has it is stopped it is enabled in the other as well",
    run: "vgchange --lockstop vg1 && lvmlockctl --gl-enable vg2",
    within: 10,
  },
  works("there"),
  {
    name: "when both are started the duplicate is noticed",
    run: "vgchange --lockstart vg1; vgs",
    stderr: /Duplicate sanlock global lock/i,
    info: [started("vg1"), started("vg2")],
  },
  { name: "it is disabled in one of them", run: "lvmlockctl --gl-disable vg2" },
  works("with one left"),
];

const hanging: ClusterStep[] = [
  {
    name: "each VG has an LV",
    run: "for vg in vg1 vg2; do lvcreate -an -Zn -l1 -n lv $vg || exit; done",
    locks: {},
  },
  {
    name: "while the leases of one VG hang the other is used as ever",
    act: besideHanging,
  },
  {
    name: "when they do not hang any more that VG is used as well",
    run: "lvchange -aey vg2/lv && lvchange -aey vg1/lv",
    within: 60,
    locks: { "vg1/lv": "ex", "vg2/lv": "ex" },
  },
  { name: "both are deactivated", run: "vgchange -an vg1 vg2", locks: {} },
];

/** On a busy machine sanlock may give up on the storage sooner than LVM's commands get through. */
const TRIES = 5;

/** A command for the VG that hangs must not end before one for the other VG, which begins later. */
async function besideHanging(cluster: Cluster): Promise<string> {
  for (let tries = 1;; tries++) {
    const outcome = await onceBesideHanging(cluster);
    if (outcome.ms !== undefined) return `activated in ${outcome.ms} ms`;
    if (tries === TRIES) throw new Error(`the VG that hangs answers first: ${outcome.answer}`);
  }
}

async function onceBesideHanging(cluster: Cluster): Promise<{ ms?: number; answer: string }> {
  const { guest } = cluster.host(1);
  await hang(guest, "vg2-lvmlock");
  let over = false;
  const hung = guest.run("lvchange -aey vg2/lv").finally(() => over = true);
  try {
    const { code, ms, stderr } = await guest.run("lvchange -aey vg1/lv");
    const first = !over;
    const back = await guest.run("lvchange -an vg1/lv");
    if (code !== 0 || back.code !== 0) throw new Error(`the healthy VG: ${stderr}${back.stderr}`);
    return first ? { ms: Math.round(ms), answer: "" } : { answer: (await hung).stderr };
  } finally {
    await wake(guest, "vg2-lvmlock");
    await hung;
  }
}

export const twoVgs: ClusterScenario = {
  name: "two_vgs",
  lockManager: "sanlock",
  clusters: [["ours"]],
  oracle: true,
  diskMebibytes: [300, 300, 64],
  steps: () => [...globalLock, ...duplicate, ...hanging],
};
