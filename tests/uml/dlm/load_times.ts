/**
 * How many clients at a time the daemon stands with the DLM, in full size: 20 clients on each host, all
 * in one VG, 1,000 rounds each, first with one host, then with two at the same time. Prints figures and
 * judges none; fails if a request is not granted or none is answered any more.
 *
 *     deno run -A tests/uml/dlm/load_times.ts [--clients 20] [--rounds 1000] [--hosts 1,2] [--stock]
 *
 * With `--stock` the stock daemon serves them.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Cluster, type HostId } from "../cluster.ts";
import { type DaemonCommand, ours, stock } from "../daemon.ts";
import { lockManagers } from "../lock_managers/mod.ts";
import { Slots } from "../slots.ts";
import { disk } from "../storage.ts";
import { helper } from "./program.ts";

/** Guests are killed after this time, milliseconds: it ends what hangs. */
const LIMIT_MS = 1_800_000;

/** Runs a script on a host; throws unless its exit code is 0. */
async function run(cluster: Cluster, id: HostId, script: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.host(id).guest.run(script);
  if (code !== 0) throw new Error(`host ${id}: ${script}\n${stdout}${stderr}`);
  return stdout;
}

async function measure(
  hosts: number,
  clients: string,
  rounds: string,
  daemon: DaemonCommand,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lvmlockd-load-" });
  const slots = await new Slots(hosts).hold(hosts);
  {
    await using cluster = await Cluster.boot({
      name: "load",
      directory,
      lockManager: lockManagers.dlm,
      daemons: Array.from({ length: hosts }, () => daemon.kind),
      commands: { ours: daemon, stock: daemon },
      diskMebibytes: [200],
      limitMs: LIMIT_MS,
      slots,
    });
    const ids = Array.from({ length: hosts }, (_, i) => i + 1 as HostId);
    await run(cluster, 1, `vgcreate --shared vg0 ${disk(0)}`);
    if (hosts > 1) await run(cluster, 2, "vgchange --lockstart vg0");
    const program = helper("parallel_clients.ts");
    const lines = await Promise.all(
      ids.map((id) => run(cluster, id, `${program} vg0 ${clients} ${rounds} ${id}`)),
    );
    console.log(
      `${hosts} host${
        hosts > 1 ? "s" : ""
      }, ${clients} clients each, ${rounds} rounds, ${daemon.kind}`,
    );
    for (const [i, line] of lines.entries()) console.log(`  host ${i + 1}: ${line.trimEnd()}`);
  }
  await Deno.remove(directory, { recursive: true });
}

const options = parseArgs(Deno.args, {
  boolean: ["stock"],
  string: ["clients", "rounds", "hosts"],
  default: { clients: "20", rounds: "1000", hosts: "1,2" },
});
// The clients need the set-up of our daemon.
const own = await ours();
const daemon = options.stock ? { ...own, ...stock } : own;
for (const hosts of String(options.hosts).split(",")) {
  await measure(Number(hosts), String(options.clients), String(options.rounds), daemon);
}
