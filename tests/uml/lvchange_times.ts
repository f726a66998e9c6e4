/**
 * How long LVM's own commands take with this daemon and with the stock one: `lvchange -aey` and
 * `lvchange -an` of one LV, on one host with a real lock manager. Both daemons serve the same VG in the
 * same guest, in turns of a few pairs each, forwards and backwards, so that whatever else the machine
 * does meets both. Prints medians and their ratio, and judges none.
 *
 *     deno run -A tests/uml/lvchange_times.ts [--lock-manager dlm|sanlock] [--pairs 40] [--turns 8]
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Cluster } from "./cluster.ts";
import { type DaemonKind, ours, stock } from "./daemon.ts";
import type { LockManagerKind } from "./lock_managers/lock_manager.ts";
import { lockManagers } from "./lock_managers/mod.ts";
import { Slots } from "./slots.ts";
import { disk } from "./storage.ts";

/** The guest is killed after this time, milliseconds: it ends what hangs. */
const LIMIT_MS = 3_600_000;
/** Pairs at the beginning of each turn that are not counted: the daemon has just started. */
const WARM_UP = 2;

const OPERATIONS = ["-aey", "-an"] as const;
type Operation = typeof OPERATIONS[number];
type Times = Record<Operation, number[]>;

const START = `set -e
vgchange --lockstart vg0 > /dev/null
until lvmlockctl --info | grep -q '^LK VG'; do sleep 0.05; done`;

const STOP = `set -e
vgchange --lockstop vg0 > /dev/null
lvmlockctl --stop-lockspaces
while lvmlockctl --info | grep -q ^LS; do sleep 0.05; done`;

/** Prints the operation and microseconds of each command. */
const measured = (pairs: number) =>
  `set -e
for ((i = 0; i < ${pairs}; i++)); do
  for operation in ${OPERATIONS.join(" ")}; do
    begun=\${EPOCHREALTIME/./}
    lvchange $operation vg0/lv0
    echo "$operation $(( \${EPOCHREALTIME/./} - begun ))"
  done
done`;

async function run(cluster: Cluster, script: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.host(1).guest.run(script);
  if (code !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
  return stdout;
}

/** One daemon serves some pairs; milliseconds. */
async function turn(cluster: Cluster, kind: DaemonKind, pairs: number): Promise<Times> {
  const host = cluster.host(1);
  await host.start(kind);
  await run(cluster, START);
  const output = await run(cluster, measured(WARM_UP + pairs));
  await run(cluster, STOP);
  await host.daemon.stop();
  const times: Times = { "-aey": [], "-an": [] };
  for (const [, operation, us] of output.matchAll(/^(-aey|-an) (\d+)$/gm)) {
    times[operation as Operation].push(Number(us) / 1000);
  }
  for (const list of Object.values(times)) list.splice(0, WARM_UP);
  return times;
}

async function measure(manager: LockManagerKind, pairs: number, turns: number) {
  const all: Record<DaemonKind, Times[]> = { ours: [], stock: [] };
  const directory = await Deno.makeTempDir({ prefix: "lvmlockd-lvchange-" });
  {
    await using cluster = await Cluster.boot({
      name: "lvchange",
      directory,
      lockManager: lockManagers[manager],
      daemons: ["ours"],
      commands: { ours: await ours(), stock },
      diskMebibytes: [600],
      limitMs: LIMIT_MS,
      slots: await new Slots(1).hold(1),
    });
    await run(cluster, `vgcreate --shared vg0 ${disk(0)} && lvcreate -an -Zn -L 16M -n lv0 vg0`);
    await run(cluster, STOP);
    await cluster.host(1).daemon.stop();
    const each = Math.ceil(pairs / turns);
    for (let number = 0; number < turns; number++) {
      const kinds: DaemonKind[] = number % 2 === 0 ? ["stock", "ours"] : ["ours", "stock"];
      for (const kind of kinds) all[kind].push(await turn(cluster, kind, each));
    }
  }
  await Deno.remove(directory, { recursive: true });
  return all;
}

/** Of a sorted list. */
const quantile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;

function print(all: Record<DaemonKind, Times[]>): void {
  console.log("              pairs  median ms  quartiles ms     ours / stock   each turn");
  for (const operation of OPERATIONS) {
    const lists = { stock: all.stock, ours: all.ours };
    const medians: Partial<Record<DaemonKind, number>> = {};
    for (const kind of ["stock", "ours"] as const) {
      const sorted = lists[kind].flatMap((times) => times[operation]).toSorted((a, b) => a - b);
      const [low, median, high] = [0.25, 0.5, 0.75].map((part) =>
        quantile(sorted, part).toFixed(1)
      );
      medians[kind] = Number(median);
      const line = `${operation.padEnd(6)}${kind.padEnd(8)}${String(sorted.length).padStart(5)}` +
        `${median!.padStart(11)}  ${low} … ${high}`;
      console.log(kind === "stock" ? line : line.padEnd(46) + ratios(all, operation, medians));
    }
  }
}

function ratios(
  all: Record<DaemonKind, Times[]>,
  operation: Operation,
  medians: Partial<Record<DaemonKind, number>>,
): string {
  const middle = (times: Times) => quantile(times[operation].toSorted((a, b) => a - b), 0.5);
  const each = all.ours.map((times, i) => (middle(times) / middle(all.stock[i]!)).toFixed(2));
  return `${(medians.ours! / medians.stock!).toFixed(3).padEnd(15)}${each.join(" ")}`;
}

const options = parseArgs(Deno.args, {
  string: ["lock-manager", "pairs", "turns"],
  default: { "lock-manager": "dlm", pairs: "40", turns: "8" },
});
const manager = options["lock-manager"];
if (manager !== "dlm" && manager !== "sanlock") {
  console.error(`--lock-manager ${manager}: dlm or sanlock`);
  Deno.exit(2);
}
print(await measure(manager, Number(options.pairs), Number(options.turns)));
