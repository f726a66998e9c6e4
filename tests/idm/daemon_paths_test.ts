/**
 * PV paths as requests bring them: too many, none, strange ones. What the drives are is the manager's
 * business; the daemon passes paths on as they are, or refuses all of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Fields } from "../integration/conversation.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { IdmHosts } from "./daemon_hosts.ts";
import { pvFields, resultOf, type VgClient } from "./daemon_vg.ts";

const [EINVAL, ELOCKIO] = [-22, -218];

const many = (count: number) => Array.from({ length: count }, (_, i) => `/dev/sda${i + 1}`);

async function lockOn(client: VgClient, paths: string[]): Promise<[number, number]> {
  const reply = await client.askLv(1, "ex", {}, paths);
  const result = resultOf(reply);
  if (result === 0) assertEquals(await client.lv(1, "un"), 0);
  return [result, reply.get("lm_result") as number];
}

/** The paths that the manager got last. */
function passedOn(hosts: IdmHosts): string {
  const call = hosts.host(1).ilm.calls.findLast((line) => line.includes(" ilm_lock "))!;
  return / drives=(.*) result=/.exec(call)![1]!;
}

async function numbers(hosts: IdmHosts): Promise<void> {
  const [a] = await hosts.vg("numbers").started(1) as [VgClient];
  assertEquals(await lockOn(a, many(1)), [0, 0]);
  assertEquals(await lockOn(a, many(511)), [0, 0]);
  for (const count of [512, 513, 600]) assertEquals((await lockOn(a, many(count)))[0], EINVAL);
  assertEquals((await lockOn(a, []))[0], EINVAL);
  const strange: Fields[] = [
    { path_num: 0 },
    { path_num: -1 },
    { path_num: 2147483647 },
    { path_num: 3, "path[7]": "/dev/sda" },
    { path_num: "many" },
    { path_num: 1, "path[0]": "" },
    { path_num: 1, "path[0]": "none" },
    { path: "/dev/sda" },
  ];
  for (const fields of strange) {
    const reply = await a.askLv(1, "ex", fields, []);
    assertEquals(resultOf(reply), EINVAL, JSON.stringify(fields));
  }
  // What is missing is left out, the others keep their order.
  const gaps = { path_num: 9, "path[8]": "/dev/sdb", "path[2]": "/dev/sdc", "path[5]": "none" };
  assertEquals(resultOf(await a.askLv(1, "ex", gaps, [])), 0);
  assertEquals(passedOn(hosts), "/dev/sdc,/dev/sdb");
  assertEquals(await a.lv(1, "un"), 0);
}

/** A byte string as text. */
function decoded(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}

async function texts(hosts: IdmHosts): Promise<void> {
  const [a] = await hosts.vg("texts").started(1) as [VgClient];
  const paths = [
    "/dev/disk/by-id/\xc3\xa9$(touch pwned);`x`|&", // a byte string
    "relative",
    "../../../../etc/passwd",
    "/",
    "/dev/sda1 and blanks",
    "%s%n%p",
    "/".repeat(4000),
  ];
  for (const path of paths) {
    const [result, raw] = await lockOn(a, [path]);
    assertEquals([result, raw], [ELOCKIO, -12], path);
    if (path.length < 100) assertEquals(passedOn(hosts), decoded(path));
  }
  for (const length of [4096, 5000]) {
    const [result] = await lockOn(a, ["/dev/".padEnd(length, "x")]);
    assertEquals(result, EINVAL, `${length}`);
  }
  assertEquals(await lockOn(a, ["/dev/sda", "/dev/nowhere", "/dev/sdb2"]), [0, 0]);
  assertEquals(await lockOn(a, ["/dev/sda", "/dev/nowhere"]), [ELOCKIO, -12]);
}

async function starts(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("starts");
  const a = await vg.client(1);
  for (const paths of [[], many(512), ["/dev/".padEnd(5000, "x")]]) {
    assertEquals(await a.start({}, paths), EINVAL);
  }
  for (const uuid of ["", "short", "V".repeat(40), "../../VVVVVVVVVVVVVVVVVVVVVVVVVV"]) {
    assert(await a.start({ vg_uuid: uuid }) < 0, uuid);
  }
  assertEquals(await a.start({}, ["/dev/nowhere"]), 0);
  assertEquals(await a.lock("ex"), ELOCKIO);
  assertEquals(await a.stop(), 0);
  // The drives are the ones of the last start, also if it was refused because the VG runs.
  assertEquals(await a.start({}, ["/dev/nowhere"]), 0);
  assertEquals(await a.start(pvFields(["/dev/sda"]), []), -17);
  assertEquals([await a.lock("ex"), await a.lock("un")], [0, 0]);
  for (const lv_uuid of ["", "short", "L".repeat(33)]) {
    assertEquals(await a.lv(1, "ex", { lv_uuid }) < 0, true, lv_uuid);
  }
}

Deno.test("paths of PVs", async (t) => {
  await using hosts = await IdmHosts.start({ hosts: 1 });
  await t.step("their number", () => numbers(hosts));
  await t.step("their text", () => texts(hosts));
  await atTheSameTime(t, { "when a VG is started": () => starts(hosts) });
  const [b] = await hosts.vg("last").started(1) as [VgClient];
  assertEquals([await b.lv(1, "ex"), await b.lv(1, "un")], [0, 0]);
});
