/**
 * Leases for LVs: in which order they are given away and used again, what happens when there are no
 * more, and when the device has grown.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Hosts } from "./daemon_hosts.ts";
import { atTheSameTime } from "./daemon_scenes.ts";
import { MIB } from "./leases.ts";
import type { SharedVg, VgClient } from "./daemon_vg.ts";

const [ENOENT, EEXIST, EMSGSIZE] = [-2, -17, -90];

/** Slot of the lease of the first LV. */
const FIRST = 67;

type Pair = [VgClient, VgClient];

function slotOf(vg: SharedVg, lv: number): number {
  return Number(vg.lvArgs.get(lv)!.split(":")[1]) / MIB;
}

/** Makes a lease as lvcreate does; its slot, or the result that is no success. */
async function create(client: VgClient, lv: number): Promise<number> {
  const found = await client.result("find_free_lock", { lv_size_bytes: 0 });
  if (found < 0) return found;
  const made = await client.initLv(lv);
  return made < 0 ? made : slotOf(client.vg, lv);
}

async function order(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("order");
  const [a, b] = await vg.started(2) as Pair;
  // Without looking for a free one before, the first free one counts as well.
  assertEquals([await a.initLv(1), slotOf(vg, 1)], [0, FIRST]);
  for (const lv of [2, 3, 4, 5]) assertEquals(await create(a, lv), FIRST + lv - 1);
  assertEquals(await a.initLv(5), EEXIST);
  for (const lv of [2, 4]) {
    assertEquals(await a.lv(lv, "ex"), 0);
    assertEquals(await a.lv(lv, "un"), 0);
    assertEquals(await a.freeLv(lv), 0);
  }
  // Onwards from the last one; from the beginning only at the end. The other host starts there.
  assertEquals(await create(a, 6), FIRST + 5);
  assertEquals(await create(b, 7), FIRST + 1);
  assertEquals(await create(b, 8), FIRST + 3);
  assertEquals(await create(b, 9), FIRST + 6);
  // A freed lease is free for the other host too, and cannot be locked under its old name.
  assertEquals(await b.freeLv(9), 0); // was never locked
  assertEquals(await create(a, 10), FIRST + 6);
  assertEquals(await b.lv(9, "ex") < 0, true);
  assertEquals(await a.lv(10, "ex"), 0);
  assertEquals(await a.lv(10, "un"), 0);
}

async function fullDevice(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("full", FIRST + 3);
  const [a, b] = await vg.started(2) as Pair;
  for (const lv of [1, 2, 3]) assertEquals(await create(a, lv), FIRST + lv - 1);
  assertEquals(await create(a, 4), EMSGSIZE);
  assertEquals(await create(b, 4), EMSGSIZE);
  assertEquals(await a.initLv(4), EMSGSIZE);
  assertEquals((await Deno.stat(vg.path)).size, (FIRST + 3) * MIB); // nothing was written past it
  assertEquals(await b.freeLv(2), 0);
  assertEquals(await create(a, 5), FIRST + 1);
  // LVM extends the device, zeroes what is new and goes on where the device ended.
  assertEquals(await create(a, 6), EMSGSIZE);
  await Deno.truncate(vg.path, (FIRST + 5) * MIB + MIB / 2);
  assertEquals(await a.initLv(6), 0);
  assertEquals(slotOf(vg, 6), FIRST + 3);
  assertEquals(await create(b, 7), FIRST + 4);
  assertEquals(await create(a, 8), EMSGSIZE); // a slot that fits in part only is none
  for (const lv of [5, 6, 7]) {
    assertEquals([await a.lv(lv, "ex"), await b.lv(lv, "ex"), await a.lv(lv, "un")], [0, -11, 0]);
  }
}

/** `vgchange --lock-type sanlock`: leases for LVs that exist, before the VG is started. */
async function convertedVg(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("converted");
  const client = await vg.client(1);
  assertEquals((await client.initVg()).get("op_result"), 0);
  assertEquals([await client.initLv(1), slotOf(vg, 1)], [0, FIRST]);
  assertEquals(
    [await client.initLv(2, { prev_lv_args: vg.lvArgs.get(1)! }), slotOf(vg, 2)],
    [0, FIRST + 1],
  );
  assertEquals([await client.initLv(3), slotOf(vg, 3)], [0, FIRST + 2]);
  assertEquals(await client.start(), 0);
  for (const lv of [1, 2, 3]) assertEquals(await client.lv(lv, "ex"), 0);
  assertEquals(await create(client, 4), FIRST + 3);
}

/** Requests whose lock args lead somewhere else than to a lease of that LV. */
async function wrongArgs(hosts: Hosts): Promise<void> {
  const vg = await hosts.vg("wrong");
  const [a] = await vg.started(1) as [VgClient];
  for (const lv of [1, 2]) assertEquals(await a.initLv(lv), 0);
  const own = vg.lvArgs.get(1)!;
  const wrong = [
    ["2.0.0:70254592", -1], // a newer format
    ["none", -1],
    ["1.0.0:", -1],
    ["1.0.0:-5", -1],
    [vg.lvArgs.get(2)!, -226], // the lease of another LV
    ["1.0.0:70254593", -221], // not the beginning of a sector
    [`1.0.0:${79 * MIB}`, -226], // a free one
    [`1.0.0:${500 * MIB}`, EMSGSIZE], // beyond the end
    ["1.0.0:9007199254740993", -1], // beyond what can be counted
  ] as const;
  for (const [args, result] of wrong) {
    const asked = { lv_lock_args: args };
    assertEquals([args, await a.lv(1, "ex", asked)], [args, result]);
    assertEquals([args, await a.lv(1, "un")], [args, ENOENT]);
  }
  assertEquals(await a.lv(1, "ex", { lv_lock_args: own }), 0);
  assertEquals(await a.lv(1, "un"), 0);
  // A lease of the VG itself, or of another LV, is not freed.
  for (const args of [`1.0.0:${66 * MIB}`, "1.0.0:0", vg.lvArgs.get(2)!]) {
    vg.lvArgs.set(3, args);
    assertEquals([args, await a.freeLv(3)], [args, -1]);
  }
  assertEquals([await a.lock("ex"), await a.lv(2, "ex")], [0, 0]);
}

Deno.test("leases of LVs", async (t) => {
  await using hosts = await Hosts.start(2);
  await atTheSameTime(t, {
    "given away upwards, and again after the end": () => order(hosts),
    "none left, and more after the device has grown": () => fullDevice(hosts),
    "made before the VG is started": () => convertedVg(hosts),
    "lock args that lead elsewhere": () => wrongArgs(hosts),
  });
});
