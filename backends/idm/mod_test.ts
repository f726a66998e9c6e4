/**
 * Locks of two hosts on the same drives.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import { SimulatedDrives } from "./test_ilm.ts";
import { lockspaceOf, LV_UUID, lvLock, no, TestHost, unlocking, vgLock } from "./test_lockspace.ts";

const blockOf = (resourceVersion: number, version = 0x0101) => ({
  version,
  flags: 0,
  resourceVersion,
});
const noBlock = blockOf(0, 0);

/** Two hosts on the same drives, with the same VG started. */
async function twoHosts() {
  const drives = new SimulatedDrives();
  const [one, two] = [new TestHost(drives), new TestHost(drives)];
  return { drives, one, two, vg: await one.start(), theirs: await two.start() };
}

Deno.test("a VG is started, locked, unlocked and left", async () => {
  const host = new TestHost();
  const spec = lockspaceOf("vg0");
  assertEquals(await host.manager.prepare(spec), { result: 0 });
  assertEquals(await host.manager.join(spec), { result: 0 });
  assertEquals(host.ilm.killPaths, ["/kill --kill vg0"]);
  assertEquals(await host.manager.lock(spec, vgLock, Mode.ex, no), {
    result: 0,
    valueBlock: noBlock,
  });
  assertEquals(await host.manager.lock(spec, lvLock(), Mode.sh, no), { result: 0 });
  assertEquals(await host.manager.unlock(spec, lvLock(), unlocking), { result: 0 });
  assertEquals(await host.manager.unlock(spec, vgLock, unlocking), { result: 0 });
  assertEquals(host.manager.leave(spec), { result: 0 });
  assertEquals(host.ilm.connections.size, 0);
  assertEquals(host.manager.outlook(spec), undefined);
});

Deno.test("what another host has is a conflict, not a failure, and is not tried again", async () => {
  const { one, two, vg, theirs } = await twoHosts();
  await one.manager.lock(vg, lvLock(), Mode.ex, no);
  const { result, persevered, message } = await two.manager.lock(theirs, lvLock(), Mode.sh, no);
  assertEquals([result, persevered], [-Errno.EAGAIN, true]);
  assertEquals(
    message,
    `LV ${LV_UUID} in VG vg0: 1 other host has it; the drives do not tell which one`,
  );
});

Deno.test("a lock that nobody else changed brings back the version that was written", async () => {
  const { one, two, vg, theirs } = await twoHosts();
  const lock = async (host: TestHost, spec: typeof vg) =>
    (await host.manager.lock(spec, vgLock, Mode.ex, no)).valueBlock;
  const unlock = (host: TestHost, spec: typeof vg, version: number) =>
    host.manager.unlock(spec, vgLock, { version });
  await lock(one, vg);
  await unlock(one, vg, 7);
  assertEquals(await lock(one, vg), blockOf(7));
  await unlock(one, vg, 0);
  assertEquals(await lock(two, theirs), noBlock);
  await unlock(two, theirs, 9);
  assertEquals(await lock(one, vg), noBlock);
});

Deno.test("a value block that is not written does not keep the lock", async () => {
  const host = new TestHost();
  const vg = await host.start();
  await host.manager.lock(vg, vgLock, Mode.ex, no);
  host.ilm.answers.writeValue = [-5];
  assertEquals(await host.manager.unlock(vg, vgLock, { version: 3 }), { result: 0 });
  const { result, valueBlock } = await host.manager.lock(vg, vgLock, Mode.ex, no);
  assertEquals([result, valueBlock], [0, noBlock]);
});

Deno.test("a lock whose value cannot be read is held, and says nothing", async () => {
  const host = new TestHost();
  const vg = await host.start();
  host.ilm.answers.readValue = [-1];
  const { result, valueBlock } = await host.manager.lock(vg, vgLock, Mode.ex, no);
  assertEquals([result, valueBlock], [0, noBlock]);
});

Deno.test("sharers refuse a conversion; the lock stays as it was", async () => {
  const { one, two, vg, theirs } = await twoHosts();
  await one.manager.lock(vg, lvLock(), Mode.sh, no);
  await two.manager.lock(theirs, lvLock(), Mode.sh, no);
  const convert = (mode: Mode) => one.manager.convert(vg, lvLock(), mode, { version: 0 });
  const { result, lmResult, message } = await convert(Mode.ex);
  assertEquals([result, lmResult], [-Errno.EAGAIN, -1]);
  assertMatch(message ?? "", /1 other host has it/);
  await two.manager.unlock(theirs, lvLock(), unlocking);
  assertEquals(await convert(Mode.ex), { result: 0 });
  assertEquals(await convert(Mode.sh), { result: 0 });
  assertEquals((await two.manager.lock(theirs, lvLock(), Mode.sh, no)).result, 0);
});

Deno.test("drives that do not answer are a failure of storage", async () => {
  const host = new TestHost();
  const vg = await host.start();
  for (const path of ["/dev/a", "/dev/b"]) host.ilm.drives.at(path).broken = true;
  const broken = await host.manager.lock(vg, vgLock, Mode.ex, no);
  assertEquals([broken.result, broken.lmResult], [-Errno.ELOCKIO, -5]);
  assertMatch(broken.message ?? "", /most of its drives do not answer \(\/dev\/a, \/dev\/b\)/);
  host.ilm.answers.lock = [-12, -22, -99];
  const codes = [];
  for (let i = 0; i < 3; i++) {
    codes.push((await host.manager.lock(vg, vgLock, Mode.ex, no)).result);
  }
  assertEquals(codes, [-Errno.ELOCKIO, -Errno.EINVAL, -Errno.ELMERR]);
});

Deno.test("other hosts are counted by what they hold", async () => {
  const { one, two, vg, theirs } = await twoHosts();
  assertEquals(await one.manager.otherHosts(vg), { result: 0 });
  await one.manager.lock(vg, vgLock, Mode.sh, no);
  assertEquals(await one.manager.otherHosts(vg), { result: 0 });
  await two.manager.lock(theirs, vgLock, Mode.sh, no);
  assertEquals(await one.manager.otherHosts(vg), { result: 1 });
  assertMatch(one.manager.outlook(vg)?.lease?.note ?? "", /1 other host held a lock here at/);
  await one.manager.unlock(vg, vgLock, unlocking);
  assertEquals(await one.manager.otherHosts(vg), { result: 1 });
  one.ilm.answers.hostCount = [-2];
  assertEquals(await one.manager.otherHosts(vg), { result: 0 });
  await one.manager.lock(vg, lvLock(), Mode.ex, no);
  one.ilm.answers.hostCount = [-2];
  assertEquals((await one.manager.otherHosts(vg)).result, -Errno.ELOCKIO);
});
