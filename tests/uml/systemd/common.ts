/**
 * What the scenarios with systemd and sanlock share.
 *
 * @module
 */
import type { CommandStep } from "./scenario.ts";

/** Where packages, not administrators, have units and their drop-ins. */
export const DROP_INS = "/usr/lib/systemd/system";

/** sanlock as in lock_managers/sanlock.ts. */
export const sanlockFiles = {
  "/etc/default/sanlock": 'sanlock_opts="-w 0 -L -1 -U root -G root -e node1"\n',
  "/etc/default/lvmlockd": 'LVMLOCKD_OPTIONS="--sanlock-timeout 1"\n',
  [`${DROP_INS}/sanlock.service.d/test.conf`]: "[Service]\n" +
    "Environment=MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824\n",
};

/** The LVs of both scenarios are active and locked. */
export const kept: Pick<CommandStep, "locks" | "devices"> = {
  locks: { "vg0/web": "ex", "vg0/logs": "sh" },
  devices: { "vg0-web": "linear", "vg0-logs": "linear" },
};

/** Repeats a test command; the limit of the step ends it if it never succeeds. */
export const until = (test: string) => `until ${test}; do sleep 0.2; done`;

/** The command that prints a property of a unit. */
export const property = (name: string, unit = "lvmlockd.service") =>
  `systemctl show --value -p ${name} ${unit}`;

/** The end of a boot. */
export const started: CommandStep = {
  name: "systemd has started everything, and nothing has failed",
  run: "systemctl is-system-running --wait; systemctl --failed --no-legend --plain",
  stdout: /^running\n$/,
};
