/**
 * A host crashes while it holds locks, one of them the VG's, in the middle of a change. The other one
 * waits until the DLM has recovered, is served elsewhere meanwhile, and then has everything.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { disk } from "../storage.ts";
import { holdInBackground } from "./program.ts";
import { create, join, refused, started } from "./steps.ts";

const preparation: ClusterStep[] = [
  create("vg0", 0),
  join("vg0"),
  {
    name: "host 1 has one LV active exclusively, another shared",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n common vg0 && lvchange -asy vg0/common`,
    locks: { "vg0/own": "ex", "vg0/common": "sh" },
  },
  {
    name: "host 2 shares that one, and has a VG of its own",
    on: 2,
    run: `lvchange -asy vg0/common && vgcreate --shared vg2 ${disk(1)} &&
      lvcreate -an -Zn -L 16M -n lv vg2`,
    locks: { "vg0/common": "sh" },
  },
  refused(2, "lvchange -aey vg0/own", "vg0/own"),
  { name: "host 1 holds the VG lock", run: holdInBackground("vg vg0 ex"), info: /^LK VG ex/m },
];

/** Host 2 asks for a VG of the dead host; while that waits, its own VG is served. */
async function crashAndTakeOver(cluster: Cluster): Promise<string> {
  const { guest } = cluster.host(2);
  await cluster.crash(1);
  let waiting = true;
  const taken = guest.run("lvchange -aey vg0/own").finally(() => waiting = false);
  let served = 0;
  while (waiting) {
    const other = await guest.run(
      "lvmlockctl --info > /dev/null && lvchange -aey vg2/lv && lvchange -an vg2/lv",
    );
    if (other.code !== 0) throw new Error(`its own VG was not served: ${other.stderr}`);
    if (waiting) served++;
  }
  const { code, stderr, ms } = await taken;
  if (code !== 0) throw new Error(`lvchange: code ${code}, ${stderr}`);
  if (served === 0) throw new Error("nothing was served while the DLM recovered");
  return `it took ${Math.round(ms)} ms; its own VG was served ${served} times meanwhile`;
}

const death: ClusterStep[] = [
  {
    name: "host 1 crashes; host 2 waits for its LV, while its own VG is served",
    act: crashAndTakeOver,
    then: { 2: { locks: { "vg0/own": "ex", "vg0/common": "sh" } } },
  },
  {
    name: "host 2 has the data, and alone what they shared",
    on: 2,
    run: "head -c 8 /dev/vg0/own && lvchange -aey vg0/common",
    stdout: /^precious$/,
    locks: { "vg0/own": "ex", "vg0/common": "ex" },
  },
  {
    name: "the VG can be changed; what its lock says is known again",
    on: 2,
    run: `vgchange --addtag a vg0 && vgs --noheadings -o vg_seqno vg0 | tr -d ' ' > /run/seqno &&
      lvmlockctl --info | sed -n '/^LS dlm lvm_vg0$/,$ s/^LK VG un ver //p' | grep -x -f /run/seqno`,
  },
];

const back: ClusterStep[] = [
  { name: "host 1 boots again", act: (cluster) => cluster.reboot(1) },
  {
    name: "it starts the VG",
    run: "vgchange --lockstart vg0",
    info: started("vg0"),
    locks: {},
  },
  {
    name: "it reads the version that host 2 wrote",
    run: `vgs --noheadings -o vg_seqno vg0 | tr -d ' ' > /run/seqno &&
      lvmlockctl --info | sed -n '/^LS dlm lvm_vg0$/,$ s/^LK VG un ver //p' | grep -x -f /run/seqno`,
  },
  refused(1, "lvchange -aey vg0/own", "vg0/own"),
  {
    name: "host 2 gives it back",
    on: 2,
    run: "vgchange -an vg0",
    locks: {},
  },
  { name: "host 1 takes it", run: "lvchange -aey vg0/own", locks: { "vg0/own": "ex" } },
];

export const dlmNodeCrash: ClusterScenario = {
  name: "dlm_node_crash",
  lockManager: "dlm",
  clusters: [["ours", "ours"]],
  oracle: false,
  diskMebibytes: [200, 100],
  steps: () => [...preparation, ...death, ...back],
};
