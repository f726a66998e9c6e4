/**
 * Locks of two hosts in memory: taken, refused, converted, released and adopted, and what each leaves
 * in sanlock.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Mode } from "../../core/types.ts";
import type { Adopt, ResourceSpec } from "../lock_manager.ts";
import { geometryFor } from "./geometry.ts";
import { convertLock, releaseLock, takeLock } from "./locks.ts";
import { formatted, gl, joined, lvAt, type MemoryHost, usual, vg } from "./test_lockspace.ts";

const MIB = 2 ** 20;
const PATH = "/none/leases";
const [EAGAIN, EORPHAN, EADOPT_NONE, EADOPT_RETRY] = [-11, -222, -223, -224];
const [ELOCKREPAIR, EUNATCH, ELMERR] = [-226, -49, -221];
const lv = lvAt(67);

async function twoHosts(geometry = usual): Promise<[MemoryHost, MemoryHost]> {
  const storage = await formatted(PATH, ["lv67", "lv68", ""], { geometry });
  return [await joined(storage, 1, geometry), await joined(storage, 2, geometry)];
}

function take(
  { client, lockspace }: MemoryHost,
  resource: ResourceSpec,
  mode: Mode,
  { adopt = "no" as Adopt, repair = false, persistent = false } = {},
) {
  return takeLock(client, lockspace, resource, mode, { adopt, repair, persistent });
}

async function taken(host: MemoryHost, resource: ResourceSpec, mode: Mode, adopt: Adopt = "no") {
  return (await take(host, resource, mode, { adopt })).result;
}

async function converted(host: MemoryHost, resource: ResourceSpec, mode: Mode, version = 0) {
  return (await convertLock(host.client, host.lockspace, resource, mode, { version })).result;
}

async function released(host: MemoryHost, resource: ResourceSpec, version = 0, freeVg = false) {
  return (await releaseLock(host.client, host.lockspace, resource, { version, freeVg })).result;
}

Deno.test("exclusive and shared locks of two hosts", async () => {
  const [a, b] = await twoHosts();
  for (const resource of [gl, vg, lv]) {
    assertEquals(await taken(a, resource, Mode.ex), 0);
    assertEquals(await take(b, resource, Mode.ex).then(({ result, retry }) => [result, retry]), [
      EAGAIN,
      false,
    ]);
    assertEquals((await take(b, resource, Mode.sh)).retry, true);
    assertEquals(await converted(a, resource, Mode.sh), 0);
    assertEquals(await taken(b, resource, Mode.sh), 0);
    assertEquals(await converted(a, resource, Mode.ex), EAGAIN);
    assertEquals(await released(b, resource), 0);
    assertEquals(await converted(a, resource, Mode.ex), 0);
    assertEquals(await released(a, resource), 0);
    assertEquals(await taken(b, resource, Mode.ex), 0);
    assertEquals(await released(b, resource), 0);
    assertEquals([a.lockspace.held.size, b.lockspace.held.size], [0, 0]);
  }
});

Deno.test("the version goes from host to host, at a release and at a conversion to shared", async () => {
  const [a, b] = await twoHosts();
  assertEquals((await take(a, vg, Mode.ex)).valueBlock?.version, 0); // never written
  assertEquals(await released(a, vg, 7), 0);
  const block = { version: 0x0101, flags: 0, resourceVersion: 7 };
  assertEquals((await take(b, vg, Mode.sh)).valueBlock, block);
  assertEquals(await released(b, vg, 99), 0); // not written while shared
  assertEquals((await take(a, vg, Mode.ex)).valueBlock, block);
  assertEquals(await converted(a, vg, Mode.sh, 8), 0);
  assertEquals((await take(b, vg, Mode.sh)).valueBlock?.resourceVersion, 8);
  assertEquals(await released(b, vg), 0);
  assertEquals(await converted(a, vg, Mode.ex, 9), 0); // it was shared: nothing to write
  assertEquals(await released(a, vg), 0); // and nothing changed
  assertEquals((await take(b, vg, Mode.sh)).valueBlock?.resourceVersion, 8);
});

Deno.test("LVs have no version, nor has anything where leases have no room for one", async () => {
  const [a] = await twoHosts();
  assertEquals((await take(a, lv, Mode.ex)).valueBlock, undefined);
  assertEquals(await released(a, lv, 5), 0);
  const [small] = await twoHosts(geometryFor(4096, 1)!);
  assertEquals((await take(small, vg, Mode.ex)).valueBlock, undefined);
  assertEquals(await released(small, vg, 5), 0);
  const calls = [...a.client.calls, ...small.client.calls];
  assertEquals(calls.filter((call) => /Lvb/.test(call)), []);
  const flags = calls.flatMap((call) => /^acquire \S+ (\d+)/.exec(call)?.[1] ?? []);
  assertEquals(flags, ["8", "8"]);
});

Deno.test("a version that cannot be read or written", async () => {
  const [a] = await twoHosts();
  a.client.failures.set("getLvb", [-5]);
  const answer = await take(a, vg, Mode.ex);
  assertEquals([answer.result, answer.valueBlock?.resourceVersion], [0, 0]); // the lock is held
  a.client.failures.set("setLvb", [-5, -5]);
  assertEquals(await released(a, vg, 1), ELMERR); // and stays so
  assertEquals(await converted(a, vg, Mode.sh, 1), ELMERR);
  assertEquals(a.lockspace.held.get("VGLK")?.mode, Mode.ex);
  assertEquals(await released(a, vg, 1), 0);
});

Deno.test("what is asked of sanlock: persistent always, and never to wait", async () => {
  const [a] = await twoHosts();
  await take(a, lv, Mode.sh);
  await converted(a, lv, Mode.ex);
  await released(a, lv);
  await take(a, vg, Mode.ex);
  await released(a, vg, 3, true);
  const orders = a.client.calls.filter((call) => !/Lvb/.test(call));
  assertEquals(orders, [
    "acquire lv67 8",
    "convert lv67 8",
    "release lv67 0",
    "acquire VGLK 9",
    "release VGLK 2 invalid_removed",
  ]);
});

/** The daemon has died, and another one is there. */
async function restarted(host: MemoryHost): Promise<MemoryHost> {
  await host.lockspace.connection.close();
  const next = { ...host, lockspace: { ...host.lockspace, held: new Map() } };
  next.lockspace.connection = await host.client.register() as typeof host.lockspace.connection;
  return next;
}

