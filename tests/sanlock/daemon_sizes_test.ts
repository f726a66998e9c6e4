/**
 * Leases of every size that sanlock knows for 4 KiB sectors: found as they were formatted, given to
 * LVs, and locked without harm to their neighbours. (With 512 byte sectors there is one size, which
 * every other test uses.)
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { format4k, type LeaseMib } from "./daemon_format.ts";
import { Hosts } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { HELD, type VgClient } from "./daemon_vg.ts";
import { MIB } from "./leases.ts";

/** Slot of the lease of the first LV. */
const FIRST = 67;
/** A value block would lie as many slots further on as this, if leases of 1 MiB had one. */
const LVS = 8;

type Pair = [VgClient, VgClient];

async function used(hosts: Hosts, leaseMib: LeaseMib): Promise<void> {
  const vg = await hosts.vg(`size${leaseMib}`);
  await format4k(hosts.host(1), vg, leaseMib, LVS);
  const [a, b] = [await vg.client(1), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  for (let lv = 1; lv <= LVS; lv++) {
    assertEquals(await a.result("find_free_lock"), 0);
    assertEquals(await a.initLv(lv), 0);
    assertEquals(vg.lvArgs.get(lv), `1.0.0:${(FIRST + lv - 1) * leaseMib * MIB}`);
  }
  assertEquals(await a.result("find_free_lock"), -90);
  await change(hosts, leaseMib, [a, b]);
  for (let lv = 1; lv <= LVS; lv++) {
    assertEquals([lv, await a.lv(lv, "ex"), await b.lv(lv, "ex")], [lv, 0, HELD]);
    assertEquals([await a.lv(lv, "un"), await b.lv(lv, "ex"), await b.lv(lv, "un")], [0, 0, 0]);
  }
  assertEquals(await Promise.all([a.lv(1, "sh"), b.lv(1, "sh")]), [0, 0]);
  assertEquals(await Promise.all([a.lv(1, "un"), b.lv(1, "un")]), [0, 0]);
  assertEquals(await a.freeLv(LVS), 0);
  assertEquals([await b.initLv(9), vg.lvArgs.get(9)], [0, vg.lvArgs.get(LVS)]);
  assertEquals(await Promise.all([a.stop(), b.stop()]), [0, 0]);
}

/** The VG lock is held and written by both hosts; its version travels where leases have room for it. */
async function change(hosts: Hosts, leaseMib: LeaseMib, [a, b]: Pair): Promise<void> {
  for (const [client, version] of [[a, 5], [b, 6]] as const) {
    assertEquals(await client.lock("ex"), 0);
    assertEquals(await client.result("vg_update", { version }), 0);
    assertEquals(await client.lock("un"), 0);
  }
  assertEquals(await a.lock("sh"), 0);
  const query = { vg: a.vg.name, type: "vg" as const };
  const { resources } = await answerOf(hosts.host(1).api.api.v1.locks.$get({ query }));
  assertEquals(resources[0]!.version, leaseMib === 8 ? 6 : 5);
  assertEquals(await a.lock("un"), 0);
}

Deno.test("leases for 4 KiB sectors", async (t) => {
  await using hosts = await Hosts.start(2);
  await atTheSameTime(t, {
    "1 MiB each": () => used(hosts, 1),
    "2 MiB each": () => used(hosts, 2),
    "4 MiB each": () => used(hosts, 4),
    "8 MiB each": () => used(hosts, 8),
  });
});
