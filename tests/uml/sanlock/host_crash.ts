/**
 * A host crashes while it holds locks: the other host is refused until the lease of the dead one has
 * run out, then takes over. While it waits it has much to do elsewhere.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { DEAD_AFTER } from "../lock_managers/sanlock.ts";
import { manyLvs } from "./many_lvs.ts";
import { create, join, lockedByOther, started } from "./steps.ts";

/** A whole other scenario may have taken its place. */
const SLOT_LIMIT = 600;

const reboot: ClusterStep = {
  name: "host 1 boots again",
  act: (cluster) => cluster.reboot(1),
  within: SLOT_LIMIT,
};

const refused = (run: string, lv: string): ClusterStep => ({
  name: `host 2 is refused: ${run}`,
  on: 2,
  run,
  code: 5,
  stderr: lockedByOther(lv),
});

/** A host of unknown name would have to wait until the lease of its predecessor has run out. */
const startSoon = (vgs: string): ClusterStep => ({
  name: "it starts its VGs without waiting for its old lease, because it has its old name",
  run: `timeout 40 vgchange --lockstart ${vgs}`,
  within: 20, // with the 40 s still less than that lease lasts
  info: started("vg0"),
  locks: {},
});

const preparation: ClusterStep[] = [
  create("vg0", 0),
  { ...create("vg1", 1), run: "vgcreate --shared -s 1m vg1 /dev/mapper/disk1" },
  join("vg0", "vg1"),
  {
    name: "host 1 has one LV active exclusively, another shared",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n common vg0 && lvchange -asy vg0/common &&
      vgchange --lockstop vg1`,
    locks: { "vg0/own": "ex", "vg0/common": "sh" },
  },
  {
    name: "host 2 shares that one",
    on: 2,
    run: "lvchange -asy vg0/common",
    locks: { "vg0/common": "sh" },
  },
];

const death: ClusterStep[] = [
  { name: "host 1 crashes", act: (cluster) => cluster.crash(1, "long") },
  refused("lvchange -aey vg0/own", "vg0/own"),
  refused("lvchange -aey vg0/common", "vg0/common"),
  ...manyLvs({ "vg0/common": "sh" }),
];

const takeover: ClusterStep[] = [
  {
    name: "when host 1 is dead, host 2 takes its LV with the data",
    on: 2,
    run: "lvchange -aey vg0/own && head -c 8 /dev/vg0/own",
    within: DEAD_AFTER + 60,
    stdout: /^precious$/,
    locks: { "vg0/own": "ex", "vg0/common": "sh" },
  },
  {
    name: "and what they shared",
    on: 2,
    run: "lvchange -aey vg0/common",
    locks: { "vg0/own": "ex", "vg0/common": "ex" },
  },
  reboot,
  startSoon("vg0 vg1"),
  {
    name: "what host 2 took is not available to host 1",
    run: "lvchange -aey vg0/own",
    code: 5,
    stderr: lockedByOther("vg0/own"),
    locks: {},
  },
];

const shortAbsence: ClusterStep[] = [
  {
    name: "host 1 activates another LV",
    run: "lvcreate -Zn -L 16M -n third vg0",
    locks: { "vg0/third": "ex" },
  },
  { name: "it crashes again", act: (cluster) => cluster.crash(1) },
  refused("lvchange -aey vg0/third", "vg0/third"),
  reboot,
  startSoon("vg0"),
  {
    name: "a host that is back holds nothing of what it had",
    on: 2,
    run: `timeout ${DEAD_AFTER / 2} lvchange -aey vg0/third`,
    within: DEAD_AFTER / 2,
    locks: { "vg0/own": "ex", "vg0/common": "ex", "vg0/third": "ex" },
    then: { 1: { locks: {} } },
  },
];

export const hostCrash: ClusterScenario = {
  name: "host_crash",
  lockManager: "sanlock",
  clusters: [["ours", "ours"]],
  oracle: true,
  diskMebibytes: [400, 900],
  steps: () => [...preparation, ...death, ...takeover, ...shortAbsence],
};
