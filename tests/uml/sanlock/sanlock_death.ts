/**
 * sanlock dies under the daemon: no lock can be trusted any more. Requests fail, none hangs, and when
 * sanlock is back the VG can be stopped and started.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { startSanlock } from "../lock_managers/sanlock.ts";
import { create, notStarted, started } from "./steps.ts";

/** Far more than a request may take that has no one to wait for. */
const LIMIT = 60;

const steps: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "an LV is active",
    run: "lvcreate -L 16M -n data vg0 && printf precious | dd of=/dev/vg0/data conv=fsync",
    locks: { "vg0/data": "ex" },
  },
  {
    name: "sanlock is killed",
    run: `pid=$(< /run/sanlock/sanlock.pid); kill -9 $pid
      while kill -0 $pid 2> /dev/null; do sleep 0.05; done`,
  },
  {
    name: "a change fails",
    run: `timeout ${LIMIT} lvcreate -an -L 16M -n more vg0`,
    code: 5,
    stderr: /VG vg0 lock failed: \S.*/,
  },
  {
    name: "an activation fails",
    run: `timeout ${LIMIT} lvchange -asy vg0/data`,
    code: 5,
    stderr: [/lock skipped: \S/, "Cannot access VG vg0 due to failed lock"],
  },
  {
    name: "a report says what is wrong",
    run: `timeout ${LIMIT} lvs --noheadings vg0`,
    stdout: /data/,
    stderr: "Reading VG vg0 without a lock",
  },
  {
    name: "the active LV has its data and can be deactivated",
    run: `head -c 8 /dev/vg0/data && timeout ${LIMIT} lvchange -an vg0/data`,
    stdout: /^precious$/,
    devices: { "vg0-data": "" },
  },
  {
    name: "sanlock starts again",
    act: (cluster) => startSanlock(cluster.host(1).guest, 1),
  },
  {
    name: "the VG is stopped",
    run: `timeout ${LIMIT} vgchange --lockstop vg0`,
    within: LIMIT,
    info: notStarted("vg0"),
  },
  {
    name: "and started",
    run: `timeout ${LIMIT} vgchange --lockstart vg0`,
    within: LIMIT,
    info: started("vg0"),
    locks: {},
  },
  {
    name: "its LV is active again with its data",
    run: "lvchange -aey vg0/data && head -c 8 /dev/vg0/data",
    stdout: /^precious$/,
    locks: { "vg0/data": "ex" },
  },
];

export const sanlockDeath: ClusterScenario = {
  name: "sanlock_death",
  lockManager: "sanlock",
  clusters: [["ours"]],
  oracle: true,
  diskMebibytes: [400],
  steps: () => steps,
};
