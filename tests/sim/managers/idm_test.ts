/**
 * The simulated IDM where time passes: leases, majorities of drives, the manager's end, values.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../../core/errno.ts";
import { Mode } from "../../../core/types.ts";
import { PVS, TestCluster, vgLock } from "./test_cluster.ts";

const { sh, ex } = Mode;

Deno.test("the manager tries for five seconds, and takes what is free by then", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(cluster.lvs[0]!, ex);
  const began = cluster.clock.now();
  const refused = await two!.lock(cluster.lvs[0]!, ex);
  assertEquals([refused.result, refused.persevered], [-Errno.EAGAIN, true]);
  assert(cluster.clock.now() - began >= 5000);
  const waiting = two!.lock(cluster.lvs[0]!, ex);
  await cluster.pass(2);
  await one!.unlock(cluster.lvs[0]!);
  assertEquals((await waiting).result, 0);
});

Deno.test("a dead host's locks are free when their leases have run out; its value is not known", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(vgLock, ex);
  await one!.unlock(vgLock, 5);
  await one!.lock(vgLock, ex);
  cluster.manager.hostDied(1);
  await cluster.pass(50);
  assertEquals((await two!.lock(vgLock, ex)).result, -Errno.EAGAIN);
  assertEquals(cluster.held, ["1 VGLK ex orphan"]);
  await cluster.pass(1);
  const { result, valueBlock } = await two!.lock(vgLock, ex);
  assertEquals([result, valueBlock?.resourceVersion], [0, 0]);
});

Deno.test("a host that does not reach its drives runs the kill command, then loses its locks", async () => {
  for (const lose of ["cutOff", "hostPaused"] as const) {
    const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
    await one!.lock(cluster.lvs[0]!, ex);
    cluster.manager[lose](1, true);
    await cluster.pass(49);
    assertEquals([cluster.log, cluster.held], [[], ["1 LV0 ex"]]);
    await cluster.pass(7);
    assertEquals(cluster.log, lose === "cutOff" ? ["kill 1 vg"] : []);
    await cluster.pass(5);
    assertEquals(cluster.held, []);
    assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
    if (lose === "hostPaused") cluster.manager.hostResumed(1);
    assertEquals(cluster.log, ["kill 1 vg"]);
    cluster.manager.cutOff(1, false);
    assertEquals((await one!.convert(cluster.lvs[0]!, sh)).result, -Errno.ELOCKIO);
    assertEquals(one!.lost.length, 1);
  }
});

Deno.test("drives that come back in time cost nothing", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.cutOff(1, true);
  await cluster.pass(45);
  cluster.manager.cutOff(1, false);
  await cluster.pass(300);
  assertEquals([cluster.log, one!.lost, cluster.held], [[], [], ["1 LV0 ex"]]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
});

Deno.test("one of three drives may fail, two may not", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.driveFails!(PVS[0]!, true);
  await cluster.pass(200);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  assertEquals((await two!.lock(cluster.lvs[1]!, ex)).result, 0);
  cluster.manager.driveFails!(PVS[1]!, true);
  assertEquals((await two!.lock(vgLock, ex)).result, -Errno.ELOCKIO);
  await cluster.pass(60);
  assertEquals(cluster.log.sort(), ["kill 1 vg", "kill 2 vg"]);
  cluster.manager.heal();
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("a drive that was missing is used as soon as it is back", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("idm");
  cluster.manager.driveFails!(PVS[0]!, true);
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.driveFails!(PVS[0]!, false);
  cluster.manager.driveFails!(PVS[1]!, true);
  await cluster.pass(300);
  assertEquals([cluster.log, one!.lost], [[], []]);
});

Deno.test("a release that drives do not take is over here; others wait for the lease", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(cluster.lvs[0]!, ex);
  for (const path of PVS.slice(1)) cluster.manager.driveFails!(path, true);
  assertEquals((await one!.unlock(cluster.lvs[0]!)).result, 0);
  for (const path of PVS) cluster.manager.driveFails!(path, false);
  assertEquals(cluster.held, ["1 LV0 ex orphan"]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  // The same daemon has it at once.
  assertEquals((await one!.lock(cluster.lvs[0]!, ex)).result, 0);
  await one!.unlock(cluster.lvs[0]!);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("the manager ends: with LVs locked all is lost, without it connects again", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(vgLock, ex);
  cluster.manager.managerDied!(1);
  assertEquals([one!.lost, (await one!.lock(vgLock, sh)).result], [[], -Errno.ELOCKIO]);
  cluster.manager.managerStarted!(1);
  // What it had counts as another host's, until the lease has run out.
  assertEquals((await one!.lock(vgLock, ex)).result, -Errno.EAGAIN);
  await cluster.pass(60);
  assertEquals((await one!.lock(vgLock, ex)).result, 0);
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.managerDied!(1);
  assertMatch(one!.lost[0]!, /^vg: the connection/);
  assertEquals((await one!.lock(vgLock, sh)).result, -Errno.ELOCKIO);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
});

Deno.test("a killed daemon's locks are given up; the next one finds them in its notes", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("idm");
  const [lv0, lv1] = cluster.lvs;
  await one!.lock(lv0!, ex);
  await one!.lock(lv1!, sh);
  cluster.manager.daemonDied(1);
  await cluster.pass(3);
  assertEquals(cluster.held, []);
  const next = cluster.daemon(1);
  const [left] = await next.wait(next.lm.leftBehind!(new Set([lv0!.name])));
  assertEquals([left!.vgName, left!.pvPaths, left!.locks.length], ["vg", PVS, 1]);
  assertEquals([left!.locks[0]!.lvUuid, left!.locks[0]!.mode], [lv0!.name, ex]);
  assertEquals((await next.start("ok")).result, 0);
  assertEquals((await next.lock(vgLock, ex, "only")).result, -Errno.EADOPT_NONE);
  assertEquals((await next.lock(lv0!, ex, "only")).result, 0);
  assertEquals(cluster.held, ["1 LV0 ex"]);
  cluster.manager.hostDied(1);
  cluster.manager.hostBooted(1);
  const rebooted = cluster.daemon(1);
  assertEquals(await rebooted.wait(rebooted.lm.leftBehind!(new Set([lv0!.name]))), []);
});

Deno.test("hosts see that something was changed, and know their own changes", async () => {
  const { daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(vgLock, ex);
  await one!.unlock(vgLock, 7);
  assertEquals((await one!.lock(vgLock, sh)).valueBlock?.resourceVersion, 7);
  assertEquals((await two!.lock(vgLock, sh)).valueBlock?.resourceVersion, 0);
  await one!.unlock(vgLock);
  assertEquals((await two!.convert(vgLock, ex)).result, 0);
  await two!.unlock(vgLock, 8);
  assertEquals((await one!.lock(vgLock, sh)).valueBlock?.resourceVersion, 0);
});

Deno.test("other hosts are counted by what they hold", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("idm");
  await one!.lock(vgLock, sh);
  assertEquals((await one!.wait(one!.lm.otherHosts(one!.vg))).result, 0);
  await two!.lock(vgLock, sh);
  assertEquals((await one!.wait(one!.lm.otherHosts(one!.vg))).result, 1);
  assertEquals((await one!.convert(vgLock, ex)).result, -Errno.EAGAIN);
  assertEquals(cluster.held, ["1 VGLK sh", "2 VGLK sh"]);
});
