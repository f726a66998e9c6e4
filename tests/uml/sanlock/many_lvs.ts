/**
 * More LVs than a new VG has leases for: the lvmlock LV grows. Needs a VG vg1 with a free gibibyte,
 * started on host 2 only, and leaves it empty. `held`
 * are the LV locks that the host has otherwise.
 *
 * @module
 */
import type { ClusterStep } from "../cluster_scenario.ts";
import { timed } from "./steps.ts";

/** Leases for LVs in an lvmlock LV of 256 MiB, of which the first 67 MiB are for other things. */
const LEASES = 189;
const LVS = 200;

const create = (from: number, to: number) =>
  `for i in {${from}..${to}}; do echo "lvcreate -an -Zn -l1 -n lv$i vg1"; done | lvm > /run/log`;
const COUNT = "lvs --noheadings -o lv_name vg1 | wc -l";

export const manyLvs = (held: Record<string, "ex" | "sh">): ClusterStep[] => [
  {
    name: `host 2 creates ${LEASES} LVs in a VG`,
    on: 2,
    run: `${timed(create(1, LEASES))}; ${COUNT}`,
    stdout: new RegExp(`^${LEASES}$`, "m"),
    locks: held,
    show: true,
  },
  {
    name: "now every lease is used",
    on: 2,
    run: "lvs -a --noheadings --units m -o lv_size vg1/lvmlock",
    stdout: /^ *256\.00m *$/m,
  },
  {
    name: `${LVS - LEASES} more make the LV of the leases grow`,
    on: 2,
    run: `${create(LEASES + 1, LVS)}; ${COUNT};
      lvs -a --noheadings --units m -o lv_size vg1/lvmlock`,
    stdout: [new RegExp(`^${LVS}$`, "m"), /^ *512\.00m *$/m],
  },
  {
    name: "no two LVs share a lease",
    on: 2,
    run: "lvs --noheadings -o lv_lockargs vg1 | sort -u | wc -l",
    stdout: new RegExp(`^${LVS}$`, "m"),
  },
  {
    name: "the last one can be activated",
    on: 2,
    run: `lvchange -aey vg1/lv${LVS}`,
    locks: { ...held, [`vg1/lv${LVS}`]: "ex" },
  },
  {
    name: "all of them are removed",
    on: 2,
    run: `${timed("lvremove -y vg1 > /run/log")}; ${COUNT}`,
    stdout: /^0$/m,
    locks: held,
    show: true,
  },
];
