/**
 * Drives that fail and calls that go wrong: fewer than half of the drives are no matter, with half of
 * them nothing is locked any more; and whatever single call fails, the daemon goes on, nobody has a lock
 * twice, and what it says it holds it holds.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { type IdmHost, IdmHosts } from "./daemon_hosts.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";
import type { CallName } from "./double.ts";

const [ELOCKIO, EVGKILLED] = [-218, -217];
const four = ["sda", "sdb", "sdc", "sdd"];

type Pair = [VgClient, VgClient];

/** Drives of its own for each scene, because they fail. */
const drivesOf = (scene: string) => four.map((drive) => `${drive}${scene}`);

async function fewerThanHalf(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("fewer", drivesOf("x"));
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.lv(1, "ex"), 0);
  hosts.world.failDrive("sdax");
  assertEquals([await b.lv(2, "ex"), await b.lv(1, "ex")], [0, HELD]);
  assertEquals([await a.lv(1, "sh"), await b.lv(1, "sh")], [0, 0]);
  assertEquals([await a.lv(1, "un"), await b.lv(1, "ex")], [0, 0]);
  assertEquals(await a.change(5), [0, 0, 0]);
  const renewed = () => vg.lvMutex("sdbx", 2)!.members[0]!.renewedMs;
  const first = renewed();
  await until("a lease has passed", () => renewed() > first + 3000);
  assertEquals(await a.lv(2, "ex"), HELD);
  hosts.world.restoreDrive("sdax");
  await until("the drive is gained", () => vg.lvMutex("sdax", 2)?.members.length === 1);
  assertEquals([await b.lv(1, "un"), await b.lv(2, "un")], [0, 0]);
  await until("the lease of before is over or gone", async () => await a.lv(1, "ex") === 0);
}

async function half(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("half", drivesOf("y"));
  const [a, b] = await vg.started(2) as Pair;
  assertEquals(await a.lv(1, "ex"), 0);
  for (const drive of ["sday", "sdby"]) hosts.world.failDrive(drive);
  const refused = await b.askLv(2, "ex");
  assertEquals([resultOf(refused), refused.get("lm_result")], [ELOCKIO, -5]);
  assertEquals([await b.lock("ex"), await a.lv(2, "sh")], [ELOCKIO, ELOCKIO]);
  // Half of an even number is enough to keep what one has.
  const renewed = () => vg.lvMutex("sdcy", 1)!.members[0]!.renewedMs;
  const first = renewed();
  await until("a lease has passed", () => renewed() > first + 3000);
  for (const drive of ["sday", "sdby"]) hosts.world.restoreDrive(drive);
  assertEquals([await b.lv(1, "ex"), await b.lv(2, "ex")], [HELD, 0]);
  for (const drive of ["sday", "sdby"]) hosts.world.failDrive(drive);
  assertEquals(await a.lv(1, "un"), 0); // it is not held here any more, whatever drives say
  assertEquals(await a.lvMode(1), "un");
  for (const drive of ["sday", "sdby"]) hosts.world.restoreDrive(drive);
  await until("it is free for others", async () => await b.lv(1, "ex") === 0);
}

/** A drive that hangs holds up its own VG only. */
async function hanging(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("hanging", drivesOf("z"));
  const other = hosts.vg("quick", drivesOf("w"));
  const [a, again] = [(await vg.started(1))[0]!, await vg.client(1)];
  const [c] = await other.started(1) as [VgClient];
  hosts.world.holdDrive("sdbz");
  let over = false;
  const stuck = a.lv(1, "ex").finally(() => over = true);
  await until("the lock is asked for", () => vg.lvMutex("sdaz", 1)?.members.length === 1);
  assertEquals([await c.lv(1, "ex"), await c.lock("sh"), await c.lock("un")], [0, 0, 0]);
  assertEquals([await again.lvMode(1), over], ["un", false]);
  hosts.world.releaseDrive("sdbz");
  assertEquals(await stuck, 0);
}

/** One thing that a client asks, and the call that it takes. */
interface Step {
  call: CallName;
  ask: (client: VgClient) => Promise<number>;
}

const lvSteps: Step[] = [
  { call: "lock", ask: (client) => client.lv(1, "ex") },
  { call: "convert", ask: (client) => client.lv(1, "sh") },
  { call: "convert", ask: (client) => client.lv(1, "ex") },
  { call: "unlock", ask: (client) => client.lv(1, "un") },
];

const vgSteps: Step[] = [
  { call: "lock", ask: (client) => client.lock("sh") },
  { call: "unlock", ask: (client) => client.lock("un") },
  { call: "read_lvb", ask: (client) => client.lock("ex") },
  { call: "write_lvb", ask: (client) => client.lock("un") },
];

const codes = [-1, -5, -16, -62];
const ways = [{}, { after: true }];

/** What of `hosts` has the lock: never more than one. */
async function assertSoleOwner(hosts: IdmHosts, a: VgClient, b: VgClient): Promise<void> {
  const before = await a.lvMode(1);
  const other = await b.lv(1, "ex");
  if (before !== "un") assert(other !== 0 || await isLost(hosts.host(1), a.vg.name), "had twice");
  if (other === 0) assertEquals(await b.lv(1, "un"), 0);
}

