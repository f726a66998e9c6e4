/**
 * Active LVs as sysfs shows them.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { activeLvs, mayBeActive } from "./active_lvs.ts";

const vg = "xNUoTCXg21sYjnRqIdVR0LPCtuzt2cDf";
const lv = (last: string) => `tcbOUfFbyumoiSnlEqIDAiDwQY0tzHI${last}`;
const dashed = (last: string) => `tcbOUf-Fbyu-moiS-nlEq-IDAi-DwQY-0tzHI${last}`;

/** Makes a folder like /sys/block with these device-mapper devices, and looks at it. */
async function seen<T = ReturnType<typeof activeLvs>>(
  devices: [device: string, name: string, uuid: string][],
  look: (root: string) => T = activeLvs as (root: string) => T,
): Promise<T> {
  const root = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${root}/sda`);
    Deno.mkdirSync(`${root}/dm-99`); // vanishes while we look
    for (const [device, name, uuid] of devices) {
      Deno.mkdirSync(`${root}/${device}/dm`, { recursive: true });
      Deno.writeTextFileSync(`${root}/${device}/dm/name`, `${name}\n`);
      Deno.writeTextFileSync(`${root}/${device}/dm/uuid`, `${uuid}\n`);
    }
    return look(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("LVs are found by their device's UUID, with LVM's names", async () => {
  const found = await seen([
    ["dm-0", "my--vg-lv--0", `LVM-${vg}${lv("O")}`],
    ["dm-1", "crypt", "CRYPT-LUKS2-0123-crypt"],
    ["dm-2", "plain", ""],
    ["dm-3", "short", "LVM-abc"],
    ["dm-4", "other", `XLVM-${vg}${lv("P")}`],
    ["dm-5", "long", `LVM-${vg}${lv("Q")}x`],
  ]);
  const vgUuid = "xNUoTC-Xg21-sYjn-RqId-VR0L-PCtu-zt2cDf";
  assertEquals([...found], [[dashed("O"), { vgUuid, lvUuid: dashed("O"), name: "my-vg/lv-0" }]]);
});

Deno.test("an LV with nothing but a layer is active", async () => {
  const found = await seen([
    ["dm-0", "vg0-pool-tpool", `LVM-${vg}${lv("A")}-tpool`],
    ["dm-1", "vg0-lv0-real", `LVM-${vg}${lv("B")}-real`],
    ["dm-2", "vg0-lv0", `LVM-${vg}${lv("B")}`],
    ["dm-3", "vg0-snap-cow", `LVM-${vg}${lv("C")}-cow`],
  ]);
  const names = Object.fromEntries([...found].map(([uuid, { name }]) => [uuid, name]));
  assertEquals(names, {
    [dashed("A")]: "vg0/pool",
    [dashed("B")]: "vg0/lv0",
    [dashed("C")]: "vg0/snap",
  });
});

Deno.test("a host without sysfs is an error, one without devices is not", async () => {
  assertThrows(() => activeLvs("/proc/self/no such folder"));
  assertEquals((await seen([])).size, 0);
});

Deno.test("an LV is active while device-mapper has a device for it, or when nobody can tell", async () => {
  const pool: [string, string, string] = ["dm-3", "vg0-pool-tpool", `LVM-${vg}${lv("A")}-tpool`];
  const told = (root: string) => [dashed("A"), dashed("B")].map((uuid) => mayBeActive(uuid, root));
  assertEquals(await seen([pool], told), [true, false]);
  assertEquals(mayBeActive(dashed("A"), "/no/such/folder"), true);
});
