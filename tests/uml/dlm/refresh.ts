/**
 * An LV that both hosts have active grows on one of them: dlm_controld has the other one look again.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { create, join } from "./steps.ts";

const size = (mebibytes: number) => new RegExp(`^${mebibytes * 1024 * 1024}$`, "m");

const steps: ClusterStep[] = [
  create("vg0", 0),
  join("vg0"),
  { name: "host 1 creates an LV", run: "lvcreate -an -Zn -L 16M -n lv0 vg0" },
  {
    name: "both share it",
    on: "both",
    run: "lvchange -asy vg0/lv0 && blockdev --getsize64 /dev/vg0/lv0",
    stdout: size(16),
    locks: { "vg0/lv0": "sh" },
  },
  {
    name: "host 1 extends it",
    run: "lvextend --lockopt shupdate -L +16M vg0/lv0 && blockdev --getsize64 /dev/vg0/lv0",
    stdout: size(32),
    locks: { "vg0/lv0": "sh" },
  },
  {
    name: "it has grown on host 2",
    on: 2,
    run: "blockdev --getsize64 /dev/vg0/lv0",
    stdout: size(32),
    locks: { "vg0/lv0": "sh" },
  },
  {
    name: "when host 2 cannot do it, host 1 is told",
    on: 2,
    run: "mv /run/lvmconf/lvm.conf /run/lvmconf/away; echo 'broken {' > /run/lvmconf/lvm.conf",
  },
  {
    name: "what to do by hand",
    run: "lvextend --lockopt shupdate -L +16M vg0/lv0",
    code: 5,
    stderr: ["Failed to refresh LV on all hosts", "Manual lvchange --refresh required"],
  },
];

export const dlmRefresh: ClusterScenario = {
  name: "dlm_refresh",
  lockManager: "dlm",
  clusters: [["ours", "ours"]],
  oracle: false,
  diskMebibytes: [200],
  steps: () => steps,
};