async function isLost(host: IdmHost, vgName: string): Promise<boolean> {
  const { lockspaces } = await answerOf(host.api.api.v1.lockspaces.$get({ query: {} }));
  return lockspaces.some(({ vg, killed }) => vg === vgName && killed);
}

/** Does all steps, the one with `index` with a fault. */
async function withFault(
  hosts: IdmHosts,
  [a, b]: Pair,
  steps: Step[],
  index: number,
  code: number,
  how: { after?: boolean; lost?: boolean },
): Promise<void> {
  const { ilm } = hosts.host(1);
  const what = `${steps[index]!.call} ${code} ${JSON.stringify(how)}`;
  for (const [i, { call, ask }] of steps.entries()) {
    if (i === index) ilm.fault(call, code, how);
    if (ask === vgSteps[3]!.ask) {
      await a.result("vg_update", { opts: "next_version" });
    }
    await ask(a);
    if (i === index) assert(ilm.faultTaken(call), what);
    if (steps === lvSteps) await assertSoleOwner(hosts, a, b);
  }
  await allIsWell(hosts, [a, b], what);
}

/** Whatever was, the VG can be used again: at the latest after it was dropped and started anew. */
async function allIsWell(hosts: IdmHosts, [a, b]: Pair, what: string): Promise<void> {
  const lost = await isLost(hosts.host(1), a.vg.name);
  for (const ask of [() => a.lv(1, "un"), () => a.lock("un")]) {
    const result = await ask();
    assert([0, -2, EVGKILLED].includes(result), `${what}: unlock ${result}`);
  }
  if (lost) {
    assertEquals(await a.result("drop_vg"), 0, what);
    await until("the VG can be started", async () => await a.start() === 0);
  }
  let result = 0;
  const free = async () => {
    result = await a.lv(1, "ex");
    return result === 0;
  };
  await until(`the LV can be locked again after ${what}`, free, () => `${result}`);
  assertEquals([await b.lv(1, "ex"), await a.lv(1, "un")], [HELD, 0], what);
  const vg = async () => (result = await a.lock("ex")) === 0;
  await until(`the VG can be locked again after ${what}`, vg, () => `${result}`);
  assertEquals([await b.lock("ex"), await a.lock("un")], [HELD, 0], what);
  assertEquals([await b.lock("ex"), await b.lock("un")], [0, 0], what);
}

async function faultsInCalls(hosts: IdmHosts): Promise<void> {
  const pair = await hosts.vg("faulty", drivesOf("v")).started(2) as Pair;
  for (const steps of [lvSteps, vgSteps]) {
    for (const index of steps.keys()) {
      for (const code of codes) {
        for (const how of ways) await withFault(hosts, pair, steps, index, code, how);
      }
    }
  }
}

async function lostInCalls(hosts: IdmHosts): Promise<void> {
  const pair = await hosts.vg("losing", drivesOf("v")).started(2) as Pair;
  for (const steps of [lvSteps, vgSteps]) {
    for (const index of steps.keys()) {
      for (
        const [code, how] of [[-104, { lost: true }], [-1, { after: true, lost: true }]] as const
      ) {
        await withFault(hosts, pair, steps, index, code, how);
      }
    }
  }
}

async function faultsInStarts(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("starting", drivesOf("v"));
  const [a, b] = [await vg.client(1), await vg.client(2)];
  assertEquals(await b.start(), 0);
  const { ilm } = hosts.host(1);
  for (const call of ["connect", "set_killpath"] as const) {
    for (const how of [...ways, { lost: true }]) {
      ilm.fault(call, -1, how);
      const started = await a.start();
      assert(ilm.faultTaken(call), call);
      if (started !== 0) await until("it can be started", async () => await a.start() === 0);
      assertEquals([await a.lv(1, "ex"), await b.lv(1, "ex")], [0, HELD]);
      assertEquals([await a.lv(1, "un"), await a.stop()], [0, 0]);
    }
  }
  assertEquals(await a.start(), 0);
  for (const how of [...ways, { lost: true }]) {
    ilm.fault("disconnect", -5, how);
    assertEquals(await a.stop(), 0);
    await until("the fault is there", () => ilm.faultTaken("disconnect"));
    await until("no connection is left", () => ilm.connectionsOf(hosts.host(1).daemon.pid) === 0);
    await until("it can be started", async () => await a.start() === 0);
    assertEquals([await a.lv(1, "ex"), await a.lv(1, "un")], [0, 0]);
  }
}

Deno.test("drives and calls that fail", async (t) => {
  const all = ["v", "w", "x", "y", "z"].flatMap(drivesOf);
  await using hosts = await IdmHosts.start({ drives: all });
  await atTheSameTime(t, {
    "fewer than half of the drives": () => fewerThanHalf(hosts),
    "half of the drives": () => half(hosts),
    "a drive that hangs": () => hanging(hosts),
  });
  for (const host of hosts.all) assertEquals(host.ilm.violations, []);
});

Deno.test("a call that fails", async (t) => {
  const env = { ILM_DOUBLE_SCALE: "20", ILM_DOUBLE_WINDOW_MS: "20" };
  await using hosts = await IdmHosts.start({ drives: drivesOf("v"), env });
  await t.step("of those that start and stop a VG", () => faultsInStarts(hosts));
  await t.step("of those about a lock", () => faultsInCalls(hosts));
  await t.step("and with it the connection", () => lostInCalls(hosts));
});
