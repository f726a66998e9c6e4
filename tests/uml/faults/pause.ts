/**
 * A host stands still for longer than its leases last, and goes on: the other host may take its LV when
 * they have expired, not before. When the first host goes on, its LV is made harmless and its VG given
 * up. There is no watchdog here, which would have reset the host: what its programs write until then
 * reaches the disk, and is counted.
 *
 * @module
 */
import type { Cluster } from "../cluster.ts";
import type { ClusterScenario, ClusterStep } from "../cluster_scenario.ts";
import { DEAD_AFTER, RENEWAL_FAILS_AFTER } from "../lock_managers/sanlock.ts";
import { create, join, lockedByOther, notStarted, started } from "../sanlock/steps.ts";

const has = { locks: { "vg0/own": "ex" } } as const;
const isHarmless = { locks: {}, devices: { "vg0-own": "error" } } as const;

/** Writes to its LV for ever, each time another number to the second block. */
const WRITER = `(for ((i = 1;; i++)); do
  printf '%-4096s' $i | dd of=/dev/vg0/own bs=4096 seek=1 conv=notrunc oflag=direct 2> /dev/null || exit
  echo $i > /run/written
done) > /dev/null 2>&1 & echo $! > /run/writer; until [ -s /run/written ]; do sleep 0.05; done`;

const seconds = (begun: number) => (performance.now() - begun) / 1000;
const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

const take = (cluster: Cluster) => cluster.host(2).guest.run("lvchange -aey vg0/own");

/** Host 1 stands still for less than its leases last. */
async function shortPause(cluster: Cluster): Promise<void> {
  const { guest } = cluster.host(1);
  guest.pause();
  const end = performance.now() + (RENEWAL_FAILS_AFTER - 4) * 1000;
  try {
    while (performance.now() < end) await refusedTo(cluster);
  } finally {
    guest.resume();
  }
}

async function refusedTo(cluster: Cluster): Promise<void> {
  const { code, stderr } = await take(cluster);
  if (code !== 5 || !stderr.includes(lockedByOther("vg0/own"))) {
    throw new Error(`host 2 was not refused: code ${code}, ${stderr}`);
  }
}

/** Host 1 stands still until host 2 has its LV. */
async function longPause(cluster: Cluster): Promise<string> {
  cluster.host(1).guest.pause();
  const begun = performance.now();
  while ((await take(cluster)).code !== 0) {
    if (seconds(begun) > 3 * DEAD_AFTER) throw new Error("host 2 never gets the LV");
    await wait(500);
  }
  // sanlock's promise: the last renewal may have been some seconds before.
  if (seconds(begun) < DEAD_AFTER - RENEWAL_FAILS_AFTER) {
    throw new Error("the LV was taken too soon");
  }
  return `host 2 has the LV after ${seconds(begun).toFixed(1)} s`;
}

/** Host 1 goes on. Tells what it wrote before its LV was harmless. */
async function goOn(cluster: Cluster): Promise<string> {
  const { guest } = cluster.host(1);
  guest.resume();
  const begun = performance.now();
  const before = await guest.run("cat /run/written");
  const gone = await guest.run(
    `for i in {1..600}; do dmsetup table vg0-own | grep -q error && exit; sleep 0.1; done; exit 1`,
  );
  if (gone.code !== 0) throw new Error("the LV of host 1 was never made harmless");
  const after = await guest.run("cat /run/written");
  const writes = Number(after.stdout) - Number(before.stdout);
  return `the LV of host 1 was harmless ${
    seconds(begun).toFixed(1)
  } s after it went on; without a ` +
    `watchdog its program wrote ${writes} times meanwhile`;
}

const steps: ClusterStep[] = [
  create("vg0", 0),
  join("vg0"),
  {
    name: "host 1 has an LV, to which a program writes",
    run: `lvcreate -L 16M -n own vg0 && printf precious | dd of=/dev/vg0/own conv=fsync
      ${WRITER}`,
    ...has,
  },
  {
    name: "host 1 stands still for less than its leases last: nothing is lost",
    act: shortPause,
    then: { 1: { ...has, info: started("vg0"), devices: { "vg0-own": "linear" } } },
  },
  {
    name: "its program goes on",
    run: "n=$(< /run/written); until [ $(< /run/written) -gt $n ]; do sleep 0.1; done",
  },
  {
    name: "host 1 stands still until host 2 may have its LV",
    act: longPause,
    then: { 2: has },
  },
  {
    name: "host 2 has the data, and writes",
    on: 2,
    run: "head -c 8 /dev/vg0/own && printf 'of host2' | dd of=/dev/vg0/own conv=notrunc,fsync",
    stdout: /^precious$/,
  },
  {
    name: "host 1 goes on: its LV is made harmless and the VG given up",
    act: goOn,
    within: 60,
    then: { 1: { ...isHarmless, info: notStarted("vg0") }, 2: has },
  },
  {
    name: "its program has met an error, and nothing more of it reaches the disk",
    run: `while kill -0 $(< /run/writer) 2> /dev/null; do sleep 0.1; done
      dd if=/dev/zero of=/dev/vg0/own bs=4k count=1 oflag=direct`,
    code: 1,
    stderr: "Input/output error",
  },
  {
    name: "host 1 removes what is left of the LV and starts the VG",
    run: "dmsetup remove vg0-own && vgchange --lockstart vg0",
    within: DEAD_AFTER + 60,
    info: started("vg0"),
    locks: {},
  },
  {
    name: "it is refused the LV",
    run: "lvchange -aey vg0/own",
    code: 5,
    stderr: lockedByOther("vg0/own"),
  },
  {
    name: "host 2 gives it back",
    on: 2,
    run: "head -c 8 /dev/vg0/own && lvchange -an vg0/own",
    stdout: /^of host2$/,
    locks: {},
  },
  {
    name: "host 1 has it again, with what host 2 wrote",
    run: "lvchange -aey vg0/own && head -c 8 /dev/vg0/own",
    stdout: /^of host2$/,
    ...has,
  },
];

export const pause: ClusterScenario = {
  name: "faults_pause",
  lockManager: "sanlock",
  clusters: [["ours", "ours"]],
  oracle: false,
  diskMebibytes: [400],
  steps: () => steps,
};
