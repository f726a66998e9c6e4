/**
 * One host in hard times: its disk is slow, then unreliable, somebody sets the clock, its memory runs
 * out. Nothing is given up that need not be, commands get an answer, and the next daemon has all locks.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { Daemon } from "../daemon.ts";
import { ctl, holdInBackground } from "../dlm/program.ts";
import { RENEWAL_FAILS_AFTER } from "../lock_managers/sanlock.ts";
import { create, started } from "../sanlock/steps.ts";
import { flaky, restore, slow } from "../storage.ts";

const locks = { "vg0/own": "ex" } as const;
const devices = { "vg0-own": "linear" };
const well = { info: started("vg0"), locks, devices };

/** Milliseconds more for each access: sanlock's own limit is a second. */
const SLOW_MS = 400;
/** Longer than the leases last that are not renewed. */
const LONG = RENEWAL_FAILS_AFTER + 4;

const guestOf = (cluster: Cluster) => cluster.host(1).guest;

const slowDisk: ClusterStep[] = [
  {
    name: `each access to the disk takes ${SLOW_MS} ms longer`,
    act: (cluster) => slow(guestOf(cluster), 0, SLOW_MS),
  },
  {
    name: "for longer than leases last nothing is given up; commands take longer",
    run: `end=$((SECONDS + ${LONG})); n=0
      while [ $SECONDS -lt $end ]; do
        timeout 100 lvchange -aey vg0/idle && timeout 100 lvchange -an vg0/idle || exit; n=$((n + 1))
      done; echo "activated and deactivated $n times"`,
    show: true,
    ...well,
  },
  { name: "the disk is as before", act: (cluster) => restore(guestOf(cluster), 0) },
];

const unreliableDisk: ClusterStep[] = [
  {
    name: "the disk fails for one second of four",
    act: (cluster) => flaky(guestOf(cluster), 0, 3, 1),
  },
  {
    name: "commands succeed or fail with an error, none hangs, and nothing is given up",
    run: `end=$((SECONDS + ${LONG})); good=0; bad=0
      while [ $SECONDS -lt $end ]; do
        timeout 60 lvchange -aey vg0/idle > /dev/null 2>&1; code=$?
        timeout 60 lvchange -an vg0/idle > /dev/null 2>&1; code="$code $?"
        case "$code" in "0 0") good=$((good + 1));; *124*) exit 1;; *) bad=$((bad + 1));; esac
      done; echo "$good good, $bad failed"`,
    show: true,
  },
  { name: "the disk is good again", act: (cluster) => restore(guestOf(cluster), 0) },
  {
    name: "everything is as before",
    run: "lvchange -aey vg0/idle && lvchange -an vg0/idle && head -c 8 /dev/vg0/own",
    within: 30,
    stdout: /precious$/,
    ...well,
  },
];

/** Processor time that the daemon has used, in hundredths of a second. */
const CPU = "awk '{ print $14 + $15 }' /proc/$(< /run/daemon.pid)/stat";
/** A second or two of waiting need no more of the processor than this, in hundredths of a second. */
const MOST_CPU = 200;

/** While a command holds the VG lock, another one waits and a third one has a deadline. */
const clockIsSet = (step: string): ClusterStep[] => [
  {
    name: "a command holds the VG lock",
    run: `rm -f /run/holder; ${holdInBackground("vg vg0 ex")}`,
  },
  {
    name: `while another waits for it the clock is set: ${step}; it goes on waiting`,
    run: `rm -f /run/waited; (lvchange -aey vg0/idle; echo $? > /run/waited) > /dev/null 2>&1 &
      until lvmlockctl --info | grep -q '^LW VG'; do sleep 0.1; done
      before=$(${CPU}); date -s "${step}" > /dev/null || exit
      begun=$(cut -d. -f1 /proc/uptime)
      ${ctl} lock vg vg0 sh --deadline 3 -- true; code=$?
      took=$(($(cut -d. -f1 /proc/uptime) - begun))
      [ ! -e /run/waited ] || { echo "it does not wait any more"; exit 1; }
      echo "code $code; used $(($(${CPU}) - before)) after $took s"
      [ $code = 110 ] && [ $took -ge 2 ] && [ $took -lt 60 ] && [ $(($(${CPU}) - before)) -lt ${MOST_CPU} ]`,
    show: true,
    info: /^LK VG ex/m,
  },
  {
    name: "its turn comes",
    run: `kill $(< /run/holder); until [ -s /run/waited ]; do sleep 0.1; done
      [ $(< /run/waited) = 0 ] && lvchange -an vg0/idle && ${ctl} locks && ${ctl} status`,
    ...well,
  },
];

/** A control group for the daemon. */
const GROUP = "/run/cgroup/daemon";

/** Puts a daemon into the control group, by another one's way of starting it. */
async function startInGroup(cluster: Cluster): Promise<void> {
  const { guest, daemon } = cluster.host(1);
  await daemon.kill();
  const { code, stderr } = await guest.run(
    `mkdir -p /run/cgroup && mount -t cgroup2 none /run/cgroup && mkdir ${GROUP} &&
      echo +memory > /run/cgroup/cgroup.subtree_control`,
  );
  if (code !== 0) throw new Error(stderr);
  const enter = `bash -c 'echo $$ > ${GROUP}/cgroup.procs && exec "$@"' enter`;
  const line = `${enter} ${daemon.command.line}`;
  await new Daemon(guest, { ...daemon.command, line }).start();
}

const memory: ClusterStep[] = [
  { name: "a daemon whose memory can be limited takes over", act: startInGroup, then: { 1: well } },
  {
    name: "its memory runs out: the kernel kills it",
    run: `pid=$(< /run/daemon.pid); echo 4M > ${GROUP}/memory.max
      for i in {1..300}; do kill -0 $pid 2> /dev/null || break; sleep 0.1; done
      grep '^oom_kill ' ${GROUP}/memory.events; ! kill -0 $pid 2> /dev/null`,
    stdout: /^oom_kill [1-9]/m,
  },
  {
    name: "the active LV goes on",
    run: "head -c 8 /dev/vg0/own",
    stdout: /^precious$/,
  },
  {
    name: "the next daemon has its lock",
    act: (cluster) => cluster.host(1).start(),
    then: { 1: well },
  },
  {
    name: "everything is given back",
    run: "vgchange -an vg0 && vgchange --lockstop vg0",
    locks: {},
  },
];

const preparation: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "an LV is active, another is not",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n idle vg0`,
    ...well,
  },
];

export const hardTimes: ClusterScenario = {
  name: "hard_times",
  lockManager: "sanlock",
  clusters: [["ours"]],
  oracle: false,
  diskMebibytes: [300],
  steps: () => [
    ...preparation,
    ...slowDisk,
    ...unreliableDisk,
    ...clockIsSet("+6 hours"),
    ...clockIsSet("-12 hours"),
    ...memory,
  ],
};
