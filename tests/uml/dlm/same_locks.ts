/**
 * The same history with the stock daemon and with ours: at every point of it the kernel must have the
 * same locks, in names, modes and value blocks, also when the daemon has died and when the next one has
 * taken its locks over.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterStep } from "../cluster_scenario.ts";
import type { DaemonKind } from "../daemon.ts";
import { disk } from "../storage.ts";
import { kernelLocks, START_ASKING } from "./kernel_locks.ts";
import { native } from "./program.ts";

/** A lock that a command holds for as long as we look. */
const hold = (locks: string) =>
  `rm -f /run/held; ${native("hold_locks.ts")} ${locks} > /run/held 2>&1 & echo $! > /run/holder
  until grep -q held /run/held; do kill -0 $! || { cat /run/held >&2; exit 1; }; sleep 0.05; done`;
/** The daemon releases them soon after their holder is gone. */
const letGo = "kill $(< /run/holder)\n" +
  "while lvmlockctl --info | grep -q -e '^LK VG [es]' -e '^LK GL [es]'; do sleep 0.05; done";

/** A script, or what happens to the daemon; the locks are looked at after each. */
const history: readonly [what: string, act: string | "kill" | "start"][] = [
  ["a VG is created", `vgcreate --shared vg0 ${disk(0)}`],
  ["an LV is created and active exclusively", "lvcreate -L 16M -n lv0 vg0"],
  ["it is shared", "lvchange -asy vg0/lv0"],
  ["it is exclusive again", "lvchange -aey vg0/lv0"],
  ["another LV is shared", "lvcreate -an -Zn -L 16M -n lv1 vg0 && lvchange -asy vg0/lv1"],
  ["an LV is created, used and left", "lvcreate -L 4M -n lv2 vg0 && lvchange -an vg0/lv2"],
  ["a command reads the VG", hold("vg:vg0=sh")],
  ["a command changes the VG", `${letGo}; ${hold("vg:vg0=ex")}`],
  ["a command needs all VGs as they are", `${letGo}; ${hold("gl=sh vg:vg0=sh")}`],
  ["a command creates a VG", `${letGo}; ${hold("gl=ex")}`],
  ["it did not", letGo],
  ["the VG has a new version", "vgchange --addtag a vg0"],
  ["the VG has one more disk", `vgextend vg0 ${disk(1)}`],
  ["the daemon is killed", "kill"],
  ["the next one has its locks", "start"],
  ["one of them is released", "lvchange -an vg0/lv1"],
  ["the other one is converted", "lvchange -asy vg0/lv0"],
  ["the VG has another version", "vgchange --addtag b vg0"],
  ["everything is released", "vgchange -an vg0"],
  ["an LV is removed", "lvremove -y vg0/lv1"],
  [
    "the VG is stopped",
    "vgchange --lockstop vg0; while [ -e /sys/kernel/dlm/lvm_vg0 ]; do sleep 0.1; done",
  ],
  ["the VG is started", "vgchange --lockstart vg0"],
  ["an LV is active", "lvchange -aey vg0/lv0"],
  ["a command was killed while it changed the VG", `${hold("vg:vg0=ex")}; ${letGo}`],
];

const END = `vgchange -an vg0 && vgremove -ff -y vg0 && lvmlockctl --stop-lockspaces
while [ "$(ls /sys/kernel/dlm)" ]; do sleep 0.1; done`;

/** The kernel's locks at each point. */
async function follow(cluster: Cluster, kind: DaemonKind): Promise<string[][]> {
  const host = cluster.host(1);
  await host.start(kind);
  const points: string[][] = [];
  for (const [what, act] of history) {
    if (act === "kill") await host.daemon.kill();
    else if (act === "start") await host.start(kind);
    else await run(cluster, act).catch((error) => fail(`${kind}, ${what}: ${error.message}`));
    points.push(await kernelLocks(host.guest));
  }
  await run(cluster, END);
  await host.daemon.stop();
  return points;
}

async function run(cluster: Cluster, script: string): Promise<void> {
  const { code, stdout, stderr } = await cluster.host(1).guest.run(script);
  if (code !== 0) fail(`${script}\n${stdout}${stderr}`);
}

function fail(text: string): never {
  throw new Error(text);
}

async function compare(cluster: Cluster): Promise<string> {
  await run(cluster, START_ASKING);
  const stock = await follow(cluster, "stock");
  const ours = await follow(cluster, "ours");
  const differences = history.flatMap(([what], i) => {
    const [theirs, own] = [stock[i]!.join("\n"), ours[i]!.join("\n")];
    return theirs === own ? [] : [`when ${what}\nstock:\n${theirs}\nours:\n${own}`];
  });
  if (differences.length > 0) fail(differences.join("\n\n"));
  const count = new Set(stock.flat()).size;
  if (count < 20) fail(`nothing was seen but ${[...new Set(stock.flat())].join(", ")}`);
  return `${history.length} points, ${count} different lines`;
}

/** The daemon of host 1 must have been stopped. */
export const sameLocks: ClusterStep = {
  name: "with both daemons the kernel has the same locks",
  only: "ours",
  act: compare,
};
