/**
 * The simulated DLM where time passes: nodes that fail or are cut off, quorum, orphans, value blocks.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../../core/errno.ts";
import { Mode } from "../../../core/types.ts";
import { globalLock, TestCluster, vgLock } from "./test_cluster.ts";

const { sh, ex } = Mode;

/** Whether an answer has come by now. */
async function isPending(answer: Promise<unknown>): Promise<boolean> {
  const nothing = Symbol();
  return await Promise.race([answer, Promise.resolve(nothing)]) === nothing;
}

Deno.test("a node that fails holds its lockspaces up for some seconds, then its locks are free", async () => {
  const { cluster, daemons: [one, two, three] } = await TestCluster.make("dlm", 3);
  await one!.lock(cluster.lvs[0]!, ex);
  await two!.lock(cluster.lvs[1]!, sh);
  cluster.manager.hostDied(1);
  const how = { adopt: "no", repair: false, checkGl: false } as const;
  const waiting = two!.lm.lock(two!.vg, cluster.lvs[0]!, ex, how) as Promise<{ result: number }>;
  await cluster.pass(3);
  assert(await isPending(waiting));
  assertEquals(cluster.held, ["1 LV0 ex orphan", "2 LV1 sh"]);
  await cluster.pass(5);
  assertEquals((await waiting).result, 0);
  assertEquals((await three!.lock(cluster.lvs[1]!, sh)).result, 0);
  assertEquals(cluster.held, ["2 LV0 ex", "2 LV1 sh", "3 LV1 sh"]);
});

Deno.test("a node that does not reach the others is fenced before they go on", async () => {
  for (const lose of ["cutOff", "hostPaused"] as const) {
    const { cluster, daemons: [one, two] } = await TestCluster.make("dlm", 3);
    await one!.lock(cluster.lvs[0]!, ex);
    cluster.manager[lose](1, true);
    await cluster.pass(2);
    assertEquals(cluster.log, []);
    assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
    assertEquals(cluster.log, ["reset 1"]);
  }
});

Deno.test("a short interruption fences nobody", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("dlm");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.hostPaused(1);
  await cluster.pass(2);
  cluster.manager.hostResumed(1);
  await cluster.pass(60);
  assertEquals(cluster.log, []);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, -Errno.EAGAIN);
});

Deno.test("without a majority everything waits, and nobody is fenced, until it is healed", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("dlm", 3);
  cluster.manager.cutOff(2, true);
  cluster.manager.cutOff(3, true);
  const how = { adopt: "no", repair: false, checkGl: false } as const;
  const waiting = one!.lm.lock(one!.vg, vgLock, ex, how) as Promise<{ result: number }>;
  await cluster.pass(100);
  assert(await isPending(waiting));
  assertEquals(cluster.log, []);
  cluster.manager.heal();
  await cluster.pass(1);
  assertEquals((await waiting).result, 0);
});

Deno.test("a start waits for a majority and can be given up until then", async () => {
  const { cluster } = await TestCluster.make("dlm", 3);
  const four = cluster.daemon(4);
  for (const host of [2, 3]) cluster.manager.hostDied(host);
  const joining = four.start();
  await cluster.pass(30);
  assert(await isPending(joining));
  four.lm.cancelJoin!(four.vg);
  assertEquals((await joining).result, -Errno.ECANCELED);
});

Deno.test("orphans of a killed daemon are adopted, in the way, or keep the lockspace", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("dlm");
  const [lv0, lv1] = cluster.lvs;
  await one!.lock(lv0!, ex);
  await one!.lock(lv1!, sh);
  await one!.lock(vgLock, ex);
  cluster.manager.daemonDied(1);
  assertEquals(cluster.held, ["1 LV0 ex orphan", "1 LV1 sh orphan", "1 VGLK ex orphan"]);
  const next = cluster.daemon(1);
  const [left] = await next.wait(next.lm.leftBehind!(new Set()));
  assertEquals(left!.locks.map(({ mode }) => mode), [ex, sh]);
  assertEquals((await next.start()).result, -Errno.EEXIST);
  assertEquals((await next.start("ok")).result, 0);
  assertEquals((await next.leave()).result, -Errno.EBUSY);
  assertEquals((await two!.lock(vgLock, sh)).result, -Errno.EAGAIN);
  // One of the VG is released as soon as it is in the way of its own host.
  assertEquals((await next.lock(vgLock, sh)).result, 0);
  assertEquals((await two!.lock(vgLock, sh)).result, 0);
  assertEquals((await next.lock(lv0!, sh, "only")).result, -Errno.EADOPT_RETRY);
  assertEquals((await next.lock(lv0!, ex, "only")).result, 0);
  assertEquals((await next.lock(lv1!, ex)).result, -Errno.EAGAIN);
  assertEquals((await next.lock(lv1!, sh)).result, 0);
  assertEquals(cluster.held.filter((word) => word.includes("LV1")), [
    "1 LV1 sh",
    "1 LV1 sh orphan",
  ]);
  assertEquals((await next.convert(lv1!, ex)).result, 0); // the twin is dropped
  assertEquals((await next.leave(true)).result, 0);
  assertEquals(cluster.held, ["2 VGLK sh"]);
});