Deno.test("the orphan of an LV is taken over by whoever activates it as it was", async () => {
  const [a, b] = await twoHosts();
  assertEquals([await taken(a, lv, Mode.ex), await taken(a, vg, Mode.ex)], [0, 0]);
  const next = await restarted(a);
  const activated = (resource: ResourceSpec, mode: Mode) =>
    take(next, resource, mode, { persistent: true }).then(({ result }) => result);
  assertEquals(await taken(next, lv, Mode.ex), EORPHAN);
  assertEquals(await activated(lv, Mode.sh), EORPHAN);
  assertEquals(await activated(vg, Mode.ex), EORPHAN);
  assertEquals(await taken(b, lv, Mode.ex), EAGAIN);
  assertEquals(await activated(lv, Mode.ex), 0);
  assertEquals(await taken(b, lv, Mode.ex), EAGAIN);
  assertEquals(await released(next, lv), 0);
  assertEquals(await taken(b, lv, Mode.ex), 0);
});

Deno.test("orphans of this host", async () => {
  const [a, b] = await twoHosts();
  assertEquals([await taken(a, lv, Mode.ex), await taken(a, vg, Mode.sh)], [0, 0]);
  const next = await restarted(a);
  assertEquals(await taken(next, lv, Mode.ex), EORPHAN);
  assertEquals(await taken(b, lv, Mode.ex), EAGAIN);
  assertEquals(await taken(next, lv, Mode.sh, "only"), EADOPT_RETRY);
  assertEquals(await taken(next, lv, Mode.ex, "only"), 0);
  assertEquals(await taken(next, vg, Mode.ex, "ok"), EADOPT_RETRY);
  const adopted = await take(next, vg, Mode.sh, { adopt: "ok" });
  assertEquals([adopted.result, adopted.valueBlock], [0, undefined]);
  assertEquals(await taken(next, lvAt(68), Mode.ex, "only"), EADOPT_NONE);
  assertEquals(await taken(next, lvAt(68), Mode.ex, "ok"), 0); // as if it were not asked for
  for (const each of [lv, vg]) assertEquals(await released(next, each), 0);
  assertEquals(await taken(b, lv, Mode.ex), 0);
});

