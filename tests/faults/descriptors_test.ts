/**
 * A daemon that has no descriptors left: it loses no lock, gives no VG up, and serves everyone again
 * as soon as somebody closes something.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Place, until } from "../integration/daemon.ts";
import { listLocks, VG } from "../integration/target.ts";
import { Hosts, type LvmHost } from "../sanlock/daemon_hosts.ts";
import { HELD, lvUuid, type VgClient } from "../sanlock/daemon_vg.ts";

const LVS = [1, 2, 3, 4];
/** Descriptors that the daemon may still open. */
const ROOM = 3;
/** Descriptors of a daemon in all, in a place that allows few. */
const FEW = 300;
/** How long it has none, in milliseconds: it looks after its leases once a second. */
const WITHOUT_MS = 3000;

/** Sets how many descriptors the running daemon may have. */
async function limit(host: LvmHost, files: number): Promise<void> {
  const args = [`--pid=${host.daemon.pid}`, `--nofile=${files}:`];
  const { success } = await new Deno.Command("prlimit", { args }).output();
  assert(success);
}

/** More connections than the daemon has descriptors for. */
async function crowd(path: string, count: number): Promise<Deno.UnixConn[]> {
  const all: Deno.UnixConn[] = [];
  while (all.length < count) {
    try {
      all.push(await Deno.connect({ transport: "unix", path }));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error; // so many wait already
    }
  }
  return all;
}

async function expectHeld(host: LvmHost, mode: string): Promise<void> {
  const { held } = await listLocks(host.place.api);
  assertEquals(held.sort(), LVS.map((lv) => `${lvUuid(lv)} ${mode} persistent`));
}

Deno.test("a daemon without descriptors loses nothing and recovers", async () => {
  await using hosts = await Hosts.start(2, { notesKills: true });
  const [host, other] = [hosts.host(1), hosts.host(2)];
  const vg = await hosts.vg("crowded");
  const [own, elsewhere] = await vg.started(2, "enable") as [VgClient, VgClient];
  for (const lv of LVS) assertEquals([await own.initLv(lv), await own.lv(lv, "ex")], [0, 0]);
  const before = host.daemon.files.length;
  await limit(host, before + ROOM);
  const native = await crowd(host.place.socket, 20);
  await until("no descriptor is left", () => host.daemon.files.length >= before + ROOM);

  // Meanwhile sanlock is asked for its hosts, in vain, and the adopt file is made anew.
  const end = performance.now() + WITHOUT_MS;
  for (let i = 0; performance.now() < end; i++) {
    assertEquals(await own.lv(LVS[i % LVS.length]!, i % 8 < 4 ? "sh" : "ex"), 0);
  }
  for (const connection of native) connection.close();
  await until("descriptors are free", () => host.daemon.files.length < before + ROOM);
  await limit(host, 1024);
  for (const lv of LVS) {
    const results = [await own.lv(lv, "un"), await own.lv(lv, "ex"), await elsewhere.lv(lv, "ex")];
    assertEquals(results, [0, 0, HELD]);
  }
  await expectHeld(host, "ex");
  assertEquals([host.kills, other.kills], [[], []]);
});

Deno.test("crowds at both sockets of a daemon with few descriptors pass by", async () => {
  await using place = await Place.open("embedded");
  const daemon = await place.start({ before: ["prlimit", `--nofile=${FEW}:${FEW}`] });
  using client = await place.connect();
  await client.startVg(VG);
  assertEquals(await client.lockLv(VG, lvUuid(1), "ex"), 0);
  const before = daemon.files.length;
  const crowds = [await crowd(place.api, 400), await crowd(place.socket, 400)];
  assertEquals(await client.lockLv(VG, lvUuid(1), "sh"), 0);
  for (const connection of crowds.flat()) connection.close();
  await until("they are gone", () => daemon.files.length <= before);
  assertEquals((await listLocks(place.api)).held, [`${lvUuid(1)} sh persistent`]);
  using next = await place.connect();
  assertEquals([await next.lockVg(VG, "ex"), await next.lockVg(VG, "un")], [0, 0]);
});