Deno.test("a join that a dying daemon has begun goes on, and is waited for", async () => {
  const { cluster } = await TestCluster.make("dlm");
  const three = cluster.daemon(3);
  void three.lm.join(three.vg, { adopt: "no", nodelay: false, repair: false });
  await cluster.pass(0.01);
  cluster.manager.daemonDied(3);
  const next = cluster.daemon(3);
  const left = await next.wait(next.lm.leftBehind!(new Set()));
  assertEquals(left.map(({ vgName }) => vgName), ["vg"]);
});

Deno.test("a join of a dying daemon ends with dlm_controld", async () => {
  const { cluster } = await TestCluster.make("dlm");
  const three = cluster.daemon(3);
  void three.lm.join(three.vg, { adopt: "no", nodelay: false, repair: false });
  cluster.manager.daemonDied(3);
  cluster.manager.managerDied!(3);
  const next = cluster.daemon(3);
  assertEquals(await next.wait(next.lm.leftBehind!(new Set())), []);
});

Deno.test("a request of a dying daemon that comes to a stalled lockspace is done when that goes on", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("dlm");
  cluster.manager.faults = { ...cluster.manager.faults, late: 1000, lateMs: 1000 };
  const how = { adopt: "no", repair: false, checkGl: false } as const;
  void one!.lm.lock(one!.vg, cluster.lvs[0]!, ex, how);
  cluster.manager.daemonDied(1);
  cluster.manager.faults = { ...cluster.manager.faults, late: 0 };
  cluster.manager.hostDied(2);
  const next = cluster.daemon(1);
  const [left] = await next.wait(next.lm.leftBehind!(new Set()));
  assertEquals(left!.locks.map(({ lvUuid }) => lvUuid), [cluster.lvs[0]!.name]);
});

Deno.test("a conversion of a dying daemon that is refused leaves its lock as it was", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("dlm");
  const lv = cluster.lvs[0]!;
  for (const daemon of [one!, two!]) await daemon.lock(lv, sh);
  cluster.manager.faults = { ...cluster.manager.faults, late: 1000, lateMs: 1000 };
  void one!.lm.convert(one!.vg, lv, ex, { version: 0 });
  cluster.manager.daemonDied(1);
  await cluster.pass(2);
  assertEquals(cluster.held, ["1 LV0 sh orphan", "2 LV0 sh"]);
});

Deno.test("the value block passes from host to host, and is lost with an exclusive holder", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("dlm");
  await one!.lock(vgLock, ex);
  await one!.unlock(vgLock, 7);
  const { valueBlock } = await two!.lock(vgLock, ex);
  assertEquals([valueBlock?.version, valueBlock?.resourceVersion], [0x0101, 7]);
  cluster.manager.hostDied(2);
  assertEquals((await one!.lock(vgLock, sh)).valueBlock?.resourceVersion, 0);
  await one!.unlock(vgLock);
  assertEquals((await one!.lock(vgLock, ex)).valueBlock?.version, 0);
  // Valid again as soon as somebody has written it.
  await one!.unlock(vgLock);
  assertEquals((await one!.lock(vgLock, ex)).valueBlock?.version, 0x0101);
});

Deno.test("a VG that is removed says so", async () => {
  const { daemons: [one, two] } = await TestCluster.make("dlm");
  await one!.lock(vgLock, ex);
  await one!.unlock(vgLock, 0, true);
  assertEquals((await two!.lock(vgLock, ex)).valueBlock?.flags, 1);
});

Deno.test("the global lock that a killed daemon held is free when its host joins again", async () => {
  const { cluster, daemons: [one] } = await TestCluster.make("dlm");
  const first = cluster.daemon(1, 1, "");
  const second = cluster.daemon(2, 2, "");
  for (const daemon of [first, second]) assertEquals((await daemon.start()).result, 0);
  await first.lock(globalLock, ex);
  cluster.manager.daemonDied(1);
  assertEquals((await second.lock(globalLock, ex)).result, -Errno.EAGAIN);
  const next = cluster.daemon(1, 1, "");
  const left = await next.wait(next.lm.leftBehind!(new Set()));
  assertEquals(left.map(({ vgName, locks }) => [vgName, locks]).sort(), [["", []], ["vg", []]]);
  assertEquals((await next.start()).result, 0);
  assertEquals((await second.lock(globalLock, ex)).result, 0);
  assertEquals(one!.lost, []);
});

Deno.test("where dlm_controld ends all is lost, and the node is fenced", async () => {
  const { cluster, daemons: [one, two] } = await TestCluster.make("dlm");
  await one!.lock(cluster.lvs[0]!, ex);
  cluster.manager.managerDied!(1);
  assertMatch(one!.lost[0]!, /^vg: dlm_controld is gone/);
  assertEquals((await one!.lock(vgLock, ex)).result, -Errno.ELMERR);
  assertEquals((await one!.unlock(cluster.lvs[0]!)).result, 0);
  assertEquals((await two!.lock(cluster.lvs[0]!, ex)).result, 0);
  assertEquals(cluster.log, ["reset 1"]);
});

Deno.test("heal resets nodes that nobody was left to fence", async () => {
  const { cluster } = await TestCluster.make("dlm");
  for (const host of [1, 2]) cluster.manager.managerDied!(host);
  await cluster.pass(60);
  assertEquals(cluster.log, []);
  cluster.manager.heal();
  assertEquals(cluster.log, ["reset 1", "reset 2"]);
  for (const host of [1, 2]) cluster.manager.hostBooted(host);
  assertEquals((await cluster.daemon(1).start()).result, 0);
});
