/**
 * Locks between two hosts: who gets one, conversions, which drives are asked, and the time of
 * the last change that travels with a VG's lock. Each scene has a VG of its own.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { problemOf } from "../integration/http_daemon.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { IdmHosts } from "./daemon_hosts.ts";
import { HELD, lvUuid, resultOf, type VgClient } from "./daemon_vg.ts";
import { Driver, EX, SH } from "./driver.ts";

const EALREADY = -114;

type Pair = [VgClient, VgClient];

async function exclusion(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("exclusion");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(vg.lvMutex("sda", 1)?.members.map(({ pid }) => pid), [hosts.host(1).daemon.pid]);
  assertEquals(await a.lv(1, "ex"), EALREADY);
  for (const mode of ["ex", "sh"]) {
    const refused = await b.askLv(1, mode);
    assertEquals([resultOf(refused), refused.get("lm_result")], [HELD, -1]);
  }
  await overHttp(hosts, vg.name);
  assertEquals(await a.lv(1, "un"), 0);
  assertEquals(await b.lv(1, "ex"), 0);
  assertEquals(await a.lv(1, "ex"), HELD);
  assertEquals([await b.lv(1, "un"), await a.lv(1, "un")], [0, -2]);
  assertEquals(vg.lvMutex("sdc", 1)?.members, []);
}

/** The same refusal as HTTP tells it. */
async function overHttp(hosts: IdmHosts, vg: string): Promise<void> {
  const json = {
    type: "lv" as const,
    vg,
    lvUuid: lvUuid(1),
    lockArgs: "idm",
    mode: "ex" as const,
    persistent: true,
    pvPaths: ["/dev/sda1", "/dev/sdb1", "/dev/sdc1"],
  };
  const two = hosts.host(2).api.api.v1;
  const problem = await problemOf(two.locks.$post({ query: {}, json }));
  assertEquals([problem.status, problem.code], [409, "EAGAIN"]);
  assertMatch(problem.detail, /1 other host has it/);
}

async function sharing(hosts: IdmHosts): Promise<void> {
  const [a, b] = await hosts.vg("sharing").started(2) as Pair;
  assertEquals(await Promise.all([a.lv(1, "sh"), b.lv(1, "sh")]), [0, 0]);
  for (const client of [a, b]) {
    assertEquals(await client.lv(1, "ex"), HELD); // a conversion: the shared lock stays
    assertEquals(await client.lv(1, "sh"), EALREADY);
  }
  assertEquals(await b.lv(1, "un"), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await b.lv(1, "sh"), HELD);
  assertEquals([await a.lv(1, "sh"), await b.lv(1, "sh")], [0, 0]);
  assertEquals(await a.lv(1, "ex"), HELD);
  assertEquals([await a.lvMode(1), await b.lvMode(1)], ["sh", "sh"]);
  assertEquals(await Promise.all([a.lv(1, "un"), b.lv(1, "un")]), [0, 0]);
}

async function manyAtOnce(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("crowd");
  const [a, b] = await vg.started(2) as Pair;
  const crowd = await Promise.all([1, 2, 1, 2, 1, 2].map((host) => vg.client(host)));
  assertEquals(await Promise.all(crowd.map((client) => client.lock("sh"))), Array(6).fill(0));
  for (const client of crowd) assertEquals(await client.lock("un"), 0);
  const lvs = [1, 2, 3, 4, 5, 6];
  const taken = await Promise.all(crowd.map((client, i) => client.lv(lvs[i]!, "ex")));
  assertEquals(taken, Array(6).fill(0));
  // Each LV is had by one host, whoever asks.
  for (const lv of lvs) {
    const both = await Promise.all([a.lv(lv, "ex"), b.lv(lv, "ex")]);
    assertEquals(both, lv % 2 === 1 ? [EALREADY, HELD] : [HELD, EALREADY]);
  }
}

async function waiting(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("waiting");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.lock("ex"), 0);
  const before = hosts.host(2).ilm.calls.length;
  assertEquals(await b.lock("ex"), HELD); // once, for the manager itself has tried for a while
  const asked = hosts.host(2).ilm.calls.slice(before).filter((line) =>
    line.includes(" ilm_lock ") && line.includes(hexOf(vg.uuid))
  );
  assertEquals(asked.length, 1);
  const { ilm } = hosts.host(2);
  ilm.hold("lock");
  const patient = b.lock("ex");
  await until("the other host asks", () => ilm.isHeld("lock"));
  assertEquals(await a.lock("un"), 0);
  ilm.release();
  assertEquals(await patient, 0);
  assertEquals(await b.lock("un"), 0);
}

const hexOf = (uuid: string) =>
  [...uuid.replaceAll("-", "")].map((c) => c.charCodeAt(0).toString(16)).join("");

/** The version of a VG that a host has told of last. */
async function versionOn(hosts: IdmHosts, host: number, vg: string): Promise<number | undefined> {
  const { locks } = hosts.host(host).api.api.v1;
  const { resources } = await answerOf(locks.$get({ query: { vg, type: "vg" } }));
  return resources[0]?.version;
}

