/**
 * Removing and renaming VGs, for which no other host may use them, and what people see of the locks.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { IdmHosts } from "./daemon_hosts.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";

const [EBUSY, EINVAL] = [-16, -22];

type Pair = [VgClient, VgClient];

async function removed(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("removed");
  const [a, b] = await vg.started(2) as Pair;
  // As vgremove does: the global lock would be held as well.
  assertEquals([await a.lock("sh"), await b.lock("sh")], [0, 0]);
  assertEquals(await a.result("busy_vg"), EBUSY);
  assertEquals(await a.result("free_vg") < 0, true);
  assertEquals([await b.lock("un"), await a.lock("un")], [0, 0]);
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("busy_vg"), 0);
  assertEquals(await a.result("free_vg"), 0);
  // The other host's lockspace stays until it is stopped there.
  assertEquals(await b.stop(), 0);
}

async function removedWithLv(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("with-lv");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals([await a.lv(1, "sh"), await b.lv(1, "sh")], [0, 0]);
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("busy_vg"), EBUSY);
  assertEquals(await a.result("rename_vg_before"), EBUSY);
  assertEquals([await b.lv(1, "un"), await a.result("busy_vg")], [0, 0]);
  assertEquals(await a.lv(1, "un"), 0);
  // A host that has an LV exclusively is found by the LV's lock, not by a count.
  assertEquals([await b.lv(1, "ex"), await a.lv(1, "ex")], [0, HELD]);
  assertEquals([await b.lv(1, "un"), await a.lv(1, "ex"), await a.lv(1, "un")], [0, 0, 0]);
  assertEquals(await a.result("free_lv", { lv_name: "lv1", lv_uuid: "" }), 0);
  assertEquals(await a.lock("un"), 0);
}

async function renamed(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("renamed");
  const [a] = await vg.started(1) as [VgClient];
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("rename_vg_before"), 0);
  assertEquals(await a.result("rename_vg_final"), EINVAL);
  const fresh = hosts.vg("new-name");
  const client = await fresh.client(1);
  assertEquals(await client.start(), 0);
  assertEquals([await client.lock("ex"), await client.lock("un")], [0, 0]);
}

async function requests(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("requests");
  const a = await vg.client(1);
  const made = await a.ask("init_vg", { vg_lock_args: "" });
  assertEquals([resultOf(made), made.get("vg_lock_args")], [0, "none"]);
  assertEquals(await a.start(), 0);
  const lv = { lv_name: "lv1", lv_uuid: "x" };
  const init = await a.ask("init_lv", lv);
  assertEquals([resultOf(init), init.get("lv_lock_args")], [0, "none"]);
  assertEquals(await a.result("free_lv", lv), 0);
  assertEquals(await a.result("find_free_lock"), 0);
  for (const name of ["enable_gl", "disable_gl", "setlockargs_vg_final"]) {
    assertEquals(await a.result(name), EINVAL, name);
  }
}

async function seen(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("seen");
  const host = hosts.host(3);
  const a = await vg.client(3);
  assertEquals([await a.start(), await a.lv(1, "ex"), await a.lock("sh")], [0, 0, 0]);
  const info = await host.ctl("--info");
  assertEquals([info.code, info.stderr], [0, ""]);
  assertMatch(info.stdout, /^VG seen lock_type=idm \S*$/m);
  assertMatch(info.stdout, /^LS idm lvm_seen$/m);
  assertMatch(info.stdout, /^LK VG sh /m);
  assertMatch(info.stdout, /^LK LV ex /m);
  const running = await a.ask("running_lm");
  assertEquals(resultOf(running), 4);
  host.ilm.startManager();
  await until("the loss is seen", async () => {
    const { stdout } = await host.ctl("status");
    return /lost/i.test(stdout);
  });
  const { stdout } = await host.ctl("status");
  assertStringIncludes(stdout, "seen");
}

Deno.test("VGs as a whole", async (t) => {
  await using hosts = await IdmHosts.start({ hosts: 3 });
  await atTheSameTime(t, {
    "removed": () => removed(hosts),
    "removed while an LV is used": () => removedWithLv(hosts),
    "renamed": () => renamed(hosts),
    "requests that mean little here": () => requests(hosts),
    "listed": () => seen(hosts),
  });
});
