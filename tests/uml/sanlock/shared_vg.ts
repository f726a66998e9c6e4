/**
 * Two hosts that share a VG, with each mixture of daemons.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep, Daemons } from "../cluster_scenario.ts";
import { exclusion } from "./exclusion.ts";
import { firstHalf, secondHalf } from "./life.ts";
import { timed } from "./steps.ts";

/** How long the same commands take with either daemon; where they are the same there is nothing to see. */
function comparison([first, second]: Daemons): ClusterStep[] {
  if (first !== "ours" || second !== "stock") return [];
  const pairs =
    'for i in {1..30}; do printf "lvchange -aey vg0/data\\nlvchange -an vg0/data\\n"; done';
  return ([1, 2] as const).map((on) => ({
    name: `30 times lvchange -aey and -an with the daemon of host ${on}, ${
      on === 1 ? first : second
    }`,
    on,
    run: timed(`${pairs} | lvm > /run/log`),
    locks: {},
    show: true,
  }));
}

export const sharedVg: ClusterScenario = {
  name: "shared_vg",
  lockManager: "sanlock",
  clusters: [["ours", "ours"], ["ours", "stock"], ["stock", "ours"]],
  oracle: true,
  diskMebibytes: [600, 200],
  steps: (daemons) => [...firstHalf, ...exclusion, ...comparison(daemons), ...secondHalf],
};
