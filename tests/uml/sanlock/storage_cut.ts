/**
 * A host loses the storage of a VG while it has an LV active: it must stop writing before another host
 * may take the LV. sanlock notices and runs what the daemon has registered for this.
 *
 * Host 1 loses vgb, for which our daemon has a built-in answer; host 2 loses vgc, for which an
 * administrator has written a script. What both share besides goes on.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep, Daemons, HostStep } from "../cluster_scenario.ts";
import type { Expectations } from "../judge.ts";
import { DEAD_AFTER, RENEWAL_FAILS_AFTER } from "../lock_managers/sanlock.ts";
import { cut, restore } from "../storage.ts";
import { atOnce } from "./at_once.ts";
import { create, join, notStarted, started } from "./steps.ts";

/** Replaces every LV of a VG except the one with the leases by a device without storage. */
const SCRIPT = `#!/bin/bash
for device in $(dmsetup info -c --noheadings -o name -S "vg_name=$1 && lv_name!=lvmlock"); do
  dmsetup wipe_table --force --noflush "$device" || exit
done`;

/** The VG that each host loses, and its disk. */
const losses = [{ host: 1, vg: "vgb", disk: 1 }, { host: 2, vg: "vgc", disk: 2 }] as const;

/** For a script that runs on both hosts: the VG that the host loses, and the other host's. */
const NAMES = "vgs=(- vgb vgc); lost=${vgs[host]}; other=${vgs[3 - host]}";

/** A step of both hosts at the same time, and what is expected of each then. */
const each = (
  step: Omit<HostStep, "on" | "then">,
  expected: (loss: typeof losses[number]) => Expectations = () => ({}),
): ClusterStep => ({
  ...step,
  on: "both",
  run: `${NAMES}; ${step.run}`,
  then: { 1: expected(losses[0]), 2: expected(losses[1]) },
});

const has = (vg: string): Expectations => ({ locks: { [`${vg}/data`]: "ex" } });
const otherVg = (vg: string) => losses.find((loss) => loss.vg !== vg)!.vg;

/** Every host with the stock daemon needs a script, and host 2. */
function configuration(daemons: Daemons): ClusterStep[] {
  const hosts = ([1, 2] as const).filter((host) => host === 2 || daemons[host - 1] === "stock");
  return hosts.map((on) => ({
    name: `the administrator of host ${on} has a script for lost storage`,
    on,
    run: `cat > /run/wipe << 'END'\n${SCRIPT}\nEND
      chmod +x /run/wipe
      echo 'global { lvmlockctl_kill_command = "/run/wipe" }' >> /run/lvmconf/lvm.conf`,
  }));
}

const preparation: ClusterStep[] = [
  create("vg0", 0),
  create("vgb", 1),
  create("vgc", 2),
  join("vg0", "vgb", "vgc"),
  each({
    name: "each host has an LV of the VG that it will lose",
    run: "lvcreate -L 16M -n data $lost && printf precious | dd of=/dev/$lost/data conv=fsync",
  }, ({ vg }) => has(vg)),
];

async function change(cluster: Cluster, how: typeof cut): Promise<void> {
  await Promise.all(losses.map(({ host, disk }) => how(cluster.host(host).guest, disk)));
}

const loss: ClusterStep[] = [
  { name: "each host loses the disk of its VG", act: (cluster) => change(cluster, cut) },
  each({
    name: "the other host is refused its LV",
    run: "lvchange -aey $other/data",
    code: 5,
    stderr: "LV locked by other host",
  }),
  each({
    name: "each host makes its LV harmless and gives the VG up",
    run: "true",
    within: RENEWAL_FAILS_AFTER + 60,
  }, ({ vg }) => ({
    info: [notStarted(vg), started("vg0")],
    locks: {},
    devices: { [`${vg}-data`]: "error" },
  })),
  each({
    name: "it cannot use the VG without its disk",
    run: "vgchange --lockstart $lost",
    code: 5,
  }, ({ vg }) => ({ info: notStarted(vg) })),
  ...atOnce,
];

const recovery: ClusterStep[] = [
  each({
    name: "in time the other host takes the LV with its data",
    run: "lvchange -aey $other/data && head -c 8 /dev/$other/data",
    within: DEAD_AFTER + 60,
    stdout: /^precious$/,
  }, ({ vg }) => has(otherVg(vg))),
  { name: "the disks are back", act: (cluster) => change(cluster, restore) },
  each({
    name: "what a host still had to write to the LV that it lost does not reach the disk",
    run: "dd if=/dev/zero of=/dev/$lost/data bs=4k count=1 oflag=direct",
    code: 1,
    stderr: "Input/output error",
  }),
  each({
    name: "each host removes what is left of the LV and starts the VG that it lost",
    run: "dmsetup remove $lost-data && vgchange --lockstart $lost",
  }, ({ vg }) => ({ info: started(vg), ...has(otherVg(vg)) })),
  each({
    name: "it is refused the LV, which the other host has now",
    run: "lvchange -aey $lost/data",
    code: 5,
    stderr: "LV locked by other host",
  }),
  each({
    name: "the other host gives it back",
    run: "head -c 8 /dev/$other/data && lvchange -an $other/data",
    stdout: /^precious$/,
  }, () => ({ locks: {} })),
  each({
    name: "each host has its LV again",
    run: "lvchange -aey $lost/data && head -c 8 /dev/$lost/data",
    stdout: /^precious$/,
  }, ({ vg }) => has(vg)),
];

export const storageCut: ClusterScenario = {
  name: "storage_cut",
  lockManager: "sanlock",
  clusters: [["ours", "ours"]],
  oracle: true,
  diskMebibytes: [500, 300, 300],
  steps: (daemons) => [...configuration(daemons), ...preparation, ...loss, ...recovery],
};
