/**
 * Worlds of two hosts.
 *
 * @module
 */
import type { World } from "./world.ts";
import {
  clients,
  kept,
  lock,
  mayFail,
  ofOneLv,
  onL2,
  persistent,
  refusals,
  started,
  transient,
} from "./world_words.ts";

export const twoHostWorlds: readonly World[] = [
  {
    ...ofOneLv,
    name: "two-few",
    about: "two hosts with two clients each, one LV, transient and persistent locks",
    hosts: 2,
    roles: clients([...transient, kept("ex"), kept("un")], 2, 3),
    deaths: 2,
  },
  {
    ...ofOneLv,
    name: "two-lv",
    about: "two hosts, one LV, transient and persistent locks",
    hosts: 2,
    roles: clients([...transient, ...persistent], 3, 2),
    deaths: 2,
  },
  {
    ...ofOneLv,
    name: "two-lvs",
    about: "two hosts, two LVs, transient locks",
    hosts: 2,
    resources: ["a/L1", "a/L2"],
    roles: clients([...transient, ...transient.map(onL2)], 3, 2),
    deaths: 1,
  },
  {
    name: "two-vg",
    about: "two hosts, a VG lock with its value block",
    hosts: 2,
    lockType: "sanlock",
    setup: started,
    resources: ["a/VGLK"],
    roles: clients(
      [
        "lock_vg sh vg=a max_retries=0",
        "lock_vg ex vg=a max_retries=0",
        "lock_vg un vg=a",
        "vg_update 1 vg=a",
        "vg_update 3 vg=a",
      ],
      3,
      3,
    ),
    deaths: 2,
    answers: {
      lock: ["ok", "ok vb=1", "ok vb=3", "error EAGAIN"],
      convert: refusals,
      unlock: mayFail,
    },
  },
  {
    ...ofOneLv,
    name: "two-stop",
    about: "two hosts, an LV is locked while its VG is stopped and started",
    hosts: 2,
    roles: [
      { clients: 2, budget: 2, requests: [lock("sh"), lock("ex"), lock("un"), kept("ex")] },
      {
        clients: 1,
        budget: 2,
        requests: [
          "start_vg vg=a type=sanlock",
          "stop_vg vg=a force",
          "kill_vg vg=a",
          "drop_vg vg=a",
        ],
      },
    ],
    deaths: 1,
    answers: {
      lock: ["ok", "error EAGAIN"],
      convert: mayFail,
      unlock: mayFail,
      join: mayFail,
      leave: ["ok", "error EBUSY"],
    },
  },
];
