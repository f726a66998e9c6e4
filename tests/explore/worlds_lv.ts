/**
 * Worlds of LV locks on one host.
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
  passing,
  persistent,
  refusals,
  transient,
} from "./world_words.ts";

export const lvWorlds: readonly World[] = [
  {
    ...ofOneLv,
    name: "lv",
    about: "one LV, transient locks: three clients that give up and end",
    hosts: 1,
    roles: clients(transient, 3, 6),
    cancels: true,
    deaths: 3,
  },
  {
    ...ofOneLv,
    name: "kept",
    about: "one LV, transient and persistent locks, undeliverable replies",
    hosts: 1,
    roles: clients([...transient, ...persistent], 3, 3),
    cancels: true,
    deaths: 2,
    undeliverable: true,
  },
  {
    ...ofOneLv,
    name: "retry",
    about: "one LV, conflicts that pass: timers, retries, requests given up, two at once",
    hosts: 1,
    roles: clients(
      [
        lock("sh", " max_retries=1"),
        lock("ex", " max_retries=1"),
        lock("un"),
        kept("ex", " max_retries=1"),
        kept("un"),
      ],
      3,
      2,
    ),
    atOnce: 2,
    cancels: true,
    deaths: 2,
    answers: { lock: passing, convert: passing, unlock: mayFail },
  },
  {
    ...ofOneLv,
    name: "lvs",
    about: "two LVs, transient and persistent locks, three clients that end",
    hosts: 1,
    resources: ["a/L1", "a/L2"],
    roles: clients(
      [...transient, kept("ex"), ...[lock("sh"), lock("ex"), lock("un")].map(onL2)],
      3,
      3,
    ),
    deaths: 3,
  },
  {
    ...ofOneLv,
    name: "adopt",
    about: "an LV lock of an earlier daemon: adopted, used, converted, released",
    hosts: 1,
    setup: ["restore_lockspace a sanlock", "restore_lock a L1 ex"],
    roles: clients([...transient, kept("ex", " adopt"), kept("sh"), kept("un")], 3, 3),
    cancels: true,
    deaths: 2,
    undeliverable: true,
  },
  {
    ...ofOneLv,
    name: "free",
    about: "an LV's lease is freed, LVs are asked for, while the LV is locked",
    hosts: 1,
    roles: clients(
      [...transient, kept("ex"), kept("un"), "free_lv vg=a lv=L1", "query_lock_lv vg=a lv=L1"],
      3,
      3,
    ),
    deaths: 2,
    undeliverable: true,
    answers: { lock: refusals, convert: refusals, unlock: mayFail, freeLv: mayFail },
  },
];
