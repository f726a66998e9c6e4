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
import type { ClusterScenario, ClusterStep, Daemons } from "../cluster_scenario.ts";
import { DEAD_AFTER, RENEWAL_FAILS_AFTER } from "../lock_managers/sanlock.ts";
import { cut, restore } from "../storage.ts";
import { atOnce } from "./at_once.ts";
import { create, join, lockedByOther, notStarted, started } from "./steps.ts";

/** Replaces every LV of a VG except the one with the leases by a device without storage. */
const SCRIPT = `#!/bin/bash
for device in $(dmsetup info -c --noheadings -o name -S "vg_name=$1 && lv_name!=lvmlock"); do
  dmsetup wipe_table --force --noflush "$device" || exit
done`;

/** The VG that each host loses, and its disk. */
const losses = [{ host: 1, vg: "vgb", disk: 1 }, { host: 2, vg: "vgc", disk: 2 }] as const;
const other = (host: 1 | 2) => host === 1 ? 2 : 1;

const each = (step: (loss: typeof losses[number]) => ClusterStep) => losses.map(step);

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
  ...each(({ host, vg }) => ({
    name: `host ${host} has an LV of ${vg} active`,
    on: host,
    run: `lvcreate -L 16M -n data ${vg} && printf precious | dd of=/dev/${vg}/data conv=fsync`,
    locks: { [`${vg}/data`]: "ex" },
  })),
];

async function change(cluster: Cluster, how: typeof cut): Promise<void> {
  await Promise.all(losses.map(({ host, disk }) => how(cluster.host(host).guest, disk)));
}

const loss: ClusterStep[] = [
  { name: "each host loses the disk of its VG", act: (cluster) => change(cluster, cut) },
  ...each(({ host, vg }) => ({
    name: `host ${other(host)} is refused the LV of ${vg}`,
    on: other(host),
    run: `lvchange -aey ${vg}/data`,
    code: 5,
    stderr: lockedByOther(`${vg}/data`),
  })),
  ...each(({ host, vg }) => ({
    name: `host ${host} makes its LV harmless and gives ${vg} up`,
    on: host,
    run: "true",
    within: RENEWAL_FAILS_AFTER + 60,
    info: [notStarted(vg), started("vg0")],
    locks: {},
    devices: { [`${vg}-data`]: "error" },
  })),
  ...each(({ host, vg }) => ({
    name: `host ${host} cannot use ${vg} without its disk`,
    on: host,
    run: `vgchange --lockstart ${vg}`,
    code: 5,
    info: notStarted(vg),
  })),
  ...atOnce,
];

const recovery: ClusterStep[] = [
  ...each(({ host, vg }) => ({
    name: `host ${other(host)} takes the LV of ${vg} with its data`,
    on: other(host),
    run: `lvchange -aey ${vg}/data && head -c 8 /dev/${vg}/data`,
    within: DEAD_AFTER + 60,
    stdout: /^precious$/,
    locks: { [`${vg}/data`]: "ex" },
  })),
  { name: "the disks are back", act: (cluster) => change(cluster, restore) },
  ...each(({ host, vg }) => ({
    name: `what host ${host} still had to write to its LV of ${vg} does not reach the disk`,
    on: host,
    run: `dd if=/dev/zero of=/dev/${vg}/data bs=4k count=1 oflag=direct`,
    code: 1,
    stderr: "Input/output error",
    then: { [other(host)]: { locks: { [`${vg}/data`]: "ex" } } },
  })),
  ...each(({ host, vg }) => ({
    name: `host ${host} removes what is left of its LV and starts ${vg}`,
    on: host,
    run: `dmsetup remove ${vg}-data && vgchange --lockstart ${vg}`,
    info: started(vg),
  })),
  ...each(({ host, vg }) => ({
    name: `host ${host} is refused what the other host took`,
    on: host,
    run: `lvchange -aey ${vg}/data`,
    code: 5,
    stderr: lockedByOther(`${vg}/data`),
  })),
  ...each(({ host, vg }) => ({
    name: `host ${other(host)} gives the LV of ${vg} back`,
    on: other(host),
    run: `head -c 8 /dev/${vg}/data && lvchange -an ${vg}/data`,
    stdout: /^precious$/,
    locks: {},
  })),
  ...each(({ host, vg }) => ({
    name: `host ${host} has its LV of ${vg} again`,
    on: host,
    run: `lvchange -aey ${vg}/data && head -c 8 /dev/${vg}/data`,
    stdout: /^precious$/,
    locks: { [`${vg}/data`]: "ex" },
  })),
];

export const storageCut: ClusterScenario = {
  name: "storage_cut",
  lockManager: "sanlock",
  clusters: [["ours", "ours"]],
  oracle: true,
  diskMebibytes: [500, 300, 300],
  steps: (daemons) => [...configuration(daemons), ...preparation, ...loss, ...recovery],
};