Deno.test("a lease that is damaged is rewritten on request, if nobody else may hold it", async () => {
  const [a, b] = await twoHosts();
  const damage = () => a.client.failures.set("acquire", [-229]);
  damage();
  assertEquals(await taken(a, lv, Mode.ex), ELOCKREPAIR);
  damage();
  assertEquals((await take(a, lv, Mode.ex, { repair: true })).result, ELOCKREPAIR); // host 2 is there
  b.client.joined.clear();
  const { lockspace } = a.client.storage.get(PATH)!;
  lockspace!.hosts.delete(2);
  damage();
  assertEquals((await take(a, lv, Mode.ex, { repair: true })).result, 0);
  const written = a.client.calls.filter((call) => call.startsWith("writeResource"));
  assertEquals(written, [`writeResource lv67@${67 * MIB}`]);
  // The lease of another LV is no damage.
  const wrong = { ...lvAt(68), name: "lv67b" };
  assertEquals((await take(a, wrong, Mode.ex, { repair: true })).result, ELOCKREPAIR);
  // Nor may it be across two leases, or where the hosts have theirs.
  for (const lockArgs of ["1.0.0:0", `1.0.0:${67 * MIB + 512}`]) {
    damage();
    const place = { ...lv, lockArgs };
    assertEquals((await take(a, place, Mode.ex, { repair: true })).result, ELOCKREPAIR);
  }
  assertEquals(a.client.calls.filter((call) => call.startsWith("writeResource")).length, 1);
});

Deno.test("a global lock that another host has disabled is no global lock any more", async () => {
  const [a, b] = await twoHosts();
  const { flags } = usual;
  const lease = { lockspace: "lvm_vg", path: PATH, offset: 65 * MIB, flags };
  await b.client.writeResource({ ...lease, name: "_GLLK_disabled" });
  assertEquals((await take(a, gl, Mode.sh)).result, EUNATCH);
  await b.client.writeResource({ ...lease, name: "something" });
  assertEquals((await take(a, gl, Mode.sh)).result, ELOCKREPAIR);
});

Deno.test("a release that fails counts as done, except that of a VG that is removed", async () => {
  const [a] = await twoHosts();
  assertEquals(await taken(a, lv, Mode.ex), 0);
  a.client.failures.set("release", [-202]);
  const answer = await releaseLock(a.client, a.lockspace, lv, { version: 0, freeVg: false });
  assertEquals([answer.result, answer.lmResult, a.lockspace.held.size], [0, -202, 0]);
  assertStringIncludes(answer.message!, "releasing the lock of LV lv67 in VG vg");
  assertEquals(await taken(a, vg, Mode.ex), 0);
  a.client.failures.set("release", [-202]);
  assertEquals(await released(a, vg, 0, true), ELMERR);
  assertEquals(a.lockspace.held.has("VGLK"), true);
});

Deno.test("a conversion that fails leaves the lock as it was", async () => {
  const [a] = await twoHosts();
  assertEquals(await taken(a, lv, Mode.sh), 0);
  for (const [result, expected] of [[-243, EAGAIN], [-202, EAGAIN], [-2, ELMERR]] as const) {
    a.client.failures.set("convert", [result]);
    const answer = await convertLock(a.client, a.lockspace, lv, Mode.ex, { version: 0 });
    assertEquals([answer.result, answer.lmResult], [expected, result]);
    assertStringIncludes(answer.message!, "converting the lock of LV lv67");
    assertEquals(a.lockspace.held.get("lv67")?.mode, Mode.sh);
  }
});

Deno.test("lock args that are not understood reach nobody", async () => {
  const [a] = await twoHosts();
  const unclear = { ...lv, lockArgs: "2.0.0:1\n" };
  const answer = await take(a, unclear, Mode.ex);
  assertEquals(answer.result, -1);
  assertStringIncludes(answer.message!, '"2.0.0:1?"');
  assertEquals([await converted(a, unclear, Mode.ex), await released(a, unclear)], [-1, -1]);
  assertEquals(a.client.calls, []);
});
