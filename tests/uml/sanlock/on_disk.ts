/**
 * What a history of commands leaves in the leases on the disk must not depend on the daemon: both
 * daemons go through the same history, each on a fresh disk, and the disks are compared.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { describeLeases } from "./leases.ts";
import { create, notStarted } from "./steps.ts";

/** Where a host puts what it has read, in its directory. */
const COPY = "leases";

/** Leases that are compared, from the beginning of the lvmlock LV; each has one MiB. */
const LEASES = 80;

/** With every kind of operation on a lease. */
const history: ClusterStep[] = [
  {
    name: "LVs are created, one of them active",
    run: `for lv in a b c; do lvcreate -an -Zn -L 8M -n $lv vg0 || exit; done
      lvcreate -Zn -L 8M -n d vg0`,
    locks: { "vg0/d": "ex" },
  },
  {
    name: "they are activated, converted both ways and deactivated",
    run: `lvchange -aey vg0/a && lvchange -asy vg0/a && lvchange -aey vg0/a && lvchange -an vg0/a &&
      lvchange -asy vg0/b && lvchange -an vg0/b`,
    locks: { "vg0/d": "ex" },
  },
  {
    name: "one is removed, another gets its lease",
    run: "lvremove -y vg0/b && lvcreate -an -Zn -L 8M -n e vg0",
  },
  {
    name: "one is extended, another renamed",
    run: "lvextend -L +8M vg0/a && lvrename vg0/c vg0/f",
  },
  {
    name: "a thin pool with a thin LV is created and deactivated",
    run: "lvcreate -y -T -L 16M -V 16M -n thin vg0/pool && lvchange -an vg0/thin vg0/pool",
    locks: { "vg0/d": "ex" },
  },
  {
    name: "the global lock is disabled and enabled",
    run: "lvmlockctl --gl-disable vg0 && ! pvcreate /dev/mapper/disk2 && " +
      "lvmlockctl --gl-enable vg0 && pvcreate /dev/mapper/disk2 && pvremove /dev/mapper/disk2",
  },
  {
    name: "the VG is stopped, started, and has one LV active exclusively, one shared",
    run: `vgchange -an vg0 && vgchange --lockstop vg0 && vgchange --lockstart vg0 &&
      lvchange -aey vg0/a && lvchange -asy vg0/e`,
    locks: { "vg0/a": "ex", "vg0/e": "sh" },
  },
];

/** Reads the leases and the names of the LVs, in a stable text without what differs by nature. */
async function read(cluster: Cluster): Promise<string> {
  const host = cluster.host(1);
  const { code, stdout, stderr } = await host.guest.run(
    `dd if=/dev/mapper/vg0-lvmlock of=/run/shared/${COPY} bs=1M count=${LEASES} iflag=direct &&
      lvs -a --noheadings -o lv_uuid,lv_name vg0`,
  );
  if (code !== 0) throw new Error(stderr);
  const rows = stdout.trim().split("\n").map((row) => row.trim().split(/\s+/));
  const file = `${host.directory}/${COPY}`;
  const bytes = await Deno.readFile(file);
  await Deno.remove(file);
  return describeLeases(bytes, new Map(rows.map(([uuid = "", name = ""]) => [uuid, name])));
}

/** One daemon's turn on a disk. `found` takes what it has written. */
const turn = (n: number, found: (text: string) => void): ClusterStep[] => [
  create("vg0", n),
  ...history,
  {
    name: "the leases are read",
    act: async (cluster) => {
      const text = await read(cluster);
      found(text);
      await Deno.writeTextFile(`${cluster.host(1).directory}/leases${n}.txt`, text);
    },
  },
  {
    name: "the VG is stopped and its disk taken away",
    run: `vgchange -an vg0 && vgchange --lockstop vg0 && dmsetup remove --retry disk${n}`,
    within: 20,
    info: notStarted("vg0"),
  },
];

function steps(): ClusterStep[] {
  const texts: string[] = [];
  const found = (text: string) => void texts.push(text);
  return [
    ...turn(0, found),
    {
      name: "the stock daemon takes its place",
      act: async (cluster) => {
        await cluster.host(1).daemon.kill();
        await cluster.host(1).start("stock");
      },
    },
    ...turn(1, found),
    { name: "both have written the same", act: () => compare(texts) },
  ];
}

/** Throws with the lines that differ. */
function compare([first = "", second = ""]: string[]): Promise<string> {
  const [ours, theirs] = [first, second].map((text) => text.split("\n")) as [string[], string[]];
  const different = [
    ...ours.filter((line) => !theirs.includes(line)).map((line) => `first:  ${line}`),
    ...theirs.filter((line) => !ours.includes(line)).map((line) => `second: ${line}`),
  ];
  if (different.length > 0) throw new Error(different.join("\n"));
  if (ours.length < LEASES) throw new Error(`only ${ours.length} leases were read`);
  return Promise.resolve(`${ours.length} lines are the same`);
}

export const onDisk: ClusterScenario = {
  name: "on_disk",
  lockManager: "sanlock",
  clusters: [["ours"]],
  oracle: true,
  diskMebibytes: [400, 400, 64],
  steps,
};
