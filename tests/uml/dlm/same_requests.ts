/**
 * The same history of commands with the stock daemon and with ours: both must ask the same of the DLM,
 * in names, modes, flags and value blocks, so that hosts with either see the same locks. And what the
 * kernel has then, at every point of a history.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import type { DaemonKind } from "../daemon.ts";
import { disk } from "../storage.ts";
import { follow, histories, readTraffic } from "./device_traffic.ts";
import { sameLocks } from "./same_locks.ts";

/** From no VG to no VG. */
const HISTORY = `set -e
stopped() { while lvmlockctl --info | grep -q ^LS; do sleep 0.05; done; }
vgcreate --shared vg0 ${disk(0)}
lvcreate -L 16M -n lv0 vg0
lvchange -asy vg0/lv0
lvchange -aey vg0/lv0
lvcreate -an -Zn -L 16M -n lv1 vg0
lvchange -asy vg0/lv1
vgextend vg0 ${disk(1)}
lvs vg0
lvremove -y vg0/lv0
vgchange -an vg0
vgchange --lockstop vg0
stopped
vgchange --lockstart vg0
lvchange -aey vg0/lv1
lvchange -an vg0/lv1
vgremove -ff -y vg0
lvmlockctl --stop-lockspaces
stopped`;

/** Every request that a daemon makes of the DLM in this history. */
async function traffic(cluster: Cluster, kind: DaemonKind): Promise<Record<string, string[]>> {
  const host = cluster.host(1);
  const { guest, directory } = host;
  await host.start(kind);
  const output = `strace.${kind}`;
  // Ends with the daemon.
  const follower = guest.run(follow("/run/daemon.pid", `/run/shared/${output}`));
  follower.catch(() => {});
  await guest.run(`until [ -e /run/shared/${output} ]; do sleep 0.05; done`);
  const { code, stdout, stderr } = await guest.run(HISTORY);
  if (code !== 0) throw new Error(`with the ${kind} daemon: ${stdout}${stderr}`);
  await host.daemon.stop();
  await follower;
  return histories(readTraffic(await Deno.readTextFile(`${directory}/${output}`)));
}

async function compare(cluster: Cluster): Promise<string> {
  await cluster.host(1).daemon.stop();
  const stock = await traffic(cluster, "stock");
  const ours = await traffic(cluster, "ours");
  for (const resource of new Set([...Object.keys(stock), ...Object.keys(ours)])) {
    const [theirs, own] = [stock, ours].map((all) => (all[resource] ?? []).join("\n"));
    if (theirs !== own) throw new Error(`${resource}\nstock:\n${theirs}\nours:\n${own}`);
  }
  const counts = Object.entries(stock).map(([resource, list]) => `${resource} ${list.length}`);
  if (counts.length < 4) throw new Error(`nothing was seen but ${counts.join(", ")}`);
  return `requests: ${counts.join(", ")}`;
}

const steps: ClusterStep[] = [
  { name: "both daemons ask the same of the DLM", only: "ours", act: compare },
  sameLocks,
];

export const dlmSameRequests: ClusterScenario = {
  name: "dlm_same_requests",
  lockManager: "dlm",
  clusters: [["ours"]],
  oracle: false,
  diskMebibytes: [200, 100],
  steps: () => steps,
};
