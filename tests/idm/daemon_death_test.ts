/**
 * What becomes of locks when a daemon, a manager or a whole host dies: free at once, lost, or taken
 * over when their leases have run out and never before.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { resultOf as answerOf } from "../../core/api/client.ts";
import { until } from "../integration/daemon.ts";
import { atTheSameTime } from "../sanlock/daemon_scenes.ts";
import { type IdmHost, IdmHosts } from "./daemon_hosts.ts";
import { HELD, resultOf, type VgClient } from "./daemon_vg.ts";

const [ENOLS, EMANAGER, EVGKILLED, ELOCKIO, EBUSY] = [-210, -214, -217, -218, -16];

type Pair = [VgClient, VgClient];

async function isKilled(host: IdmHost, vgName: string): Promise<boolean> {
  const { lockspaces } = await answerOf(host.api.api.v1.lockspaces.$get({ query: {} }));
  return lockspaces.some(({ vg, killed }) => vg === vgName && killed);
}

/** The lockspace of before is cleared away a moment after the reply. */
async function startsAgain(client: VgClient): Promise<void> {
  let result = 0;
  await until("the VG can be started", async () => (result = await client.start()) !== -11);
  assertEquals(result, 0);
}

/** Of hosts 1 and 2: the manager of the first ends, and comes back as another. */
async function managerRestarted(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("restarted");
  const idle = hosts.vg("idle");
  const [[a, b], [c]] = await Promise.all([vg.started(2) as Promise<Pair>, idle.started(1)]);
  const host = hosts.host(1);
  assertEquals([await a.lv(1, "ex"), await b.lv(2, "ex")], [0, 0]);
  assertEquals([await c!.lock("sh"), await c!.lock("un")], [0, 0]);
  assertEquals([await c!.lv(1, "ex"), await c!.lv(1, "un")], [0, 0]);
  host.ilm.startManager();
  await until("the loss was noticed", () => isKilled(host, vg.name));
  await until("the command was run", () => host.kills.length > 0);
  assertEquals([await a.lv(3, "ex"), await a.lock("sh")], [EVGKILLED, EVGKILLED]);
  assertEquals(await a.stop(), EBUSY);
  // Whoever runs there may still write to the LV: others must wait for the lease.
  assertEquals(await b.lv(1, "ex"), HELD);
  assertEquals(await b.lv(3, "ex"), 0); // and are not disturbed themselves
  // A VG whose LVs are not locked has lost nothing: it goes on with the new manager.
  assertEquals([await c!.lock("ex"), await c!.lv(1, "ex")], [0, 0]);
  assertEquals(await c!.lock("un"), 0);
  assertEquals(await isKilled(host, idle.name), false);
  assertEquals(await a.result("drop_vg"), 0);
  await startsAgain(a);
  // A new manager is another host.
  await until("the old lease is over", async () => await a.lv(1, "ex") === 0);
  assertEquals(await b.lv(1, "ex"), HELD);
  assertEquals(host.kills, [`--kill ${vg.name}`]);
}

/** Of host 3: there is no manager when the daemon starts. */
async function managerComesLate(hosts: IdmHosts): Promise<void> {
  const host = hosts.host(3);
  const vg = hosts.vg("late");
  const client = await vg.client(3);
  for (const socketStays of [false, true]) {
    host.ilm.stopManager({ socketStays });
    assertEquals(await client.start(), EMANAGER);
    assert([ENOLS, -116].includes(await client.lv(1, "ex")));
    host.ilm.startManager();
  }
  await startsAgain(client);
  assertEquals(await client.lv(1, "ex"), 0);
  assertEquals([await client.lv(1, "un"), await client.stop()], [0, 0]);
  // One that takes connections and does not answer is none.
  host.ilm.hold("connect");
  assertEquals(await client.start(), EMANAGER);
  const count = (what: RegExp) => host.ilm.calls.filter((line) => what.test(line)).length;
  const opened = () => count(/ ilm_connect .* result=0$/);
  const closed = () => count(/ ilm_disconnect /);
  host.ilm.release();
  await until(
    "nothing is left of that",
    () => opened() === closed() && !host.ilm.isHeld("connect"),
  );
  await startsAgain(client);
  assertEquals([await client.lv(1, "ex"), await client.lv(1, "un")], [0, 0]);
}

