/**
 * The simulated sanlock where time passes: leases that are not renewed, take-over, host ids, releases
 * that could not be written, the global lock's lease.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../../core/errno.ts";
import { Mode } from "../../../core/types.ts";
import { globalLock, TestCluster, vgLock } from "./test_cluster.ts";

const { sh, ex } = Mode;
const HOSTID_BUSY = -262;

Deno.test("who holds a lock is told, with its state", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  const { result, retry, owner } = await two!.lock(cluster.lvs[0]!, sh);
  assertEquals([result, retry, owner?.hostId, owner?.state], [-Errno.EAGAIN, true, 1, "LIVE"]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).retry, false);
});

Deno.test("a host that is cut off loses its locks: kill command, watchdog, take-over", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.cutOff(1, true);
  await cluster.pass(59);
  assertEquals([one!.lost, cluster.log], [[], []]);
  await cluster.pass(31);
  assertEquals([one!.lost.length, cluster.log], [1, ["kill 1 vg"]]);
  assertEquals(one!.lost[0]!.startsWith("vg (command runs)"), true);
  // It gives nothing more, but it still holds.
  assertEquals((await one!.lock(cluster.lvs[1]!, ex)).result, -Errno.ELMERR);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).owner?.state, "FAIL");
  await cluster.pass(40);
  assertEquals(cluster.log, ["kill 1 vg", "reset 1"]);
  assertEquals(cluster.held, ["1 LV0 ex orphan"]);
  await cluster.pass(30);
  assertEquals(cluster.held, []);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("whoever lets go in time is not reset, and still has to wait", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.cutOff(1, true);
  await cluster.pass(90);
  assertEquals((await one!.unlock(cluster.lvs[0]!)).result, 0);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  await cluster.pass(15);
  assertEquals(one!.lost.length, 2); // overdue, then given up
  assertEquals((await one!.leave()).result, 0);
  await cluster.pass(60);
  assertEquals(cluster.log, ["kill 1 vg"]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("a disk that comes back in time costs nothing but late answers", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.cutOff(1, true);
  assertEquals((await one!.lock(vgLock, ex)).result, -Errno.EIOTIMEOUT);
  assertEquals((await one!.unlock(cluster.lvs[0]!)).lmResult, -202);
  assertEquals(cluster.held, ["1 LV0 ex orphan"]);
  // The release is still to be written.
  cluster.manager.cutOff(1, false);
  assertEquals((await one!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  await cluster.pass(2);
  assertEquals((await one!.lock(cluster.lvs[0]!, ex)).result, 0);
  await cluster.pass(300);
  assertEquals([one!.lost, cluster.log], [[], []]);
});

Deno.test("a host that stands still is reset by its watchdog before others take its locks", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.hostPaused(1);
  await cluster.pass(100);
  assertEquals([one!.lost, cluster.log], [[], []]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  await cluster.pass(60);
  assertEquals(cluster.log, ["reset 1"]);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("a host that stood still for too long finds out when it goes on", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.hostPaused(1);
  await cluster.pass(90);
  cluster.manager.hostResumed(1);
  await cluster.pass(1);
  assertEquals([one!.lost.length, cluster.log], [1, ["kill 1 vg"]]);
});

Deno.test("a host that crashed frees its locks when it joins again", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.hostDied(1);
  cluster.manager.hostBooted(1);
  await cluster.pass(10);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  const again = cluster.daemon(1);
  const began = cluster.clock.now();
  assertEquals((await again.start()).generation, 2);
  assert(cluster.clock.now() - began < 25_000);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("a host id that a live host has is refused; that of a dead one takes long", async () => {
  const { cluster } = await TestCluster.make("sanlock");
  const rival = cluster.daemon(3, 1);
  assertEquals((await rival.start()).result, HOSTID_BUSY);
  cluster.manager.hostDied(1);
  const began = cluster.clock.now();
  assertEquals((await cluster.daemon(3, 1).start()).result, 0);
  assert(cluster.clock.now() - began > 140_000);
});

Deno.test("of two hosts that join under one free host id one is refused", async () => {
  const { cluster } = await TestCluster.make("sanlock");
  const answers = await Promise.all([3, 4].map((host) => cluster.daemon(host, 7).start()));
  assertEquals(answers.map(({ result }) => result).sort(), [HOSTID_BUSY, 0].sort());
});

Deno.test("a join can be given up", async () => {
  const { cluster } = await TestCluster.make("sanlock");
  const three = cluster.daemon(3);
  const joining = three.start();
  await cluster.pass(5);
  three.lm.cancelJoin!(three.vg);
  assertEquals((await joining).result, -Errno.ECANCELED);
  assertEquals((await three.start()).result, 0);
});

Deno.test("locks of a killed daemon are listed, keep the lockspace, and are adopted", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  await one!.lock(vgLock, sh);
  cluster.manager.daemonDied(1);
  assertEquals(cluster.held, ["1 LV0 ex orphan", "1 VGLK sh orphan"]);
  const next = cluster.daemon(1);
  const [left] = await next.wait(next.lm.leftBehind!(new Set()));
  const { lvUuid, mode } = left!.locks[0]!;
  assertEquals([left!.vgName, left!.hostId, lvUuid, mode], ["vg", 1, cluster.lvs[0]!.name, ex]);
  assertEquals((await next.start()).result, -Errno.EEXIST);
  assertEquals((await next.start("ok")).result, 0);
  assertEquals((await next.leave()).result, -Errno.EBUSY);
  assertEquals((await next.lock(cluster.lvs[0]!, ex)).result, -Errno.EORPHAN);
  assertEquals((await next.lock(cluster.lvs[0]!, sh, "no", true)).result, -Errno.EORPHAN);
  assertEquals((await next.lock(cluster.lvs[0]!, sh, "only")).result, -Errno.EADOPT_RETRY);
  assertEquals((await next.lock(cluster.lvs[0]!, ex, "no", true)).result, 0);
  assertEquals((await next.leave(true)).result, -Errno.EBUSY); // its own lock is left
  assertEquals((await next.unlock(cluster.lvs[0]!)).result, 0);
  assertEquals((await next.leave()).result, 0);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
  assertEquals(cluster.held, ["2 LV0 ex"]);
});

Deno.test("what a dying daemon had begun is done before the next one looks", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("sanlock");
  cluster.manager.faults = { ...cluster.manager.faults, late: 1000, lateMs: 20_000 };
  const how = { adopt: "no", repair: false, checkGl: false } as const;
  void one!.lm.lock(one!.vg, cluster.lvs[0]!, ex, how);
  cluster.manager.daemonDied(1);
  cluster.manager.faults = { ...cluster.manager.faults, late: 0 };
  const next = cluster.daemon(1);
  const [left] = await next.wait(next.lm.leftBehind!(new Set()));
  assertEquals(left!.locks.map(({ lvUuid }) => lvUuid), [cluster.lvs[0]!.name]);
});

Deno.test("a lease that was taken though the answer says no is given back by itself", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  cluster.manager.faults = { ...cluster.manager.faults, doneButFailed: 1000 };
  assertEquals((await one!.lock(cluster.lvs[0]!, ex)).result, -Errno.EIOTIMEOUT);
  cluster.manager.heal();
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
  await cluster.pass(11);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
});

Deno.test("the global lock can be disabled, by force and by its holder", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("sanlock");
  const leases = one!.lm.leases!;
  assertEquals((await one!.wait(leases.hasGlobalLock(one!.vg))).result, 1);
  await two!.lock(globalLock, ex);
  assert((await one!.wait(leases.setGlobalLock(one!.vg, false, true))).result < 0);
  assertEquals((await one!.wait(leases.setGlobalLock(one!.vg, false, false))).result, 0);
  assertEquals(cluster.held, []);
  assertEquals((await one!.lock(globalLock, ex)).result, -Errno.EUNATCH);
  assertEquals((await two!.unlock(globalLock)).result, 0);
});

Deno.test("leases are given to LVs and taken back", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("sanlock");
  const { lm, vg } = one!;
  const [first, second] = cluster.lvs;
  assert(first!.lockArgs !== second!.lockArgs);
  assertEquals((await one!.wait(lm.leases!.freeLv(vg, first!))).result, 0);
  assertEquals((await one!.lock(first!, ex)).result, -Errno.ELOCKREPAIR);
  const spec = { lockspaceName: "lvm_vg", vgName: "vg", vgArgs: vg.vgArgs, lvName: "n" };
  const about = { ...spec, lvUuid: "other", prevLvArgs: "", lockspaceId: vg.id };
  assertEquals((await one!.wait(lm.leases!.initLv(about))).lvArgs, first!.lockArgs);
});

Deno.test("where sanlock itself ends all is lost, and the watchdog bites", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("sanlock");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.managerDied!(1);
  assertEquals(one!.lost.length, 1);
  assertEquals((await one!.lock(vgLock, ex)).result, -Errno.ELMERR);
  await cluster.pass(140);
  assertEquals(cluster.log, ["reset 1"]);
});
