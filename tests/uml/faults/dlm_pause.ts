/**
 * A node of a DLM cluster stands still until the others have removed it, and goes on: what it had is
 * taken by the other node. Without fencing here the node that comes back is a stranger to its own
 * lockspaces: it holds no lock, and says so.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { create, join } from "../dlm/steps.ts";

const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/** Host 1 stands still until host 2 has its LV. */
async function pauseUntilTaken(cluster: Cluster): Promise<string> {
  cluster.host(1).guest.pause();
  const begun = performance.now();
  for (;;) {
    const { code } = await cluster.host(2).guest.run("lvchange -aey vg0/own");
    if (code === 0) {
      return `host 2 has the LV after ${((performance.now() - begun) / 1000).toFixed(1)} s`;
    }
    await wait(500);
  }
}

const steps: ClusterStep[] = [
  create("vg0", 0),
  join("vg0"),
  {
    name: "host 1 has an LV",
    run: "lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync",
    locks: { "vg0/own": "ex" },
  },
  {
    name: "host 1 stands still until it is removed; host 2 takes its LV",
    act: pauseUntilTaken,
    then: { 2: { locks: { "vg0/own": "ex" } } },
  },
  {
    name: "host 1 goes on; it gives the VG up, or knows that it is not in it any more",
    act: (cluster) => Promise.resolve(cluster.host(1).guest.resume()),
    within: 60,
    then: { 1: { info: /^(?![\s\S]*^LK LV ex)/m, locks: {} }, 2: { locks: { "vg0/own": "ex" } } },
  },
  {
    name: "a command on host 1 gets an answer",
    run: "timeout 60 lvchange -aey vg0/own",
    code: 5,
  },
  {
    name: "host 2 has its data, and can use the VG",
    on: 2,
    run: "head -c 8 /dev/vg0/own && timeout 60 lvcreate -an -Zn -L 4M -n more vg0",
    stdout: /^precious/,
  },
  { name: "host 1 is reset, as fencing would", act: (cluster) => cluster.crash(1) },
  { name: "it boots again", act: (cluster) => cluster.reboot(1) },
  {
    name: "it starts the VG, and is refused what host 2 has",
    run: "vgchange --lockstart vg0 && lvchange -aey vg0/own",
    within: 60,
    code: 5,
    stderr: "locked by other host",
    locks: {},
  },
];

export const dlmPause: ClusterScenario = {
  name: "faults_dlm_pause",
  lockManager: "dlm",
  clusters: [["ours", "ours"]],
  oracle: false,
  diskMebibytes: [300],
  steps: () => steps,
};