/** The drives say when a VG was changed last, not its version. */
async function changes(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("changes");
  const [a, b] = await vg.started(2) as Pair;
  const look = async (client: VgClient, mode: string) => {
    assertEquals([await client.lock(mode), await client.lock("un")], [0, 0]);
  };
  const lastChange = () => {
    const times = ["sda", "sdb", "sdc"].map((drive) => vg.mutex(drive)!.value);
    assertEquals(new Set(times).size, 1);
    return times[0]!;
  };
  await look(b, "sh");
  assertEquals(lastChange(), 0n);
  assertEquals(await a.change(7), [0, 0, 0]);
  const first = lastChange();
  const now = BigInt(Date.now()) * 1000n;
  assert(first <= now && first > now - 60_000_000n);
  for (const [client, mode] of [[b, "sh"], [a, "sh"], [b, "ex"], [a, "ex"]] as const) {
    await look(client, mode);
    assertEquals(lastChange(), first); // looking is no change
  }
  assertEquals(await b.change(8), [0, 0, 0]);
  const second = lastChange();
  assert(second > first);
  assertEquals(await a.change(9), [0, 0, 0]);
  assert(lastChange() > second);
  assertEquals(await a.lock("sh"), 0);
  assertEquals(await versionOn(hosts, 1, vg.name), 9);
  assertEquals(await a.result("vg_update", { version: 10 }), -22); // not exclusive
  assertEquals(await a.lock("un"), 0);
  // A conversion writes it as well; others see it when the writer has released the lock.
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("vg_update", { version: 10 }), 0);
  const third = lastChange();
  assertEquals([await a.lock("sh"), lastChange()], [0, third]);
  assertEquals(await a.lock("un"), 0);
  assert(lastChange() > third);
}

/** Of hosts whose clocks differ, and of locks that were broken. */
async function times(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("clocks");
  const [a] = await vg.started(1) as [VgClient];
  await using other = await Driver.start(hosts.host(2).ilm);
  const connection = await other.connect();
  const id = vg.uuid.replaceAll("-", "");
  const { drives } = vg;
  const leave = async (hex: string) => {
    assertEquals(await connection.lock(id, EX, { drives }), 0);
    assertEquals(await connection.write(id, hex), 0);
    assertEquals(await connection.unlock(id), 0);
  };
  const ahead = 0x00f0_0000_0000_0000n;
  await leave("000000000000f000");
  assertEquals(await a.change(6), [0, 0, 0]);
  assertEquals(vg.mutex("sda")!.value, ahead + 1n); // never the same again
  assertEquals(await a.change(7), [0, 0, 0]);
  assertEquals(vg.mutex("sda")!.value, ahead + 2n);
  await leave("0100000000000000"); // back in the past
  assertEquals(await a.change(8), [0, 0, 0]);
  const now = BigInt(Date.now()) * 1000n;
  const sane = (time: bigint) => time <= now + 60_000_000n && time > now - 60_000_000n;
  assert(sane(vg.mutex("sda")!.value));
  await leave("ffffffffffffff00"); // what a broken lock leaves is no time
  assertEquals(await a.change(9), [0, 0, 0]);
  assert(sane(vg.mutex("sda")!.value));
}

async function drivesOfLvs(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("drives");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(resultOf(await a.askLv(1, "ex", {}, ["/dev/sdb2", "/dev/sdb1"])), 0);
  assertEquals(vg.lvMutex("sda", 1), undefined);
  assertEquals(vg.lvMutex("sdb", 1)?.mode, EX);
  // The VG's own lock is on all of its drives, in the order in which LVM has said them.
  assertEquals(await b.lock("sh"), 0);
  const locked = hosts.host(2).ilm.calls.find((line) =>
    line.includes(" ilm_lock ") && line.includes(hexOf(vg.uuid) + "0".repeat(64))
  )!;
  assertMatch(locked, / mode=2 timeout=60000 drives=\/dev\/sda1,\/dev\/sdb1,\/dev\/sdc1 result=0$/);
  assertEquals(vg.mutex("sdc")?.mode, SH);
  assertEquals(await b.lock("un"), 0);
  // A start of a VG that runs brings its present list of drives.
  assertEquals(await b.start({}, ["/dev/sda1"]), -17);
  assertEquals(await b.lock("sh"), 0);
  assertEquals([vg.mutex("sda")?.mode, vg.mutex("sdb")?.mode], [SH, 0]);
  assertEquals(await b.lock("un"), 0);
  assertEquals(await a.lv(1, "un"), 0);
}

Deno.test("locks between two hosts", async (t) => {
  await using hosts = await IdmHosts.start();
  await atTheSameTime(t, {
    "one has an exclusive lock, the other is told so": () => exclusion(hosts),
    "shared locks, and conversions that are in each other's way": () => sharing(hosts),
    "many clients at once": () => manyAtOnce(hosts),
    "a change leaves its time on the drives": () => changes(hosts),
    "clocks that differ": () => times(hosts),
    "each lock on the drives that it is about": () => drivesOfLvs(hosts),
  });
  await t.step("a lock that gets free is had by who waits", () => waiting(hosts));
});
