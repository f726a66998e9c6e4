/**
 * The stock daemon and ours leave the same on disk: after each request of a history both lease files
 * have the same leases, owners, counters and value blocks, as sanlock's own tool reads them. A host
 * with either can so take the place of one with the other.
 *
 * The stock daemon looks for devices in /dev/mapper, so it and its sanlock run in a place where that is
 * a directory of the test. It makes no leases in files; both begin with a copy of what ours has made.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Conversation } from "../integration/conversation.ts";
import { until } from "../integration/daemon.ts";
import { Sandbox } from "../integration/sandbox.ts";
import { makeDirectory } from "./daemon.ts";
import { Hosts } from "./daemon_hosts.ts";
import { lvUuid, SharedVg, VgClient } from "./daemon_vg.ts";
import { MIB } from "./leases.ts";

/** The name of the sanlock daemons: it is in the leases. */
const NAME = "host1";
/** Leases of the lockspace, the global lock, the VG, and five LVs. */
const SLOTS = 72;

/** Ended with the test process at the latest. */
const withUs = ["setpriv", "--pdeathsig", "KILL", "--"];
const sanlockWords = `sanlock daemon -D -w 0 -U root -G root -h 0 -l 0 -L -1 -S -1 -e ${NAME}`;
const stockWords = "/sbin/lvmlockd -f -g sanlock -o 1 --host-id 1";

/** A host with the stock daemon. */
class StockHost implements AsyncDisposable {
  private constructor(private readonly sandbox: Sandbox, readonly directory: string) {}

  static async start(): Promise<StockHost> {
    const directory = await makeDirectory();
    const sandbox = await Sandbox.open();
    const host = new StockHost(sandbox, directory);
    const mount = `mkdir -p /dev/mapper ${directory}/mapper && ` +
      `mount --bind ${directory}/mapper /dev/mapper`;
    assertEquals((await sandbox.run(["sh", "-c", mount])).code, 0);
    const env = { SANLOCK_RUN_DIR: directory, SANLOCK_PRIVILEGED: "0" };
    sandbox.start([...withUs, ...sanlockWords.split(" ")], { env });
    await host.#answers(`${directory}/sanlock.sock`);
    const own = ["-s", host.socket, "-p", `${directory}/pid`, "--adopt-file", `${directory}/adopt`];
    sandbox.start([...withUs, ...stockWords.split(" "), ...own], { env });
    await host.#answers(host.socket);
    return host;
  }

  get socket(): string {
    return `${this.directory}/lvmlockd.sock`;
  }

  async #answers(path: string): Promise<void> {
    await until(`${path} answers`, async () => {
      const connection = await Deno.connect({ transport: "unix", path }).catch(() => undefined);
      connection?.close();
      return connection !== undefined;
    });
  }

  /** A VG with the leases that are in the file of `original`. */
  async vg(original: SharedVg): Promise<VgClient> {
    const path = `${this.directory}/mapper/${original.name}-lvmlock`;
    await Deno.copyFile(original.path, path);
    const vg = new SharedVg(original.name, path, []);
    return new VgClient(await Conversation.open(this.socket), vg);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** What is on disk, without times. */
async function onDisk(path: string): Promise<string> {
  // The leases of hosts, and all others; between them is nothing.
  const parts = await Promise.all(["0:1M", `65M:${SLOTS - 65}M`].map(async (part) => {
    const args = ["direct", "dump", `${path}:${part}`];
    const { stdout } = await new Deno.Command("sanlock", { args }).output();
    return new TextDecoder().decode(stdout).replace(/ (?!0{10})\d{10} /g, " a time ");
  }));
  return [...parts, ...await valueBlocks(path)].join("\n");
}

/** Of the global lock and the VG lock: sector 2002 of their leases. */
async function valueBlocks(path: string): Promise<string[]> {
  using file = await Deno.open(path);
  const blocks = [];
  for (const slot of [65, 66]) {
    const bytes = new Uint8Array(512);
    await file.seek(slot * MIB + 2002 * 512, Deno.SeekMode.Start);
    await file.read(bytes);
    blocks.push(bytes.toHex());
  }
  return blocks;
}

type Step = [what: string, act: (client: VgClient) => Promise<number>];

function history(): Step[] {
  const uses = (lv: number): Step[] =>
    ["ex", "sh", "ex", "un", "sh", "un"].map((mode) => [`lv${lv} ${mode}`, (c) => c.lv(lv, mode)]);
  const create = (lv: number): Step[] => [
    ["find_free_lock", (c) => c.result("find_free_lock")],
    [`init lv${lv}`, (c) => c.initLv(lv)],
  ];
  const change = (version: number): Step[] => [
    ["vg ex", (c) => c.lock("ex")],
    [`version ${version}`, (c) => c.result("vg_update", { version })],
  ];
  return [
    ["disable", (c) => c.result("disable_gl")],
    ["gl that is none", (c) => c.gl("ex")],
    ["enable", (c) => c.result("enable_gl")],
    ["gl ex", (c) => c.gl("ex")],
    ["gl un", (c) => c.gl("un")],
    ...change(5),
    ["vg un", (c) => c.lock("un")],
    ...[1, 2, 3, 4, 5].flatMap(create),
    ["none is free", (c) => c.result("find_free_lock")],
    ["init where none is free", (c) => c.initLv(6)],
    ...[1, 2, 5].flatMap(uses),
    ...change(9),
    ["vg sh", (c) => c.lock("sh")],
    ["vg un", (c) => c.lock("un")],
    ["free lv5", (c) => c.freeLv(5)],
    ["free lv2", (c) => c.freeLv(2)],
    ...[6, 7].flatMap(create),
    ["gl sh", (c) => c.gl("sh")],
    ["gl un", (c) => c.gl("un")],
    ["gl ex", (c) => c.gl("ex")],
    ...[7, 1].flatMap(uses),
    ["free lv1", (c) => c.freeLv(1)],
    ["vg ex", (c) => c.lock("ex")],
  ];
}

Deno.test("the stock daemon and ours leave the same on disk", async () => {
  await using hosts = await Hosts.start(1, { args: ["-g", "sanlock"] });
  await using stock = await StockHost.start();
  const [vg, other] = [await hosts.vg("vg0", SLOTS), await hosts.vg("vg1", SLOTS)];
  const ours = [await vg.client(1), await other.client(1)];
  for (const client of ours) assertEquals((await client.initVg()).get("op_result"), 0);
  const theirs = [await stock.vg(vg), await stock.vg(other)];
  const both = async (i: number, act: Step[1], what: string) => {
    const pair = [ours[i]!, theirs[i]!];
    const [mine, their] = await Promise.all(pair.map(act));
    assertEquals([what, mine], [what, their]);
    const [ourDisk, theirDisk] = await Promise.all(pair.map(({ vg }) => onDisk(vg.path)));
    assertEquals(ourDisk, theirDisk, what);
  };
  await Promise.all([0, 1].map((i) => both(i, (client) => client.start(), "start")));
  for (const [what, act] of history()) await both(0, act, what);
  const uuids = [3, 4, 6, 7].map(lvUuid);
  const text = await onDisk(vg.path);
  assertEquals(uuids.filter((uuid) => text.includes(uuid)), uuids);
  await Promise.all([
    both(0, (client) => client.result("free_vg"), "free_vg"),
    both(1, (client) => client.stop(), "stop"),
  ]);
  for (const client of theirs) client[Symbol.dispose]();
});
