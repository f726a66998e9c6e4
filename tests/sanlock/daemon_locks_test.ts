/**
 * Locks between hosts: who gets one, what the other is told and how often it tries, conversions, and
 * the version that travels with a VG's lock. Each scene has a VG of its own.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { problemOf } from "../integration/http_daemon.ts";
import { Hosts } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { HELD, lvUuid, ownerOf, resultOf, type SharedVg, type VgClient } from "./daemon_vg.ts";

const EALREADY = -114;

type Pair = [VgClient, VgClient];

async function startedVg(hosts: Hosts, name: string): Promise<[SharedVg, VgClient, VgClient]> {
  const vg = await hosts.vg(name);
  const [a, b] = await vg.started(2) as Pair;
  for (const lv of [1, 2, 3]) assertEquals(await a.initLv(lv), 0);
  return [vg, a, b];
}

/** Waits until the host of `client` has seen the other one renew its lease. */
async function seesTheOther(hosts: Hosts, host: number, vgName: string): Promise<void> {
  const seen = async () => {
    const text = await hosts.host(host).sanlockTool("client", "host_status", "-s", `lvm_${vgName}`);
    return text.split("\n").filter((line) => /^\d+ timestamp [1-9]/.test(line)).length === 2;
  };
  await until("both hosts are seen", seen);
}

async function exclusion(hosts: Hosts): Promise<void> {
  const [vg, a, b] = await startedVg(hosts, "exclusion");
  await seesTheOther(hosts, 2, vg.name);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await a.lv(1, "ex"), EALREADY);
  const refused = await b.askLv(1, "ex");
  assertEquals([resultOf(refused), refused.get("lm_result")], [HELD, -243]);
  assertMatch(ownerOf(refused), /^host 1 \(host1\) (LIVE|UNKNOWN)$/);
  const shared = await b.askLv(1, "sh", { max_retries: 0 });
  assertEquals([resultOf(shared), shared.get("owner_host_id")], [HELD, 1]);
  await overHttp(hosts, vg);
  assertEquals(await a.lv(1, "un"), 0);
  assertEquals(await b.lv(1, "ex"), 0);
  assertEquals(await a.lv(1, "ex"), HELD);
  assertEquals(await b.lv(1, "un"), 0);
}

/** The same refusal as HTTP tells it, and the listing of the host that has the lock. */
async function overHttp(hosts: Hosts, vg: SharedVg): Promise<void> {
  const json = {
    type: "lv" as const,
    vg: vg.name,
    lvUuid: lvUuid(1),
    lockArgs: vg.lvArgs.get(1)!,
    mode: "ex" as const,
    persistent: true,
  };
  const [one, two] = [hosts.host(1).api.api.v1, hosts.host(2).api.api.v1];
  const problem = await problemOf(two.locks.$post({ query: {}, json }));
  assertEquals([problem.status, problem.code, problem.retryable], [409, "EAGAIN", true]);
  assertMatch(problem.detail, /host 1 \(host1\)/);
  const { hostId, name } = problem.blockedBy!;
  assertEquals([hostId, name], [1, "host1"]);
  const { resources } = await answerOf(one.locks.$get({ query: { vg: vg.name } }));
  assertEquals(resources.map(({ lvUuid, mode }) => [lvUuid, mode]), [[lvUuid(1), "ex"]]);
}

