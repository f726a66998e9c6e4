/**
 * The daemon of a host dies and another takes its place, of the same kind or not: the kernel keeps the
 * locks of active LVs, and the new daemon must have them, or nobody could use or release the LVs.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import type { DaemonKind } from "../daemon.ts";
import { holdInBackground } from "./program.ts";
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
    ...midChange,
    ...end,
  ],
};
