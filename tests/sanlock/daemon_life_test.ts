/**
 * VGs on two hosts from their first lease to their last: made, started, used, renamed, stopped,
 * removed. Each scene has a VG of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { Hosts } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { resultOf, type VgClient } from "./daemon_vg.ts";

const [EBUSY, EEXIST, EINVAL] = [-16, -17, -22];
const [ENOLS, ESTARTING] = [-210, -211];

type Pair = [VgClient, VgClient];

/** Asks until the answer is another than `busy`; hosts notice each other with every renewal only. */
async function notBusy(ask: () => Promise<number>): Promise<number> {
  let result = EBUSY;
  await until("it is not busy any more", async () => (result = await ask()) !== EBUSY);
  return result;
}

async function life(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("life");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("find_free_lock"), 0);
  assertEquals(await a.initLv(1), 0);
  assertEquals(await a.initLv(1), EEXIST);
  assertEquals(await a.lock("un"), 0);
  assertEquals(await b.lv(1, "ex"), 0);
  assertEquals(await b.stop(), EBUSY); // an LV of it is in use
  assertEquals(await a.result("busy_vg"), EBUSY);
  assertEquals(await a.result("free_vg"), EBUSY);
  assertEquals(await b.lv(1, "un"), 0);
  assertEquals(await a.freeLv(1), 0);
  assertEquals(await b.stop(), 0);
  assertEquals(await b.lock("sh"), ENOLS);
  assertEquals(await notBusy(() => a.result("busy_vg")), 0);
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.result("free_vg"), 0);
  assertEquals(await a.lock("sh"), ENOLS);
  // Nothing of it can be started again.
  assertEquals(await a.start() < 0, true);
  assertEquals(resultOf(await a.initVg()), 0);
  assertEquals(await a.start(), 0);
  assertEquals(await a.stop(), 0);
}

async function renaming(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("name-before");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.initLv(1), 0);
  assertEquals(await a.result("rename_vg_before"), EBUSY);
  assertEquals(await b.stop(), 0);
  assertEquals(await notBusy(() => a.result("rename_vg_before")), 0);
  assertEquals(await a.lock("sh"), ENOLS);
  const later = await hosts.vg("name-after");
  await Deno.rename(vg.path, later.path);
  for (const [number, args] of vg.lvArgs) later.lvArgs.set(number, args);
  const [c, d] = [await later.client(1), await later.client(2)];
  assertEquals(await c.result("rename_vg_final"), 0);
  assertEquals(await Promise.all([c.start(), d.start()]), [0, 0]);
  assertEquals(await c.lock("ex"), 0);
  assertEquals(await c.lv(1, "ex"), 0); // its lease has moved along
  assertEquals(await d.lv(1, "ex"), -11);
  assertEquals(await c.initLv(1), EEXIST);
  assertEquals(await c.lv(1, "un"), 0);
  assertEquals(await Promise.all([c.stop(), d.stop()]), [0, 0]);
}

async function startingAndStopping(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("again");
  const [a, other] = [await vg.client(1), await vg.client(1)];
  assertEquals(await a.stop(), ENOLS);
  assertEquals(resultOf(await a.initVg()), 0);
  assertEquals(await a.start({ opts: "none" }), 0); // is under way
  assertEquals(await a.start(), ESTARTING);
  assertEquals(await a.lock("sh"), ESTARTING);
  assertEquals(await a.result("start_wait"), 0);
  assertEquals(await a.start(), EEXIST);
  assertEquals(resultOf(await a.initVg()), EEXIST);
  assertEquals(await a.lock("ex"), 0);
  const waiting = other.lock("ex");
  assertEquals(await a.stop(), 0); // a VG lock does not keep it
  // Cancelled as it waited, or refused because the stop came before it.
  assertEquals([-125, -116].includes(await waiting), true);
  assertEquals(await a.start(), 0);
  assertEquals(await other.lock("ex"), 0); // nothing of it stayed behind
  assertEquals(await a.stop(), 0);
}

