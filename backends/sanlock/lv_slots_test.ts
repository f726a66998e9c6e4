/**
 * Slots of LVs: in which order they are found, where the search goes on, and what is at the end of
 * files and of devices.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { InitLvSpec } from "../lock_manager.ts";
import { geometryFor } from "./geometry.ts";
import { findFreeSlot, freeLvLease, initLvLease } from "./lv_slots.ts";
import { formatted, joined, lvAt, NAME, usual, vg } from "./test_lockspace.ts";

const MIB = 2 ** 20;
const [EEXIST, EMSGSIZE] = [-17, -90];

/** Works on a device of which nothing but its leases is known: its end is found by trying. */
const PATH = "/none/leases";

function initSpec(lvUuid: string, lockspaceId = 1): InitLvSpec {
  const about = { lockspaceName: NAME, vgName: "vg", vgArgs: "1.0.0:lvmlock", lvName: "x" };
  return { ...about, lvUuid, prevLvArgs: "", lockspaceId };
}

async function hostOn(lvs: string[], geometry = usual, isFile = true) {
  const storage = await formatted(PATH, lvs, { geometry, isFile });
  return { storage, ...await joined(storage, 1, geometry) };
}

Deno.test("the first free slot, and from there onwards", async () => {
  const { client, lockspace, storage } = await hostOn(["a", "", "b", "", ""]);
  const create = async (name: string) => {
    const found = await findFreeSlot(client, lockspace, 0);
    const made = await initLvLease(client, initSpec(name), lockspace);
    return [found.result, made.result, made.lvArgs];
  };
  const at = (slot: number) => `1.0.0:${slot * MIB}`;
  assertEquals(await create("c"), [0, 0, at(68)]);
  assertEquals(await create("d"), [0, 0, at(70)]);
  assertEquals(storage.names(PATH, MIB, 67, 5), ["a", "c", "b", "d", "#unused"]);
  // One that gets free before is found when all behind it are taken.
  assertEquals((await freeLvLease(client, lockspace, lvAt(67, usual, "a"))).result, 0);
  assertEquals(await create("e"), [0, 0, at(71)]);
  assertEquals(await create("f"), [0, 0, at(67)]);
  assertEquals(storage.names(PATH, MIB, 67, 5), ["f", "c", "b", "d", "e"]);
});

Deno.test("the search costs as many reads as there are slots between", async () => {
  const { client, lockspace } = await hostOn([...Array<string>(50).fill("x"), "", "", ""]);
  await findFreeSlot(client, lockspace, 0);
  assertEquals(client.calls.length, 51);
  client.calls.length = 0;
  await initLvLease(client, initSpec("y"), lockspace);
  await findFreeSlot(client, lockspace, 0);
  assertEquals(client.calls.filter((call) => call.startsWith("readResource")).length, 3);
});

Deno.test("none is free: the search ends, and goes on behind when the device has grown", async () => {
  for (const isFile of [true, false]) {
    const { client, lockspace, storage } = await hostOn(["a", "b"], usual, isFile);
    const full = await findFreeSlot(client, lockspace, 0);
    assertEquals(full.result, EMSGSIZE);
    assertStringIncludes(full.message!, "extend the LV");
    assertEquals((await initLvLease(client, initSpec("c"), lockspace)).result, EMSGSIZE);
    storage.get(PATH)!.size += 2 * MIB;
    const made = await initLvLease(client, initSpec("c"), lockspace);
    assertEquals(made.lvArgs, `1.0.0:${69 * MIB}`);
    assertEquals((await findFreeSlot(client, lockspace, 0)).result, 0); // never formatted is free
    assertEquals(lockspace.freeLockOffset, 70 * MIB);
  }
});

Deno.test("a slot that fits in part only is none, whatever is read from it", async () => {
  const { client, lockspace, storage } = await hostOn(["a", "", ""], usual, false);
  const device = storage.get(PATH)!;
  device.size -= MIB / 2;
  const size = device.size;
  assertEquals((await findFreeSlot(client, lockspace, size)).result, 0);
  assertEquals(lockspace.freeLockOffset, 68 * MIB);
  await initLvLease(client, initSpec("b"), lockspace);
  assertEquals((await findFreeSlot(client, lockspace, size)).result, EMSGSIZE);
});

Deno.test("an LV that has a lease gets no second one", async () => {
  const { client, lockspace, storage } = await hostOn(["a", "b", ""]);
  assertEquals((await initLvLease(client, initSpec("b"), lockspace)).result, EEXIST);
  assertEquals(storage.names(PATH, MIB, 67, 3), ["a", "b", "#unused"]);
});

Deno.test("errors of the storage are told, and nothing is written then", async () => {
  const { client, lockspace, storage } = await hostOn(["", ""]);
  client.failures.set("readResource", [-5, -202]);
  assertEquals((await findFreeSlot(client, lockspace, 0)).result, -5);
  const failed = await initLvLease(client, initSpec("a"), lockspace);
  assertEquals([failed.result, failed.lmResult], [-202, -202]);
  client.failures.set("writeResource", [-221]);
  assertEquals((await initLvLease(client, initSpec("a"), lockspace)).result, -221);
  assertEquals(storage.names(PATH, MIB, 67, 2), ["#unused", "#unused"]);
});

Deno.test("a lease that is freed is the LV's own", async () => {
  const { client, lockspace, storage } = await hostOn(["a", "b", ""]);
  const free = async (slot: number, name: string, offset = slot * MIB) =>
    (await freeLvLease(client, lockspace, {
      ...lvAt(slot, usual, name),
      lockArgs: `1.0.0:${offset}`,
    }))
      .result;
  assertEquals(await free(68, "a"), -1); // another LV's
  assertEquals(await free(66, "VGLK"), -1);
  assertEquals(await free(0, "a"), -1);
  assertEquals(await free(67, "a", 67 * MIB + 512), -1);
  assertEquals(
    (await freeLvLease(client, lockspace, { ...vg, name: "a", lockArgs: "x" })).result,
    -1,
  );
  assertEquals(await free(500, "a"), EMSGSIZE); // beyond the end
  client.failures.set("readResource", [-5]);
  assertEquals(await free(67, "a"), -5);
  assertEquals(storage.names(PATH, MIB, 65, 5), ["GLLK", "VGLK", "a", "b", "#unused"]);
  assertEquals(await free(67, "a"), 0);
  assertEquals(await free(69, "a"), 0); // free already
  assertEquals(storage.names(PATH, MIB, 67, 3), ["#unused", "b", "#unused"]);
});

Deno.test("leases of 8 MiB lie as far apart", async () => {
  const geometry = geometryFor(4096, 8)!;
  const { client, lockspace } = await hostOn(["a", ""], geometry, false);
  const made = await initLvLease(client, initSpec("b"), lockspace);
  assertEquals(made.lvArgs, `1.0.0:${68 * 8 * MIB}`);
});
