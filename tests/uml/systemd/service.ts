/**
 * The service on a host with systemd and sanlock: what systemd hears of it, what it does to it, and
 * that no lock is lost meanwhile; shutdown and boot.
 *
 * @module
 */
import { DROP_INS, kept, property, sanlockFiles, started, until } from "./common.ts";
import type { Machine } from "./machine.ts";
import type { SystemdScenario, SystemdStep } from "./scenario.ts";

/** A watchdog that need not be waited for so long. */
const files = {
  ...sanlockFiles,
  [`${DROP_INS}/lvmlockd.service.d/test.conf`]: "[Service]\nWatchdogSec=10s\n",
};

const PID = "$(cat /run/lvmlockd.pid)";

const told: SystemdStep[] = [
  {
    name: "a VG is made, with active LVs",
    run: "vgcreate --shared vg0 /dev/ubda && lvcreate -L 16M -n web vg0 && " +
      "lvcreate -an -Zn -L 16M -n logs vg0 && lvchange -asy vg0/logs",
    ...kept,
  },
  {
    name: "the state of the service is in its status",
    run: until(`${property("StatusText")} | grep -q 'Locks: 2'`) +
      "; systemctl status --no-pager lvmlockd.service | grep -E 'Active|Status|Main PID'",
    stdout: [
      /Active: active \(running\)/,
      /Main PID: \d+ \(lvmlockd\)/,
      /Lockspaces: 1\. Locks: 2\./,
    ],
    show: true,
  },
  {
    name: "the watchdog hears of it again and again",
    run: `for i in 1 2; do before=$(${property("WatchdogTimestampMonotonic")})
      ${until(`[ "$before" != "$(${property("WatchdogTimestampMonotonic")})" ]`)}; done`,
  },
  {
    name: "it serves the sockets of systemd, which its children do not get",
    run: `lvmlockctl status | tail -n 3; for fd in 3 4; do
      readlink /proc/${PID}/fd/$fd /proc/1/fd/* | grep -cF "$(readlink /proc/${PID}/fd/$fd)"
      grep -o '^flags:.*02[0-9]*$' /proc/${PID}/fdinfo/$fd; done`,
    stdout: [/API socket +\/run\/lvm\/lvmlockd-api.socket/, /2\nflags:.*\n2\nflags:/],
  },
  {
    name: "its messages are in the journal once, with their priority",
    run: "journalctl -b -u lvmlockd -t lvmlockd -p 4 -o cat; echo; " +
      "journalctl -b -t lvmlockd -o cat --grep '^sanlock:'; " +
      "journalctl -b -t lvmlockd -p 4 -o cat --grep '^sanlock:' || echo none",
    stdout: /^lvmlockd started \S+\n\nsanlock: [^\n]*\nnone\n$/,
  },
  {
    name: "it has no more rights than it needs, and the mounts of the host",
    run: `grep -E '^(NoNewPrivs|Seccomp):' /proc/${PID}/status; cat /proc/${PID}/oom_score_adj
      readlink /proc/1/ns/mnt /proc/${PID}/ns/mnt | uniq | wc -l
      systemd-analyze verify --man=no lvmlockd.service lvmlockd.socket lvmlocks.service`,
    stdout: /^NoNewPrivs:\t1\nSeccomp:\t2\n-900\n1\n$/,
    stderr: /^$/,
  },
];

/** All the time somebody uses the VG. The exit codes of these commands are in /run/codes. */
const MEANWHILE = `rm -f /run/codes /run/words
  (for i in {1..4}; do
    for command in "vgs vg0" "lvchange --addtag t$i vg0"; do
      $command > /dev/null 2>> /run/words; echo $? >> /run/codes
    done
  done) & sleep 0.1`;

const restarts: SystemdStep[] = [
  {
    name: "an upgrade hands over; commands wait for the new daemon",
    run: `${MEANWHILE}; lvmlockctl upgrade; wait; sort /run/codes | uniq -c; cat /run/words >&2`,
    stdout: [/handed over to .*: 1 lockspace and 2 locks kept/, /^ +8 0\n$/m],
    show: true,
    stderr: { not: /lvmlockd process is not running|failed lock/ },
    ...kept,
  },
  {
    name: "a daemon that is killed is started again and takes over",
    run: `old=${PID}; kill -KILL $old; ${until(`[ "${PID}" != $old ]`)}
      ${until("lvmlockctl --info > /dev/null")}; ${property("NRestarts")}`,
    stdout: /^1\n$/,
    ...kept,
  },
  {
    name: "so is one that stands still",
    run: `old=${PID}; kill -STOP $old; ${until(`[ "${PID}" != $old ]`)}
      ${until("lvmlockctl --info > /dev/null")}; ${property("NRestarts")}
      journalctl -b -u lvmlockd -o cat --grep 'result .watchdog'`,
    stdout: /^2\n.*Failed with result 'watchdog'/,
    ...kept,
  },
  {
    name: "stopped while LVs are active, it leaves them and their locks",
    run: "systemctl stop lvmlockd.socket lvmlockd.service; systemctl is-active lvmlockd.service; " +
      `${property("Result")}; ls /run/lvm/lvmlockd.socket; ` +
      "vgs --noheadings -o name; dmsetup table",
    stdout: [/^inactive\nsuccess\n/, /^ +vg0 *$/m, /^vg0-web: /m],
    stderr: [/No such file/, /Reading VG vg0 without a lock/],
  },
];

