/**
 * Daemons that end or die and are started again while LVs are active. The manager lets go of what a
 * process had when it ends: the next daemon takes the locks again, and says so where another host was
 * faster.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { IdmHosts } from "./daemon_hosts.ts";
import { HELD, lvUuid, type VgClient } from "./daemon_vg.ts";
import { EX, SH } from "./driver.ts";

const [EEXIST, ENOLS] = [-17, -210];

async function modes(client: VgClient, ...lvs: number[]): Promise<string[]> {
  const all: string[] = [];
  for (const lv of lvs) all.push(await client.lvMode(lv));
  return all;
}

async function takenAgain(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("again");
  const host = hosts.host(1);
  const [a, b] = [await vg.client(1), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "sh"), await b.lv(2, "sh")], [0, 0, 0]);
  assertEquals([await a.lv(3, "ex"), await a.lv(3, "un"), await a.lock("ex")], [0, 0, 0]);
  assertEquals([await a.lv(4, "ex"), await a.lv(4, "sh")], [0, 0]);
  assertEquals([await a.lv(5, "ex", { opts: "none" })], [0]); // a client's own
  await host.killDaemon();
  await host.startDaemon();
  const next = await vg.client(1);
  assertEquals(await modes(next, 1, 2, 3, 4, 5), ["ex", "sh", "un", "sh", "un"]);
  assertEquals(await next.start(), EEXIST);
  assertEquals([1, 2, 4].map((lv) => vg.lvMutex("sdb", lv)?.mode), [EX, SH, SH]);
  assertEquals(vg.lvMutex("sda", 1)?.members.map(({ pid }) => pid), [host.daemon.pid]);
  assertEquals([await b.lv(1, "ex"), await b.lv(4, "ex")], [HELD, HELD]);
  assertEquals([await b.lv(3, "ex"), await b.lv(5, "ex"), await b.lock("ex")], [0, 0, 0]);
  assertEquals(await b.lock("un"), 0);
  // They are the daemon's own: converted and released as any other.
  assertEquals([await next.lv(1, "sh"), await b.lv(1, "sh")], [0, 0]);
  assertEquals([await next.lv(1, "un"), await b.lv(1, "ex")], [0, 0]);
  assertEquals([await b.lv(2, "un"), await next.lv(2, "ex")], [0, 0]);
  assertEquals([await next.lv(2, "un"), await next.lv(4, "un"), await next.stop()], [0, 0, 0]);
}

async function takenMeanwhile(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("meanwhile");
  const host = hosts.host(3);
  const [a, b] = [await vg.client(3), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "ex")], [0, 0]);
  await host.killDaemon();
  assertEquals(await b.lv(1, "ex"), 0);
  await host.startDaemon();
  const next = await vg.client(3);
  await until("the other lock is taken", async () => await next.lvMode(2) === "ex");
  assertEquals(await next.lvMode(1), "un");
  assertEquals(vg.lvMutex("sda", 1)?.members.map(({ pid }) => pid), [hosts.host(2).daemon.pid]);
  const line = await host.daemon.errors.line(/two hosts use it/);
  assertStringIncludes(line, lvUuid(1));
  assertEquals([await next.lv(1, "ex"), await b.lv(1, "un"), await next.lv(1, "ex")], [HELD, 0, 0]);
}

/** The manager and the drives are not what they were when the next daemon starts. */
async function inTrouble(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("trouble");
  const host = hosts.host(4);
  const [a, b] = [await vg.client(4), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals(await a.lv(1, "ex"), 0);
  await host.killDaemon();
  assertEquals([await b.lv(1, "sh"), await b.lv(1, "un")], [0, 0]);
  host.ilm.stopManager();
  await host.startDaemon();
  const lost = await vg.client(4);
  assert([ENOLS, -214, -116, -218].includes(await lost.lv(1, "ex")));
  await host.killDaemon();
  host.ilm.startManager();
  // The record of the lock outlives a daemon that could not take it.
  await host.startDaemon();
  const next = await vg.client(4);
  assertEquals([await next.start(), await next.lvMode(1)], [EEXIST, "ex"]);
  assertEquals(await b.lv(1, "ex"), HELD);
}

async function withoutAdoption(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("forgotten");
  const host = hosts.host(5);
  const a = await vg.client(5);
  assertEquals([await a.start(), await a.lv(1, "ex")], [0, 0]);
  await host.killDaemon();
  await host.startDaemon({ args: ["-A", "0"] });
  const next = await vg.client(5);
  assertEquals(await next.lvMode(1), "iv"); // the VG is not started
  assertEquals([await next.start(), await next.lvMode(1)], [0, "un"]);
  assertEquals(await next.lv(1, "ex"), 0);
}

/** SIGUSR2: an update of the daemon while LVs are active. */
async function handedOver(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("handed-over");
  const host = hosts.host(6);
  const [a, b] = [await vg.client(6), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "sh")], [0, 0]);
  a[Symbol.dispose](); // a command that is connected would be waited for
  host.daemon.signal("SIGUSR2");
  assertEquals((await host.daemon.ended()).code, 0);
  await host.startDaemon();
  const next = await vg.client(6);
  assertEquals(await modes(next, 1, 2), ["ex", "sh"]);
  assertEquals([await b.lv(1, "ex"), await b.lv(2, "sh")], [HELD, 0]);
  // When it ends with nothing held, nothing is left to take over.
  assertEquals([await next.lv(1, "un"), await next.lv(2, "un"), await next.stop()], [0, 0, 0]);
  host.daemon.signal("SIGTERM");
  assertEquals((await host.daemon.ended()).code, 0);
  await host.startDaemon();
  const last = await vg.client(6);
  assertEquals(await last.lv(1, "ex"), ENOLS);
  assertMatch(host.daemon.errors.text, /lvmlockd started/);
}

Deno.test("daemons that are started again", async (t) => {
  await using hosts = await IdmHosts.start({ hosts: 6 });
  await atTheSameTime(t, {
    "locks are taken again": () => takenAgain(hosts),
    "another host has taken one meanwhile": () => takenMeanwhile(hosts),
    "there is no manager at first": () => inTrouble(hosts),
    "nothing is taken again if that is not wanted": () => withoutAdoption(hosts),
    "one daemon hands over to the next": () => handedOver(hosts),
  });
});