async function sharing(hosts: Hosts): Promise<void> {
  const [, a, b] = await startedVg(hosts, "sharing");
  assertEquals(await Promise.all([a.lv(1, "sh"), b.lv(1, "sh")]), [0, 0]);
  for (const client of [a, b]) {
    assertEquals(await client.lv(1, "ex"), HELD); // a conversion: the shared lock stays
    assertEquals(await client.lv(1, "sh"), EALREADY);
  }
  assertEquals(await b.lv(1, "un"), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  const refused = await b.askLv(1, "sh", { max_retries: 0 });
  assertEquals([resultOf(refused), refused.get("owner_host_id")], [HELD, 1]);
  assertEquals(await a.lv(1, "sh"), 0);
  assertEquals(await b.lv(1, "sh"), 0);
  const converting = await a.askLv(1, "ex");
  assertEquals([resultOf(converting), converting.get("owner_host_id")], [HELD, 2]);
  assertEquals(await Promise.all([a.lv(1, "un"), b.lv(1, "un")]), [0, 0]);
}

async function manyAtOnce(hosts: Hosts): Promise<void> {
  const [vg, a, b] = await startedVg(hosts, "crowd");
  const crowd = await Promise.all([1, 2, 1, 2, 1, 2].map((host) => vg.client(host)));
  const results = await Promise.all(crowd.map((client) => client.lock("sh")));
  assertEquals(results, [0, 0, 0, 0, 0, 0]);
  for (const client of crowd) assertEquals(await client.lock("un"), 0);
  const both = await Promise.all([a, b].map((client) => client.lv(2, "ex")));
  assertEquals(both.toSorted(), [0, HELD].toSorted());
  assertEquals(await (both[0] === 0 ? a : b).lv(2, "un"), 0);
}

async function retries(hosts: Hosts): Promise<void> {
  const [, a, b] = await startedVg(hosts, "retries");
  assertEquals(await a.lock("ex"), 0);
  const patient = b.ask("lock_vg", { mode: "ex", opts: "none" });
  // Its first attempt has failed when the owner of the lock was found out.
  await until(
    "the other host has tried",
    () => hosts.host(2).daemon.errors.text.includes("retries is held by host 1"),
  );
  assertEquals(await a.lock("un"), 0);
  assertEquals(resultOf(await patient), 0);
  assertEquals(await b.lock("un"), 0);
  // A shared LV lock is tried again as well, an exclusive one is not.
  assertEquals(await a.lv(1, "ex"), 0);
  const shared = b.lv(1, "sh");
  await until(
    "the other host has tried",
    () => hosts.host(2).daemon.errors.text.includes(`${lvUuid(1)} in VG retries is held`),
  );
  assertEquals(await a.lv(1, "un"), 0);
  assertEquals(await shared, 0);
  assertEquals(await a.lv(1, "ex"), HELD);
  assertEquals(await b.lv(1, "un"), 0);
}

/** The version of a VG's lock that a host knows. */
async function versionOn(hosts: Hosts, host: number, vg: string): Promise<number | undefined> {
  const { locks } = hosts.host(host).api.api.v1;
  const { resources } = await answerOf(locks.$get({ query: { vg, type: "vg" } }));
  return resources[0]?.version;
}

async function versions(hosts: Hosts): Promise<void> {
  const [vg, a, b] = await startedVg(hosts, "versions");
  const change = async (client: VgClient, version: number) => {
    assertEquals(await client.lock("ex"), 0);
    assertEquals(await client.result("vg_update", { version }), 0);
    assertEquals(await client.lock("un"), 0);
  };
  const seenBy = async (host: number, client: VgClient) => {
    assertEquals(await client.lock("sh"), 0);
    const version = await versionOn(hosts, host, vg.name);
    assertEquals(await client.lock("un"), 0);
    return version;
  };
  assertEquals(await seenBy(2, b), 0);
  await change(a, 7);
  assertEquals(await seenBy(2, b), 7);
  assertEquals(await a.lock("sh"), 0);
  assertEquals(await a.result("vg_update", { version: 9 }), -22); // not exclusive
  assertEquals(await a.lock("un"), 0);
  assertEquals(await a.result("vg_update", { version: 9 }), -2);
  // A conversion writes it as well, while the lock is kept.
  assertEquals(await b.lock("ex"), 0);
  assertEquals(await b.result("vg_update", { opts: "next_version" }), 0);
  assertEquals(await b.lock("sh"), 0);
  assertEquals(await seenBy(1, a), 8);
  assertEquals(await b.lock("un"), 0);
  await change(b, 4_294_967_295);
  assertEquals(await seenBy(1, a), 4_294_967_295);
}

async function holdersThatHang(hosts: Hosts): Promise<void> {
  const [vg, a, b] = await startedVg(hosts, "hanging");
  assertEquals(await a.lv(1, "ex"), 0);
  const { daemon } = hosts.host(1);
  daemon.signal("SIGSTOP"); // sanlock goes on renewing for it
  assertEquals(await b.lv(1, "ex"), HELD);
  assertEquals(await b.lv(2, "ex"), 0);
  daemon.signal("SIGCONT");
  assertEquals(await a.lv(2, "ex"), HELD);
  assertEquals(await a.lv(1, "un"), 0);
  assertEquals(await b.lv(1, "ex"), 0);
  const listed = await answerOf(
    hosts.host(2).api.api.v1.locks.$get({ query: { vg: vg.name, mode: "ex" } }),
  );
  assertEquals(listed.resources.map(({ lvUuid }) => lvUuid).toSorted(), [lvUuid(1), lvUuid(2)]);
  for (const lv of [1, 2]) assertEquals(await b.lv(lv, "un"), 0);
}

Deno.test("locks between two hosts", async (t) => {
  await using hosts = await Hosts.start(2);
  await atTheSameTime(t, {
    "one has an exclusive lock, the other is told who": () => exclusion(hosts),
    "shared locks, and conversions that are in each other's way": () => sharing(hosts),
    "many clients at once": () => manyAtOnce(hosts),
    "a lock that gets free is had by who tries again": () => retries(hosts),
    "the version travels with the VG's lock": () => versions(hosts),
  });
  await t.step("a daemon that hangs keeps its locks", () => holdersThatHang(hosts));
});
