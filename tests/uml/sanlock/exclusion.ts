/**
 * One LV, two hosts: who may have it active, exclusively or shared, and who is refused. The VG vg0 is
 * there and both hosts have started it, before and afterwards.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterStep } from "../cluster_scenario.ts";
import { lockedByOther } from "./steps.ts";

/** What a command says when this host has the LV already, in the other mode, and another host shares it. */
const busy = lockedByOther("vg0/lv0");

const exclusive: ClusterStep[] = [
  {
    name: "host 2 creates an LV and leaves it inactive",
    on: 2,
    run: "lvcreate -an -Zn -L 16M -n lv0 vg0",
    locks: {},
  },
  { name: "host 1 activates it exclusively", run: "lvchange -aey vg0/lv0", locks: lv0("ex") },
  refused(2, "lvchange -aey vg0/lv0"),
  {
    name: "host 1 stands still, but its lock is as good as before",
    act: (cluster) => whilePaused(cluster, "lvchange -aey vg0/lv0"),
    then: { 1: { locks: lv0("ex") }, 2: { locks: {} } },
  },
];

const shared: ClusterStep[] = [
  { name: "host 1 goes down to shared", run: "lvchange -asy vg0/lv0", locks: lv0("sh") },
  {
    name: "host 2 activates it shared",
    on: 2,
    run: "lvchange -asy vg0/lv0",
    locks: lv0("sh"),
    devices: { "vg0-lv0": "linear" },
  },
  { ...refused(1, "lvchange -aey vg0/lv0"), locks: lv0("sh") },
  { ...refused(2, "lvchange -aey vg0/lv0"), locks: lv0("sh") },
  {
    name: "what one writes the other reads",
    run: "printf common | dd of=/dev/vg0/lv0 conv=fsync",
  },
  {
    name: "at once",
    on: 2,
    run: "dd if=/dev/vg0/lv0 iflag=direct bs=4k count=1 | head -c 6",
    stdout: /^common$/,
  },
  { name: "host 2 deactivates it", on: 2, run: "lvchange -an vg0/lv0", locks: {} },
  { name: "host 1 goes up to exclusive", run: "lvchange -aey vg0/lv0", locks: lv0("ex") },
  refused(2, "lvchange -asy vg0/lv0"),
  { name: "host 1 deactivates it", run: "lvchange -an vg0/lv0", locks: {} },
];

const races: ClusterStep[] = [
  {
    name: "both want it exclusively at the same time: one gets it",
    act: (cluster) => race(cluster, "lvchange -aey vg0/lv0", ["0", "5"]),
  },
  { name: "it is free again", on: "both", run: "lvchange -an vg0/lv0", locks: {} },
  {
    name: "both want it shared at the same time: both get it",
    on: "both",
    run: "lvchange -asy vg0/lv0",
    locks: lv0("sh"),
  },
  {
    name: "both want to go up at the same time: neither may",
    on: "both",
    run: "lvchange -aey vg0/lv0",
    code: 5,
    stderr: busy,
    locks: lv0("sh"),
  },
  { name: "it is free again", on: "both", run: "lvchange -an vg0/lv0", locks: {} },
];

const thin: ClusterStep[] = [
  {
    name: "host 1 has a thin LV active, which locks its pool",
    run: "lvcreate -y -T -L 32M -V 64M -n thin vg0/pool",
    locks: { "vg0/pool": "ex" },
  },
  {
    name: "host 2 may have nothing of that pool",
    on: 2,
    run: "lvchange -aey vg0/thin",
    code: 5,
    stderr: /locked by other host: vg0\/(pool|thin)/,
    locks: {},
  },
  { name: "host 1 deactivates it", run: "lvchange -an vg0/thin vg0/pool", locks: {} },
  {
    name: "host 2 activates it",
    on: 2,
    run: "lvchange -aey vg0/thin",
    locks: { "vg0/pool": "ex" },
    devices: { "vg0-thin": "thin" },
  },
  {
    name: "host 2 removes everything",
    on: 2,
    run: "lvremove -y vg0/thin vg0/pool vg0/lv0",
    locks: {},
  },
];

function lv0<Mode extends "ex" | "sh">(mode: Mode): Record<string, Mode> {
  return { "vg0/lv0": mode };
}

function refused(on: 1 | 2, run: string): ClusterStep {
  const code = 5;
  return { name: `host ${on} is refused: ${run}`, on, run, code, stderr: busy, then: {} };
}

/** Runs something on host 2, which must be refused, while no process of host 1 gets any time. */
async function whilePaused(cluster: Cluster, run: string): Promise<void> {
  const { guest } = cluster.host(1);
  guest.pause();
  try {
    const { code, stderr } = await cluster.host(2).guest.run(run);
    if (code !== 5 || !stderr.includes(busy)) throw new Error(`${run}: code ${code}, ${stderr}`);
  } finally {
    guest.resume();
  }
}

/** Runs a script on both hosts; their exit codes must be these, in whatever order. */
async function race(cluster: Cluster, run: string, expected: string[]): Promise<string> {
  const results = await Promise.all(([1, 2] as const).map((id) => cluster.host(id).guest.run(run)));
  const codes = results.map(({ code }) => String(code));
  if (codes.toSorted().join() !== expected.join()) {
    throw new Error(`exit codes ${codes}: ${results.map(({ stderr }) => stderr).join("")}`);
  }
  return `host ${codes.indexOf("0") + 1} got it`;
}

export const exclusion: ClusterStep[] = [...exclusive, ...shared, ...races, ...thin];