async function clientsThatGo(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("gone");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.initLv(1), 0);
  assertEquals(await a.lock("ex"), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  a[Symbol.dispose]();
  assertEquals(await b.lock("ex"), 0); // tried again until the release has arrived
  assertEquals(await b.lv(1, "ex"), -11); // a persistent lock stays
  using c = await vg.client(1);
  assertEquals(await c.lv(1, "un"), 0);
  assertEquals(await b.lv(1, "sh"), 0);
  assertEquals(await b.lv(1, "un"), 0);
  assertEquals(await Promise.all([b.stop(), c.stop()]), [0, 0]);
}

async function dropping(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("dropped");
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.initLv(1), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await a.result("kill_vg"), 0);
  assertEquals(await a.lv(1, "ex"), -217);
  assertEquals(await a.result("drop_vg"), 0);
  assertEquals(await a.lv(1, "ex"), ENOLS);
  assertEquals(await b.lv(1, "ex"), 0);
  assertEquals(await a.start(), 0);
  assertEquals(await a.lv(1, "ex"), -11);
  assertEquals(await b.lv(1, "un"), 0);
  assertEquals(await Promise.all([a.stop(), b.stop()]), [0, 0]);
}

async function longNames(hosts: Hosts): Promise<void> {
  // sanlock keeps 48 bytes of "lvm_" and the name.
  const names = ["a", "b"].map((last) => "n".repeat(58) + last);
  const [one, two] = [await hosts.vg(names[0]!), await hosts.vg(names[1]!)];
  const [a, b] = await one.started(2) as Pair;
  assertEquals(await a.initLv(1), 0);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await b.lv(1, "ex"), -11);
  assertEquals(await a.lv(1, "un"), 0);
  using c = await two.client(1);
  assertEquals(resultOf(await c.initVg()), EEXIST);
  assertEquals(await Promise.all([a.stop(), b.stop()]), [0, 0]);
  assertEquals(resultOf(await c.initVg()), 0);
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals(await c.start(), EINVAL); // another VG with the same 48 bytes runs here
  assertEquals(await a.lock("ex"), 0); // and goes on running
  assertEquals(await a.lock("un"), 0);
  assertEquals(await Promise.all([a.stop(), b.stop()]), [0, 0]);
  assertEquals(await c.start(), 0);
  assertEquals(await c.stop(), 0);
}

async function namesOfEveryLength(hosts: Hosts): Promise<void> {
  const lengths = [1, 43, 44, 45, 59];
  await Promise.all(lengths.map(async (length) => {
    const vg = await hosts.vg("x".repeat(length - 1) + "y");
    using client = await vg.client(1);
    assertEquals(resultOf(await client.initVg()), 0);
  }));
  // What is longer is cut, in requests as in the name of the lockspace: not the VG that was meant.
  const vg = await hosts.vg("z".repeat(70));
  using client = await vg.client(1);
  assertEquals(resultOf(await client.initVg()) < 0, true);
}

Deno.test("the life of VGs on two hosts", async (t) => {
  await using hosts = await Hosts.start(2, { args: ["--kill-path", "/bin/true"] });
  await t.step("before any is started", async () => {
    const vg = await hosts.vg("none");
    using client = await vg.client(1);
    assertEquals((await client.ask("running_lm")).get("lock_type"), "sanlock");
    const reply = await client.ask("lock_gl", { mode: "ex", opts: "none" });
    assertEquals(reply.get("op_result"), ENOLS);
    assertEquals(reply.get("result_flags"), "NO_LOCKSPACES,NO_GL_LS,");
  });
  await atTheSameTime(t, {
    "made, used on both, removed by the last": () => life(hosts),
    "renamed with all its leases": () => renaming(hosts),
    "started and stopped at every wrong moment": () => startingAndStopping(hosts),
    "clients that go away leave persistent locks only": () => clientsThatGo(hosts),
    "killed and dropped": () => dropping(hosts),
    "long names, equal for sanlock": () => longNames(hosts),
    "names of every length": () => namesOfEveryLength(hosts),
  });
});
