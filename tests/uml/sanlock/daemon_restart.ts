/**
 * The daemon of a host dies and another takes its place, of the same kind or not: the leases are still
 * held by sanlock, and the new daemon must know them, or nobody could use or release the LVs.
 *
 * @module
 */
import type { ClusterScenario, ClusterStep, Daemons } from "../cluster_scenario.ts";
import type { DaemonKind } from "../daemon.ts";
import { create, join, lockedByOther, started } from "./steps.ts";

const devices = { "vg0-own": "linear", "vg0-common": "linear" };
const inactive = { "vg0-own": "", "vg0-common": "", "vg0-thin": "" };

/**
 * The stock daemon takes over locks of active LVs only, so it forgets the lock of a thin pool that is
 * held for its thin LVs. Ours finds it again.
 */
const held = (daemon: DaemonKind): Record<string, "ex" | "sh"> => ({
  "vg0/own": "ex",
  "vg0/common": "sh",
  ...daemon === "ours" && { "vg0/pool": "ex" },
});

const preparation = (daemon: DaemonKind): ClusterStep[] => [
  create("vg0", 0),
  join("vg0"),
  {
    name: "host 1 has one LV active exclusively, another shared",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n common vg0 && lvchange -asy vg0/common &&
      lvcreate -an -Zn -L 16M -n idle vg0`,
    devices,
  },
  {
    name: "and a thin LV, for which its pool is locked",
    only: "ours",
    run: "lvcreate -y -T -L 32M -V 64M -n thin vg0/pool",
    locks: held(daemon),
  },
  {
    name: "host 2 shares the shared one",
    on: 2,
    run: "lvchange -asy vg0/common",
    locks: { "vg0/common": "sh" },
  },
];

/** What the new daemon is, and what is known to it. */
interface Succession {
  next: DaemonKind;
  /** The file in which the old daemon has left its locks is lost. */
  withoutFile?: true;
}

const succession = ({ next, withoutFile }: Succession): ClusterStep[] => [
  { name: "the daemon of host 1 is killed", act: (cluster) => cluster.host(1).daemon.kill() },
  {
    name: "its LVs stay active",
    run: `${withoutFile ? "rm /run/lvm/lvmlockd.adopt; " : ""}head -c 8 /dev/vg0/own`,
    stdout: /^precious$/,
  },
  {
    name: "nobody can change the VG on host 1",
    run: "lvcreate -an -L 16M -n more vg0",
    code: 5,
    stderr: "Cannot access VG vg0 due to failed lock",
  },
  {
    name: "host 2 is refused what host 1 has",
    on: 2,
    run: "lvchange -aey vg0/own",
    code: 5,
    stderr: lockedByOther("vg0/own"),
  },
  {
    name: `a daemon (${next}) starts on host 1${withoutFile ? " without the adopt file" : ""} ` +
      "and has the same locks",
    act: (cluster) => cluster.host(1).start(next),
    then: { 1: { info: started("vg0"), locks: held(next), devices } },
  },
  {
    name: "a shared lock that was adopted is released and taken again",
    run: "lvchange -an vg0/common && lvchange -asy vg0/common",
    locks: held(next),
  },
  {
    name: "an exclusive lock that was adopted can be converted, and back",
    run: "lvchange -asy vg0/own && lvchange -aey vg0/own",
    locks: held(next),
  },
  {
    name: "the VG can be changed",
    run: "lvextend -L +4M vg0/idle && lvcreate -an -Zn -L 4M -n more vg0 && lvremove -y vg0/more",
    locks: held(next),
  },
];

const end: ClusterStep[] = [
  {
    name: "all LVs of host 1 are deactivated",
    run: "vgchange -an vg0",
    locks: {},
    devices: inactive,
  },
  {
    name: "host 2 takes them",
    on: 2,
    run: "vgchange -aey vg0 && head -c 8 /dev/vg0/own",
    stdout: /^precious$/m,
    devices,
  },
  {
    name: "host 1 stops the VG",
    run: "vgchange --lockstop vg0",
    within: 20,
    info: { not: /^LS/m },
  },
  {
    name: "the daemon of host 1 is killed once more",
    act: (cluster) => cluster.host(1).daemon.kill(),
  },
  {
    name: "its successor has nothing to adopt",
    act: (cluster) => cluster.host(1).start(),
    then: { 1: { info: { not: /^LS/m }, locks: {} } },
  },
];

/** From one daemon to the next, each pair of kinds. */
function successions(daemons: Daemons): readonly Succession[] {
  if (daemons[0] === "stock") return [{ next: "stock" }];
  return [
    { next: "ours" },
    { next: "stock" },
    { next: "ours" },
    { next: "ours", withoutFile: true },
  ];
}

export const daemonRestart: ClusterScenario = {
  name: "daemon_restart",
  lockManager: "sanlock",
  clusters: [["ours", "stock"]],
  oracle: true,
  diskMebibytes: [500],
  steps: (
    daemons,
  ) => [...preparation(daemons[0]!), ...successions(daemons).flatMap(succession), ...end],
};