async function daemonKilled(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("killed");
  const victim = hosts.host(4);
  const [a, b] = [await vg.client(4), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "sh"), await a.lock("ex")], [0, 0, 0]);
  assertEquals(await b.lv(1, "ex"), HELD);
  await victim.killDaemon();
  assertEquals([await b.lv(1, "ex"), await b.lv(2, "ex"), await b.lock("ex")], [0, 0, 0]);
}

async function hostCrashed(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("crashed");
  const victim = hosts.host(5);
  const [a, b] = [await vg.client(5), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals(await a.change(3), [0, 0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lock("ex")], [0, 0]);
  await victim.crash();
  const left = ["sda", "sdb", "sdc"].map((drive) => vg.lvMutex(drive, 1)!.members[0]!);
  assertEquals(left.map(({ pid }) => pid), Array(3).fill(victim.daemon.pid));
  await until("the lock is taken over", async () => await b.lv(1, "ex") === 0);
  const taken = ["sda", "sdb", "sdc"].map((drive) => vg.lvMutex(drive, 1)!.members[0]!);
  const ours = taken.map(({ pid }) => pid === hosts.host(2).daemon.pid);
  assertGreaterOrEqual(ours.filter(Boolean).length, 2);
  taken.forEach(({ renewedMs }, i) => {
    if (ours[i]) assertGreaterOrEqual(renewedMs, left[i]!.renewedMs + left[i]!.leaseMs);
  });
  assertEquals(left.map(({ leaseMs }) => leaseMs), Array(3).fill(3000));
  await until("the VG's lock is taken over", async () => await b.lock("ex") === 0);
  assertEquals(await b.result("vg_update", { version: 4 }), 0);
  assertEquals(await b.lock("un"), 0);
  const time = vg.mutex("sda")!.value;
  assert(time > 1_600_000_000_000_000n && time < 4_000_000_000_000_000n);
}

async function endsInOrder(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("orderly");
  const [a, b] = [await vg.client(7), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals(await a.lv(1, "ex"), 0);
  assertEquals(await a.stop(), EBUSY);
  assertEquals([await a.lv(1, "un"), await a.stop()], [0, 0]);
  assertEquals(await b.lv(1, "ex"), 0);
  assertEquals(await a.lv(1, "ex"), ENOLS);
  await startsAgain(a);
  const refused = await a.askLv(1, "ex");
  assertEquals(resultOf(refused), HELD);
  assertEquals(await b.result("drop_vg"), 0);
  await until("the lock is free", async () => await a.lv(1, "ex") === 0);
}

async function leasesThatCannotBeRenewed(hosts: IdmHosts): Promise<void> {
  const vg = hosts.vg("overdue");
  const host = hosts.host(6);
  const [a, b] = [await vg.client(6), await vg.client(2)];
  assertEquals(await Promise.all([a.start(), b.start()]), [0, 0]);
  assertEquals([await a.lv(1, "ex"), await a.lv(2, "sh")], [0, 0]);
  for (const drive of vg.drives) host.ilm.failDrive(drive);
  assertEquals(await a.lv(3, "ex"), ELOCKIO);
  await until("the manager has run the command", () => host.kills.length > 0);
  // As our own command does; the one that only notes its calls does not.
  assertEquals(await a.result("kill_vg"), 0);
  assertEquals(await a.lv(3, "ex"), EVGKILLED);
  await until("the lock is taken over", async () => await b.lv(1, "ex") === 0);
  for (const drive of vg.drives) host.ilm.restoreDrive(drive);
  assertEquals(await a.lv(3, "ex"), EVGKILLED);
  assertEquals(await a.result("drop_vg"), 0);
  await startsAgain(a);
  assertEquals([await a.lv(1, "ex"), await a.lv(3, "ex")], [HELD, 0]);
  assert(host.kills.every((call) => call === `--kill ${vg.name}`));
}

Deno.test("daemons, managers and hosts that die", async (t) => {
  await using hosts = await IdmHosts.start({ hosts: 7 }, (world) => {
    world.host(3).stopManager(); // when the daemon starts
  });
  await atTheSameTime(t, {
    "a manager that was started anew": () => managerRestarted(hosts),
    "a manager that is not there, and comes": () => managerComesLate(hosts),
    "a daemon that is killed": () => daemonKilled(hosts),
    "a host that crashes": () => hostCrashed(hosts),
    "a VG that is stopped, and one that is dropped": () => endsInOrder(hosts),
    "drives that one host cannot reach any more": () => leasesThatCannotBeRenewed(hosts),
  });
});
