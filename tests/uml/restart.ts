/**
 * The daemon dies and starts again: the locks of active LVs must still be held, or another command
 * could take what is in use.
 *
 * @module
 */
import type { Daemon } from "./daemon.ts";
import type { Scenario, Step } from "./scenario.ts";

const kill: Step = {
  name: "the daemon is killed",
  act: (daemon: Daemon) => daemon.kill(),
};
const running = [/^VG vg0 lock_type=dlm \S+$/m, /^LS dlm lvm_vg0$/m, /^LK VG un ver \d+$/m];
const stopped = { not: /^LS dlm lvm_vg0$/m };

const start = (then: Partial<Step>): Step => ({
  name: "the daemon starts again and finds what it had",
  act: (daemon: Daemon) => daemon.start(),
  info: running,
  ...then,
});

const preparation: Step[] = [
  {
    name: "a shared VG has an LV that is active exclusively",
    run: `vgcreate --shared vg0 /dev/ubda && lvcreate -L 16M -n own vg0 &&
      printf precious | dd of=/dev/vg0/own conv=fsync`,
    locks: { "vg0/own": "ex" },
  },
  {
    name: "another that is active shared, one that is not active",
    run: "lvcreate -an -Zn -L 16M -n common vg0 && lvcreate -an -Zn -L 16M -n idle vg0 && " +
      "lvchange -asy vg0/common",
    locks: { "vg0/own": "ex", "vg0/common": "sh" },
  },
  {
    name: "and a thin LV that holds its pool",
    run:
      "lvcreate --type thin-pool -L 32M -n pool vg0 && lvcreate -V 32M --thinpool pool -n thin vg0",
    locks: { "vg0/own": "ex", "vg0/common": "sh", "vg0/pool": "ex" },
  },
];

const death: Step[] = [
  kill,
  {
    name: "active LVs go on without the daemon",
    run: "head -c 8 /dev/vg0/own",
    stdout: /^precious$/,
  },
  {
    name: "reports go on without the daemon",
    run: "lvs --noheadings -o lv_name vg0",
    stdout: /own/,
    stderr: "Reading VG vg0 without a lock",
  },
  {
    name: "changes are refused without the daemon",
    run: "lvcreate -L 16M -n more vg0",
    code: 5,
    stderr: "Cannot access VG vg0 due to failed lock",
  },
  {
    name: "an LV is deactivated without the daemon, which cannot know",
    run: "lvchange -an vg0/common",
    stderr: "Failed to unlock logical volume vg0/common",
  },
];

const afterwards: Step[] = [
  start({
    locks: { "vg0/own": "ex", "vg0/common": "sh", "vg0/pool": "ex" },
    devices: { "vg0-own": "linear", "vg0-thin": "thin" },
  }),
  {
    name: "the lock of an LV that became inactive meanwhile is released on demand",
    run: "lvchange -an vg0/common",
    locks: { "vg0/own": "ex", "vg0/pool": "ex" },
  },
  {
    name: "a lock that was found again is still exclusive",
    run: "lvchange -asy vg0/thin",
    code: 5,
    locks: { "vg0/own": "ex", "vg0/pool": "ex" },
  },
  {
    name: "a lock that was found again can be converted",
    run: "lvchange -asy vg0/own",
    locks: { "vg0/own": "sh", "vg0/pool": "ex" },
  },
  {
    name: "the VG can be changed without starting it",
    run: "lvcreate -L 16M -n more vg0 && lvremove -y vg0/idle",
    locks: { "vg0/own": "sh", "vg0/pool": "ex", "vg0/more": "ex" },
  },
  {
    name: "the lockspace still cannot stop",
    run: "vgchange --lockstop vg0",
    code: 5,
    stderr: "LVs must first be deactivated",
  },
];

const secondDeath: Step[] = [
  kill,
  start({ locks: { "vg0/own": "sh", "vg0/pool": "ex", "vg0/more": "ex" } }),
  {
    name: "LVs are deactivated as ever",
    run: "lvchange -an vg0/own vg0/more vg0/thin vg0/pool",
    locks: {},
    devices: { "vg0-own": "", "vg0-more": "", "vg0-thin": "", "vg0-pool-tpool": "" },
  },
  kill,
  start({ name: "a lockspace without LV locks is found again too", locks: {} }),
  {
    name: "the lockspace stops",
    run: "vgchange --lockstop vg0",
    info: stopped,
  },
  kill,
  start({ name: "a lockspace that was stopped stays so", info: stopped, locks: {} }),
  {
    name: "the VG is started and used",
    run: "vgchange --lockstart vg0 && lvchange -aey vg0/own && head -c 8 /dev/vg0/own",
    stdout: /precious$/,
    info: running,
    locks: { "vg0/own": "ex" },
  },
];

export const restart: Scenario = {
  name: "restart",
  daemons: ["ours"],
  diskMebibytes: [256],
  steps: [...preparation, ...death, ...afterwards, ...secondDeath],
};
