/**
 * The daemon of a host dies and another takes its place, of the same kind or not: the kernel keeps the
 * locks of active LVs, and the new daemon must have them, or nobody could use or release the LVs.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import type { DaemonKind } from "../daemon.ts";
import { helper, holdInBackground, native } from "./program.ts";
import { create, join, refused, started } from "./steps.ts";

const held = { "vg0/own": "ex", "vg0/common": "sh" } as const;
const devices = { "vg0-own": "linear", "vg0-common": "linear" };

const preparation: ClusterStep[] = [
  create("vg0", 0),
  join("vg0"),
  {
    name: "host 1 has one LV active exclusively, another shared",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n common vg0 && lvchange -asy vg0/common &&
      lvcreate -an -Zn -L 16M -n idle vg0`,
    locks: held,
    devices,
  },
  {
    name: "host 2 shares the shared one",
    on: 2,
    run: "lvchange -asy vg0/common",
    locks: { "vg0/common": "sh" },
  },
];

const kill: ClusterStep = {
  name: "the daemon of host 1 is killed",
  act: (cluster) => cluster.host(1).daemon.kill(),
};

const succession = (next: DaemonKind): ClusterStep[] => [
  kill,
  {
    name: "its LVs stay active",
    run: "head -c 8 /dev/vg0/own",
    stdout: /^precious$/,
  },
  refused(2, "lvchange -aey vg0/own", "vg0/own"),
  refused(2, "lvchange -aey vg0/common", "vg0/common"),
  {
    name: `a daemon (${next}) starts on host 1 and has the same locks`,
    act: (cluster) => cluster.host(1).start(next),
    then: { 1: { info: started("vg0"), locks: held, devices } },
  },
  refused(2, "lvchange -asy vg0/own", "vg0/own"),
  {
    name: "a shared lock that was adopted is released and taken again",
    run: "lvchange -an vg0/common && lvchange -asy vg0/common",
    locks: held,
  },
  {
    name: "an exclusive lock that was adopted can be converted, and back",
    run: "lvchange -asy vg0/own && lvchange -aey vg0/own",
    locks: held,
  },
  {
    name: "the VG can be changed, also by host 2",
    on: "both",
    run: "lvcreate -an -Zn -L 4M -n more$host vg0 && lvremove -y vg0/more$host",
  },
];

/** Locks of the VG and the global lock that a client held: they must not block anybody for ever. */
const midChange: ClusterStep[] = [
  { name: "host 1 holds the VG lock", run: holdInBackground("vg vg0 ex"), info: /^LK VG ex/m },
  {
    name: "and the global lock",
    run: `rm /run/holder; ${holdInBackground("gl ex")}`,
    info: /^LK GL ex/m,
  },
  kill,
  {
    name: "its successor releases both",
    act: (cluster) => cluster.host(1).start("ours"),
    then: { 1: { info: [started("vg0"), { not: /^LK (VG|GL) (ex|sh)/m }], locks: held } },
  },
  {
    name: "so that both hosts can change the VG, and need the global lock for it",
    on: "both",
    run: "vgchange --addtag t$host vg0 && vgs --noheadings -o vg_tags vg0",
  },
];

/**
 * A request that was refused leaves a lock in mode NL that outlives the daemon: nothing that adoption
 * may stumble over.
 */
const refusedBefore: ClusterStep[] = [
  refused(1, "lvchange -aey vg0/common", "vg0/common"),
  {
    name: "host 2 holds the VG lock",
    on: 2,
    run: `${native("hold_locks.ts")} vg:vg0=ex > /run/held 2>&1 & echo $! > /run/holder
      until grep -q held /run/held; do kill -0 $! || { cat /run/held >&2; exit 1; }; sleep 0.05; done`,
    info: /^LK VG ex/m,
  },
  {
    name: "so host 1 cannot change the VG",
    run: "timeout 60 vgchange --addtag refused vg0",
    code: 5,
    stderr: "VG vg0 lock failed",
  },
  kill,
  { name: "host 2 releases it", on: 2, run: "kill $(< /run/holder)" },
  {
    name: "the next daemon of host 1 finds nothing that it cannot take over",
    act: (cluster) => cluster.host(1).start("ours"),
    then: { 1: { info: started("vg0"), locks: held } },
  },
  {
    name: "and has said so",
    run: "grep -e 'cannot be' -e 'failed for' /run/shared/daemon.log",
    code: 1,
  },
  {
    name: "a program that waits for an adopted lock does not harm the daemon",
    run: `uuid=$(lvs --noheadings -o lv_uuid vg0/own | tr -d ' ')
      ${helper("queue_for.ts")} lvm_vg0 $uuid > /run/waiting 2>&1 & waiting=$!
      until [ -s /run/waiting ]; do sleep 0.05; done
      for i in {1..5}; do vgs vg0 || exit; done
      kill -9 $waiting; cat /run/waiting`,
    stdout: /^waiting$/m,
    locks: held,
  },
  {
    name: "host 1 can change the VG",
    run: "vgchange --addtag allowed vg0 && vgs --noheadings -o vg_tags vg0",
    stdout: /\ballowed\b/,
  },
];

const end: ClusterStep[] = [
  {
    name: "host 1 deactivates its LVs",
    run: "vgchange -an vg0",
    locks: {},
    devices: { "vg0-own": "", "vg0-common": "" },
  },
  {
    name: "host 2 takes them",
    on: 2,
    run: "vgchange -aey vg0 && head -c 8 /dev/vg0/own",
    stdout: /^precious$/m,
  },
  {
    name: "host 1 stops the VG, and its kernel is in no lockspace",
    run: 'vgchange --lockstop vg0; while [ "$(ls /sys/kernel/dlm)" ]; do sleep 0.1; done',
    info: { not: /^LS/m },
  },
];

export const dlmDaemonRestart: ClusterScenario = {
  name: "dlm_daemon_restart",
  lockManager: "dlm",
  clusters: [["ours", "stock"]],
  oracle: false,
  diskMebibytes: [200],
  steps: () => [
    ...preparation,
    ...succession("ours"),
    ...succession("stock"),
    ...succession("ours"),
    ...refusedBefore,
    ...midChange,
    ...end,
  ],
};