/** From the manual: to LVM's own daemon and back. */
const stockAndBack: SystemdStep[] = [
  {
    name: "LVM's own daemon takes over",
    run: "systemd-run -q -p Type=notify -p SendSIGKILL=no --unit stock " +
      `/run/shared/stock --foreground -g sanlock -o 1 -A 1; ${
        until("lvmlockctl --info | grep -q 'LK LV'")
      }; lvmlockctl --info; readlink /proc/${PID}/exe`,
    stdout: /\/run\/shared\/stock\n$/,
    ...kept,
  },
  {
    name: "and hands back when it is killed",
    run: "systemctl kill -s KILL stock.service; " +
      `systemctl start lvmlockd.socket lvmlockd.service; lvmlockctl status`,
    stdout: /1 lockspace, 2 locks/,
    ...kept,
  },
  {
    name: "the VG is in use as ever",
    run: "lvchange -an vg0/logs && lvcreate -L 16M -n more vg0",
    locks: { "vg0/web": "ex", "vg0/more": "ex" },
  },
];

/** What the console shows of a shutdown, in the right order. */
const order = [
  "Stopping lvmlocks.service",
  "Stopped lvmlocks.service",
  "Stopping lvmlockd.service",
  "Stopped lvmlockd.service",
  "Stopping sanlock.service",
  "Stopped sanlock.service",
];

const shutdownAndBoot: SystemdStep[] = [
  {
    name: "an LV in use stays active and locked when VGs are stopped, others do not",
    run: "exec 9< /dev/vg0/web; systemctl stop lvmlocks.service; " +
      `${property("Result", "lvmlocks.service")}; exec 9<&-; systemctl start lvmlocks.service`,
    stdout: /^success\n/,
    locks: { "vg0/web": "ex" },
    devices: { "vg0-web": "linear", "vg0-more": "" },
  },
  {
    name: "shutdown stops LVs and VGs, then the daemon, then the lock manager, and boot comes back",
    act: async (machine: Machine) => {
      const begun = performance.now();
      const console = await machine.powerOff();
      const took = Math.round((performance.now() - begun) / 1000);
      const found = order.map((line) => console.indexOf(line));
      const isOrdered = found.every((at, i) => at >= 0 && at > (found[i - 1] ?? -1));
      if (!isOrdered || console.includes("FAILED")) throw new Error(console);
      await machine.start();
      return `the shutdown took ${took} s`;
    },
  },
  started,
  {
    name: "the VG is started, at the first attempt",
    run: "lvmlockctl --info; journalctl -b -u lvmlocks -o cat; " +
      `${property("ExecMainStatus", "lvmlocks.service")}`,
    stdout: [/^LS sanlock lvm_vg0$/m, /Starting locking/, /\n0\n$/],
    locks: {},
  },
  {
    name: "its LVs are used again",
    run: "lvchange -aey vg0/web && lvchange -asy vg0/logs",
    ...kept,
  },
  {
    name: "the kill command works with no more rights than the service has",
    // As the daemon runs it when the DLM loses locks: with the restrictions of its unit.
    run:
      "mapfile -t rights < <(grep -E '^(NoNew|Capab|Restrict(Add|Name|Real|SUID)|Lock|Keyring|System)' " +
      "/usr/lib/systemd/system/lvmlockd.service); " +
      'systemd-run -q --wait --pipe "${rights[@]/#/-p}" ' +
      "/bin/sh /run/lvm/lvmlockd-kill --kill vg0 --make-safe --stderr 2>&1; dmsetup table",
    stdout: [/VG vg0 is safe/, /vg0-web: 0 32768 error/],
    locks: {},
  },
];

export const systemdService: SystemdScenario = {
  name: "systemd_service",
  diskMebibytes: [400],
  installed: "files",
  files,
  enabled: ["sanlock.service"],
  steps: [started, ...told, ...restarts, ...stockAndBack, ...shutdownAndBoot],
};
