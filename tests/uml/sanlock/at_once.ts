/**
 * Two hosts create and remove LVs in one VG at the same time. Needs vg0, started on both hosts, and
 * leaves no LV behind of those it makes.
 *
 * @module
 */
import type { ClusterStep } from "../cluster_scenario.ts";

/** LVs of each host; half of them are removed while others are created. */
const LVS = 20;

const OFFSETS = "lvs --noheadings -o lv_lockargs -S 'lv_name=~^h[12]_' vg0";

export const atOnce: ClusterStep[] = [
  {
    name: `both hosts create ${LVS} LVs each, and remove every other one, at the same time`,
    on: "both",
    run: `for i in {1..${LVS}}; do
        lvcreate -an -Zn -l1 -n h\${host}_$i vg0 || exit
        (( i % 2 )) || lvremove -y vg0/h\${host}_$((i - 1)) || exit
      done`,
    locks: {},
  },
  {
    name: "both see all the others, each with a lease of its own",
    on: "both",
    run: `${OFFSETS} | wc -l; ${OFFSETS} | sort -u | wc -l`,
    stdout: new RegExp(`^${LVS}\\n${LVS}$`, "m"),
  },
  {
    name: "both remove what the other created, at the same time",
    on: "both",
    run: `for i in {2..${LVS}..2}; do lvremove -y vg0/h$((3 - host))_$i || exit; done`,
    locks: {},
  },
  {
    name: "nothing is left",
    on: "both",
    run: OFFSETS,
    stdout: { not: /\S/ },
  },
];
