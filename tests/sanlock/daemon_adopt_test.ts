/**
 * Daemons that are killed and started again: what they held stays held, what their clients held is let
 * go, and nothing that another process left behind is taken for theirs.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Res } from "../../backends/sanlock/constants.ts";
import { until } from "../integration/daemon.ts";
import { problemOf } from "../integration/http_daemon.ts";
import { Hosts, type LvmHost } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { HELD, lvUuid, resultOf, type SharedVg, type VgClient } from "./daemon_vg.ts";
import { Host } from "./hosts.ts";
import { MIB } from "./leases.ts";

const [ENOENT, EBUSY, EEXIST, ENOLS] = [-2, -16, -17, -210];
/** Not even a second attempt. */
const ONCE = { max_retries: -1 };

async function modeOf(client: VgClient, lv: number): Promise<string> {
  const about = { lv_name: `lv${lv}`, lv_uuid: lvUuid(lv) };
  return (await client.ask("query_lock_lv", about)).get("mode") as string;
}

async function modes(client: VgClient, ...lvs: number[]): Promise<string[]> {
  const all: string[] = [];
  for (const lv of lvs) all.push(await modeOf(client, lv));
  return all;
}

async function restart(host: LvmHost, ...args: string[]): Promise<void> {
  await host.daemon.kill();
  await host.startDaemon({ args });
}

async function keptLocks(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("kept");
  const [a, b] = await vg.started(2, "enable") as [VgClient, VgClient];
  for (const lv of [1, 2, 3, 4]) assertEquals(await a.initLv(lv), 0);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "sh"), await b.lv(2, "sh")], [0, 0, 0]);
  assertEquals([await a.lv(3, "ex"), await a.lv(3, "un")], [0, 0]);
  assertEquals([await a.gl("ex"), await a.lock("ex")], [0, 0]);
  await hosts.host(1).daemon.kill();

  // While nobody serves, all of it stays held.
  assertEquals([await b.lv(1, "ex"), await b.lv(1, "sh", ONCE)], [HELD, HELD]);
  assertEquals([await b.lock("sh", ONCE), await b.gl("sh", ONCE)], [HELD, HELD]);
  assertEquals([await b.lv(2, "ex"), await b.lv(3, "ex")], [HELD, 0]);

  await hosts.host(1).startDaemon();
  const next = await vg.client(1);
  assertEquals(await modes(next, 1, 2, 3, 4), ["ex", "sh", "un", "un"]);
  assertEquals(await next.start(), EEXIST);
  // What clients held is free again, for both hosts.
  assertEquals([await b.gl("ex"), await b.lock("ex")], [0, 0]);
  assertEquals([await b.gl("un"), await b.lock("un")], [0, 0]);
  assertEquals([await next.gl("ex"), await next.lock("ex")], [0, 0]);
  // The locks are the daemon's own: converted and released as any other.
  assertEquals([await next.lv(1, "sh"), await b.lv(1, "sh")], [0, 0]);
  assertEquals([await next.lv(1, "ex"), await b.lv(1, "un"), await next.lv(1, "ex")], [HELD, 0, 0]);
  assertEquals([await next.lv(1, "un"), await b.lv(1, "ex")], [0, 0]);
  assertEquals([await b.lv(2, "un"), await next.lv(2, "ex"), await next.lv(2, "un")], [0, 0, 0]);
  assertEquals(await next.stop(), 0);
}

