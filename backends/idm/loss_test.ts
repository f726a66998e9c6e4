/**
 * Locks that are lost, or that manager and daemon see differently: none may be kept or claimed that
 * is not held, and none may be left that nobody can release.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import { DriveRecords } from "./mod.ts";
import { SimulatedDrives } from "./test_ilm.ts";
import { LV_UUID, lvLock, no, TestHost, unlocking, vgLock } from "./test_lockspace.ts";

Deno.test("an unlock that drives do not take is over all the same", async () => {
  const host = new TestHost();
  const vg = await host.start();
  for (const answer of [-5, -1]) {
    await host.manager.lock(vg, lvLock(), Mode.ex, no);
    host.ilm.answers.unlock = [answer];
    const { result, lmResult } = await host.manager.unlock(vg, lvLock(), unlocking);
    assertEquals([result, lmResult], [0, answer]);
    assertEquals((await host.manager.lock(vg, lvLock(), Mode.ex, no)).result, 0);
    await host.manager.unlock(vg, lvLock(), unlocking);
  }
  assertEquals(host.lost, []);
});

Deno.test("an unlock after the lease has run out says so, and the VG goes on anew", async () => {
  const host = new TestHost();
  const vg = await host.start();
  await host.manager.lock(vg, lvLock(), Mode.ex, no);
  host.ilm.expire();
  const { result, message } = await host.manager.unlock(vg, lvLock(), unlocking);
  assertEquals(result, 0);
  assertMatch(message ?? "", /lease had run out: another host may have used it/);
  assertEquals(host.lost, []);
  // The old connection's locks are not renewed any more.
  assertEquals((await host.manager.lock(vg, lvLock(), Mode.ex, no)).result, 0);
  assertEquals([...host.ilm.connections].map(({ expired }) => expired), [false]);
});

Deno.test("a lease that has run out takes the locks of all LVs with it", async () => {
  const host = new TestHost();
  const vg = await host.start();
  const other = lvLock(["/dev/a"], LV_UUID.replace("R", "X"));
  await host.manager.lock(vg, lvLock(), Mode.ex, no);
  await host.manager.lock(vg, other, Mode.ex, no);
  host.ilm.expire();
  await host.manager.unlock(vg, lvLock(), unlocking);
  assertEquals(host.lost.length, 1);
  assertMatch(host.lost[0]!, /^vg0: .*could not renew its leases/);
  assertEquals((await host.manager.lock(vg, lvLock(), Mode.ex, no)).result, -Errno.ELOCKIO);
  assertEquals(host.manager.outlook(vg)?.lease?.state, "lost");
  // Still connected: what is held on it stays until the LVs are safe.
  assertEquals(host.ilm.connections.size, 1);
  assertEquals((await host.manager.unlock(vg, other, unlocking)).result, 0);
  host.manager.leave(vg);
  assertEquals(host.ilm.connections.size, 0);
});

Deno.test("a conversion that finds the lease over is no success", async () => {
  for (const answer of [-62, -1]) {
    const host = new TestHost();
    const vg = await host.start();
    await host.manager.lock(vg, lvLock(), Mode.sh, no);
    host.ilm.expire();
    host.ilm.answers.convert = [answer];
    const { result } = await host.manager.convert(vg, lvLock(), Mode.ex, { version: 0 });
    assertEquals([result, host.lost.length], [-Errno.ELOCKIO, 1]);
  }
});

Deno.test("the end of the manager loses the locks of LVs, once", async () => {
  const host = new TestHost();
  const vg = await host.start();
  const idle = await host.start("vg1");
  await host.manager.lock(vg, vgLock, Mode.ex, no);
  await host.manager.lock(vg, lvLock(), Mode.ex, no);
  host.ilm.stop();
  await Promise.resolve();
  assertEquals(host.lost.length, 1);
  assertMatch(host.lost[0]!, /^vg0: the connection .* has ended: other hosts may take the LV that/);
  assertEquals(host.manager.outlook(vg)?.lease?.state, "lost");
  assertEquals(host.manager.outlook(idle)?.lease?.state, "late");
  host.ilm.running = true;
  for (const resource of [vgLock, lvLock()]) {
    const { result } = await host.manager.lock(vg, resource, Mode.sh, no);
    assertEquals(result, -Errno.ELOCKIO);
  }
  assertEquals(
    (await host.manager.convert(vg, lvLock(), Mode.sh, { version: 0 })).result,
    -Errno.ELOCKIO,
  );
  assertEquals((await host.manager.unlock(vg, lvLock(), unlocking)).result, 0);
  assertEquals((await host.manager.otherHosts(vg)).result, -Errno.ELOCKIO);
  assertEquals(host.manager.leave(vg), { result: 0 });
  assertEquals(host.lost.length, 1);
});

Deno.test("a VG that holds nothing is connected again with its next request", async () => {
  const host = new TestHost();
  const vg = await host.start();
  host.ilm.stop();
  const refused = await host.manager.lock(vg, vgLock, Mode.ex, no);
  assertEquals(refused.result, -Errno.ELOCKIO);
  assertMatch(refused.message ?? "", /the lock of VG vg0: .* seagate_ilm running\?$/);
  host.ilm.running = true;
  assertEquals((await host.manager.lock(vg, vgLock, Mode.ex, no)).result, 0);
  assertEquals(host.ilm.killPaths.length, 2);
  assertEquals(host.manager.outlook(vg)?.lease?.state, "healthy");
  assertEquals(host.lost, []);
});

Deno.test("a VG lock that goes with its manager leaves the VG usable", async () => {
  const host = new TestHost();
  const vg = await host.start();
  await host.manager.lock(vg, vgLock, Mode.ex, no);
  host.ilm.stop();
  host.ilm.expire();
  host.ilm.running = true;
  const { result, message } = await host.manager.unlock(vg, vgLock, { version: 4 });
  assertEquals(result, 0);
  assertMatch(message ?? "", /the connection to the IDM lock manager has ended/);
  assertEquals((await host.manager.lock(vg, vgLock, Mode.ex, no)).valueBlock?.resourceVersion, 0);
  assertEquals(host.lost, []);
});

Deno.test("an answer from before the end of its connection is no lock", async () => {
  const host = new TestHost();
  const vg = await host.start();
  const locking = host.manager.lock(vg, lvLock(), Mode.ex, no);
  host.ilm.answers.lock = [0];
  await Promise.resolve();
  host.ilm.stop();
  assertEquals((await locking).result, -Errno.ELOCKIO);
  assertEquals(host.lost, []);
});

Deno.test("a mutex that the manager has from before is taken anew", async () => {
  const host = new TestHost();
  const vg = await host.start();
  host.ilm.answers.lock = [-16];
  assertEquals((await host.manager.lock(vg, lvLock(), Mode.ex, no)).result, 0);
  assertEquals(host.ilm.calls.slice(-3), ["lock", "unlock", "lock"]);
});

Deno.test("the next daemon takes the locks again where their drives are known", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/adopt.idm`;
  const records = DriveRecords.open(path);
  const drives = new SimulatedDrives();
  const before = new TestHost(drives, { records });
  const vg = await before.start();
  const other = lvLock(["/dev/b"], LV_UUID.replace("R", "X"));
  await before.manager.lock(vg, lvLock(), Mode.ex, no);
  await before.manager.lock(vg, other, Mode.sh, no);
  await before.manager.convert(vg, other, Mode.ex, { version: 0 });
  vg.pvPaths = ["/dev/c"];
  await before.manager.lock(vg, vgLock, Mode.sh, no);
  before.ilm.expire(); // the manager gives up what a dead process had
  before.manager.close();

  const rival = new TestHost(drives);
  await rival.manager.lock(await rival.start(), other, Mode.sh, no);
  const next = new TestHost(drives, { records: DriveRecords.open(path) });
  const [left] = next.manager.leftBehind(new Set([LV_UUID, other.name]));
  assertEquals(left?.pvPaths, ["/dev/c"]);
  const again = await next.start("vg0", left?.pvPaths);
  const only = { adopt: "only" as const };
  const results = [];
  for (const { lvUuid, mode, pvPaths } of left?.locks ?? []) {
    assertEquals(mode, Mode.ex);
    const answer = await next.manager.lock(again, lvLock(pvPaths, lvUuid), mode, only);
    results.push(answer.result);
    if (answer.result < 0) assertMatch(answer.message ?? "", /1 other host has it.*lvchange -an/);
  }
  assertEquals(results, [0, -Errno.EAGAIN]);
  // Nothing is adopted that was not recorded with drives.
  for (const resource of [vgLock, lvLock([])]) {
    const { result } = await next.manager.lock(again, resource, Mode.sh, only);
    assertEquals(result, -Errno.EADOPT_NONE);
  }
  next.manager.leave(again);
  assertEquals(next.manager.leftBehind(new Set([LV_UUID])), []);
  next.manager.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a lock that was refused is not held by the manager either", async () => {
  for (const answer of [-1, -5, -12, -99]) {
    const drives = new SimulatedDrives();
    const [host, rival] = [new TestHost(drives), new TestHost(drives)];
    const [vg, theirs] = [await host.start(), await rival.start()];
    host.ilm.answersAfter.lock = [answer];
    assert((await host.manager.lock(vg, lvLock(), Mode.ex, no)).result < 0);
    assertEquals((await rival.manager.lock(theirs, lvLock(), Mode.ex, no)).result, 0);
  }
});

Deno.test("a conversion to shared that fails leaves the weaker mode", async () => {
  for (const answer of [-1, -5]) {
    for (const when of ["answers", "answersAfter"] as const) {
      const host = new TestHost();
      const vg = await host.start();
      await host.manager.lock(vg, lvLock(), Mode.ex, no);
      host.ilm[when].convert = [answer];
      const { result, lmResult } = await host.manager.convert(vg, lvLock(), Mode.sh, unlocking);
      assertEquals([result, lmResult, host.lost], [0, answer, []]);
      assertMatch(host.manager.outlook(vg)?.lease?.note ?? "", /1 locks \(0 exclusive\)/);
    }
  }
});
