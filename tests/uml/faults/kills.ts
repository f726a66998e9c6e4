/**
 * The daemon is killed twenty times while LVM's own commands run on a host with active LVs: the next
 * daemon has the locks of all that is active, and commands get an answer or an error.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { create } from "../sanlock/steps.ts";

const KILLS = 20;

const locks = { "vg0/own": "ex", "vg0/common": "sh", "vg0/pool": "ex" } as const;
const devices = { "vg0-own": "linear", "vg0-common": "linear" };

/** How a command of LVM ends that writes to a daemon that has just died: of SIGPIPE. */
const CUT_OFF = 141;

/** Commands one after the other, until told to stop; an end other than these three is noted. */
const COMMANDS = `rm -f /run/stop /run/strange; (while [ ! -e /run/stop ]; do
  for command in "lvchange -aey vg0/busy" "lvchange -an vg0/busy" "lvs vg0" "lvchange --addtag x vg0/busy" \\
    "lvchange --deltag x vg0/busy" "vgs vg0"; do
    timeout 120 $command > /run/command.log 2>&1; code=$?
    case $code in 0|5|${CUT_OFF}) echo $code >> /run/codes;; *) echo "$command: $code" >> /run/strange;; esac
  done
done; touch /run/stopped) > /dev/null 2>&1 &`;

async function kill(cluster: Cluster, round: number): Promise<void> {
  const host = cluster.host(1);
  // Each time at another moment of a command.
  await host.guest.run(`sleep 0.${(round * 37) % 100}`);
  await host.daemon.kill();
  await host.start();
}

const round = (number: number): ClusterStep => ({
  name: `the daemon is killed, and the next one has the locks (${number} of ${KILLS})`,
  act: (cluster) => kill(cluster, number),
  // A command may hold the VG lock at that moment.
  then: { 1: { info: /^LS sanlock lvm_vg0$/m, devices } },
});

const steps: ClusterStep[] = [
  create("vg0", 0),
  {
    name: "LVs are active: exclusively, shared, and thin",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync &&
      lvcreate -an -Zn -L 16M -n common vg0 && lvchange -asy vg0/common &&
      lvcreate -y -T -L 32M -V 64M -n thin vg0/pool && lvcreate -an -Zn -L 16M -n busy vg0`,
    locks,
    devices,
  },
  { name: "commands run all the while", run: COMMANDS },
  ...Array.from({ length: KILLS }, (_, i) => round(i + 1)),
  {
    name: "every command was served, refused with an error, or cut off by the death of its daemon",
    run: `touch /run/stop; until [ -e /run/stopped ]; do sleep 0.1; done
      [ ! -e /run/strange ] || { cat /run/strange; exit 1; }
      echo served $(grep -cx 0 /run/codes), refused $(grep -cx 5 /run/codes), cut off $(grep -cx ${CUT_OFF} /run/codes)`,
    stdout: /^served [1-9]/,
    show: true,
  },
  {
    name: "all locks are those of active LVs",
    run: "lvchange -an vg0/busy && lvchange -aey vg0/busy && lvchange -an vg0/busy",
    locks,
    devices,
  },
  {
    name: "an LV has its data, and everything can be given back",
    run: "head -c 8 /dev/vg0/own && vgchange -an vg0 && vgchange --lockstop vg0",
    stdout: /^precious/,
    locks: {},
  },
];

export const kills: ClusterScenario = {
  name: "faults_kills",
  lockManager: "sanlock",
  clusters: [["ours"]],
  oracle: false,
  diskMebibytes: [400],
  steps: () => steps,
};