/** Both hosts want an LV when the daemon of one of them is killed: sanlock goes on with its call. */
async function killedWhileAsking(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("asking");
  const [a, b] = [await vg.client(3), await vg.client(4)];
  assertEquals(resultOf(await a.initVg()), 0);
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  for (const lv of [1, 2]) assertEquals(await a.initLv(lv), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  const { theirs } = await untilBusy(hosts.host(3), await vg.client(3), b);
  await restart(hosts.host(3));
  const next = await vg.client(3);
  assertEquals(await modeOf(next, 1), "ex");
  const mine = await modeOf(next, 2);
  assert(["un", "ex"].includes(mine) && [0, HELD].includes(await theirs));
  assertEquals(mine === "ex" && await theirs === 0, false, "both have it");
  for (const each of [next, b]) assert([0, ENOENT].includes(await each.lv(2, "un")));
  assertEquals([await b.lv(2, "ex"), await b.lv(2, "un")], [0, 0]);
  assertEquals([await next.lv(2, "ex"), await next.lv(2, "un")], [0, 0]);
  assertEquals([await next.lock("ex"), await next.lock("un")], [0, 0]);
  using last = await vg.client(3);
  assertEquals(await last.lv(1, "un"), 0);
}

/**
 * Both clients ask for the same LV again and again, until the sanlock of `host` lets the other one go
 * first and waits a while, as it does at random. The answer of the other one.
 */
async function untilBusy(
  host: LvmHost,
  a: VgClient,
  b: VgClient,
): Promise<{ theirs: Promise<number> }> {
  for (;;) {
    const before = host.sanlock.log.length;
    let answered = false;
    const mine = a.lv(2, "ex").catch(() => undefined).finally(() => answered = true);
    const theirs = b.lv(2, "ex");
    const delay = () =>
      Number(/retry delay (\d+) us/.exec(host.sanlock.log.slice(before))?.[1] ?? 0);
    await until("sanlock is done, or waits", () => answered || delay() > 0);
    if (!answered && delay() > LONG_US) return { theirs };
    await Promise.all([mine, theirs]);
    for (const client of [a, b]) assert([0, ENOENT].includes(await client.lv(2, "un")));
  }
}

/** Longer than a daemon takes to start. */
const LONG_US = 600_000;

/** Without the adopt file sanlock and the leases themselves tell what was held. */
async function withoutFile(hosts: Hosts): Promise<void> {
  const host = hosts.host(5);
  const [vg, long] = [await hosts.vg("filed"), await hosts.vg("n".repeat(59))];
  const clients = await Promise.all([vg.client(5), long.client(5)]);
  for (const client of clients) {
    assertEquals(resultOf(await client.initVg()), 0);
    assertEquals(await client.start(), 0);
    for (const lv of [1, 2, 3]) assertEquals(await client.initLv(lv), 0);
    assertEquals([await client.lv(1, "sh"), await client.lv(3, "ex")], [0, 0]);
  }
  await host.daemon.kill();
  await Deno.remove(`${host.place.directory}/adopt`);
  await host.startDaemon();
  for (const each of [vg, long]) {
    const client = await each.client(5);
    assertEquals(await modes(client, 1, 2, 3), ["sh", "un", "ex"]);
    assertEquals([await client.lv(1, "un"), await client.lv(3, "un")], [0, 0]);
    assertEquals(await client.stop(), 0);
  }
}

async function withoutAdoption(hosts: Hosts): Promise<void> {
  const host = hosts.host(6);
  const vg = await hosts.vg("unwanted");
  const client = await vg.client(6);
  assertEquals(resultOf(await client.initVg()), 0);
  assertEquals(await client.start(), 0);
  assertEquals(await client.initLv(1), 0);
  assertEquals(await client.lv(1, "ex"), 0);
  await restart(host, "--adopt", "0");
  const refused = await vg.client(6);
  assertEquals(await refused.lv(1, "sh"), ENOLS);
  assertEquals(await refused.start(), EEXIST);
  const json = { lockType: "sanlock", lockArgs: vg.args, wait: true } as const;
  const { start } = host.api.api.v1.lockspaces[":vg"];
  let detail = "";
  const told = async () => {
    detail = (await problemOf(start.$post({ param: { vg: vg.name }, query: {}, json }))).detail;
    return detail.includes("--adopt 1");
  };
  await until("it is said what to do", told, () => detail);
  await restart(host);
  const next = await vg.client(6);
  assertEquals(await modeOf(next, 1), "ex");
  assertEquals(await next.lv(1, "un"), 0);
  await killedWhileJoining(hosts, host);
}

/** sanlock goes on joining for the daemon that has died. */
async function killedWhileJoining(hosts: Hosts, host: LvmHost): Promise<void> {
  const vg = await hosts.vg("half");
  const client = await vg.client(6);
  assertEquals(resultOf(await client.initVg()), 0);
  assertEquals(await client.start({ opts: "none" }), 0);
  await restart(host);
  const next = await vg.client(6);
  let result = 0;
  const started = async () => [0, EEXIST].includes(result = await next.start());
  await until("the VG can be started", started, () => `${result}`);
  assertEquals([await next.lock("ex"), await next.lock("un"), await next.stop()], [0, 0, 0]);
}

/** Locks that neither this daemon nor one before it has taken keep sanlock in the lockspace. */
async function foreignOrphans(hosts: Hosts): Promise<void> {
  const host = hosts.host(7);
  const vg = await hosts.vg("foreign");
  const client = await vg.client(7);
  assertEquals(resultOf(await client.initVg()), 0);
  assertEquals(await client.start(), 0);
  for (const lv of [1, 2]) assertEquals(await client.initLv(lv), 0);
  await leaveOrphan(host, vg, 1);
  // Told apart from a lock of another host.
  assertEquals(await client.lv(1, "ex", { opts: "none" }), -222);
  assertEquals(await client.lv(2, "ex"), 0);
  assertEquals(await client.lv(2, "un"), 0);
  assertEquals(await client.stop(), EBUSY);
  // It goes on running, and can be used.
  assertEquals([await client.lock("ex"), await client.lv(2, "ex")], [0, 0]);
  assertEquals([await client.lv(2, "un"), await client.lock("un")], [0, 0]);
  assertEquals(await client.lv(1, "ex"), 0); // as activating it does
  assertEquals([await client.lv(1, "un"), await client.stop()], [0, 0]);
  // Dropping a VG drops whatever is held in it.
  assertEquals(await client.start(), 0);
  await leaveOrphan(host, vg, 1);
  assertEquals(await client.stop(), EBUSY);
  assertEquals(await client.result("drop_vg"), 0);
  assertEquals(await client.start(), 0);
  assertEquals([await client.lv(1, "ex"), await client.lv(1, "un"), await client.stop()], [
    0,
    0,
    0,
  ]);
}

/** A process takes the lease of an LV and ends. */
async function leaveOrphan(host: LvmHost, vg: SharedVg, lv: number): Promise<void> {
  const process = Host.start(host.sanlock);
  try {
    const connection = await process.connect();
    const offset = (66 + lv) * MIB;
    const flags = Res.align1m | Res.sector512 | Res.persistent;
    const about = { lockspace: `lvm_${vg.name}`, name: lvUuid(lv), path: vg.path, offset, flags };
    assertEquals(await connection.acquire(about, 8), 0);
  } finally {
    await process[Symbol.asyncDispose]();
  }
  const isOrphan = async () => (await host.sanlockTool("client", "status")).includes("ORPHAN");
  await until("the lock is an orphan", isOrphan);
}

Deno.test("daemons that are killed", async (t) => {
  await using hosts = await Hosts.start(7, { args: ["--kill-path", "/bin/true"] });
  await atTheSameTime(t, {
    "locks are kept, those of clients are let go": () => keptLocks(hosts),
    "killed while it asked for a lock": () => killedWhileAsking(hosts),
    "the adopt file is gone": () => withoutFile(hosts),
    "adoption is not wanted, or the join was not done": () => withoutAdoption(hosts),
    "locks of other processes": () => foreignOrphans(hosts),
  });
  const { errors } = hosts.host(1).daemon;
  assertStringIncludes(errors.text, "adopted 2 locks in VG kept");
});
