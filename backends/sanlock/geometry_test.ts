/**
 * Sizes of leases: those that there are, as flags and back, and how they are found out.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Res } from "./constants.ts";
import * as geometry from "./geometry.ts";
import { MemoryClient, Storage } from "./test_client.ts";

const MIB = 2 ** 20;

/** Sector size, lease size in MiB, flags, greatest host id, room for a value block. */
const sizes: [number, number, number, number, boolean][] = [
  [512, 1, 0x110, 2000, true],
  [4096, 1, 0x210, 250, false],
  [4096, 2, 0x220, 500, false],
  [4096, 4, 0x240, 1000, false],
  [4096, 8, 0x280, 2000, true],
];

Deno.test("the five sizes", () => {
  for (const [sectorSize, mebibytes, flags, maxHostId, hasValueBlock] of sizes) {
    const alignSize = mebibytes * MIB;
    const expected = { sectorSize, alignSize, flags, maxHostId, hasValueBlock };
    assertEquals(geometry.geometryFor(sectorSize, mebibytes), expected);
    assertEquals(geometry.geometryOfFlags(flags), expected);
    // Bits of other meanings do not matter.
    assertEquals(geometry.geometryOfFlags(flags | Res.shared | Res.persistent | 0x400), expected);
  }
});

Deno.test("defaults, and pairs that do not exist", () => {
  assertEquals(geometry.geometryFor(512, 0)?.flags, 0x110);
  assertEquals(geometry.geometryFor(512, 8)?.flags, 0x110); // what is asked for does not count
  assertEquals(geometry.geometryFor(4096, 0)?.flags, 0x280);
  for (const mebibytes of [3, 5, 16, -1]) {
    assertEquals(geometry.geometryFor(4096, mebibytes), undefined);
  }
  for (const sectorSize of [0, 520, 8192]) {
    assertEquals(geometry.geometryFor(sectorSize, 1), undefined);
  }
  for (const flags of [0, 0x10, 0x100, 0x120, 0x180, 0x310, 0x230, 0x200]) {
    assertEquals(geometry.geometryOfFlags(flags), undefined);
  }
});

Deno.test("slots of an LV of the usual size", () => {
  const first = ([, mebibytes]: typeof sizes[number]) => geometry.FIRST_LV_SLOT * mebibytes * MIB;
  assertEquals(sizes.map(first), [70254592, 70254592, 140509184, 281018368, 562036736]);
  assertEquals([geometry.GL_SLOT, geometry.VG_SLOT], [65, 66]);
});

Deno.test("a file has sectors of 512 bytes and its own size", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.truncate(path, 5 * MIB + 1);
    assertEquals(await geometry.deviceFacts(path), { sectorSize: 512, size: 5 * MIB + 1 });
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => geometry.deviceFacts(path), Deno.errors.NotFound);
});

Deno.test("a disk tells its sizes in sysfs", async () => {
  const disks = [...Deno.readDirSync("/sys/block")].map(({ name }) => name)
    .filter((name) => Deno.readTextFileSync(`/sys/block/${name}/size`).trim() !== "0");
  for (const name of disks) {
    const read = (file: string) => Number(Deno.readTextFileSync(`/sys/block/${name}/${file}`));
    const there = await Deno.stat(`/dev/${name}`).then((info) => info.isBlockDevice, () => false);
    if (!there) continue;
    const facts = await geometry.deviceFacts(`/dev/${name}`);
    assertEquals(facts.size, read("size") * 512);
    const sectors = ["physical", "logical"].map((kind) => read(`queue/${kind}_block_size`));
    assertEquals(facts.sectorSize, sectors.includes(4096) ? 4096 : sectors.includes(512) ? 512 : 0);
  }
});

Deno.test("sizes are read from what is formatted", async () => {
  const storage = new Storage();
  const client = new MemoryClient(storage);
  const path = "/dev/leases";
  assertEquals(await geometry.readGeometry(client, path), { result: -19 });
  storage.add(path, 100 * MIB);
  assertEquals(await geometry.readGeometry(client, path), { result: -223 });
  for (const [, , flags] of sizes) {
    await client.writeLockspace({ name: "lvm_vg", hostId: 0, path, flags }, 1);
    assertEquals(await geometry.readGeometry(client, path), geometry.geometryOfFlags(flags));
  }
});

Deno.test("leases that do not say their size: sanlock guesses", async () => {
  const storage = new Storage();
  const client = new MemoryClient(storage);
  const lockspace = { name: "lvm_vg", flags: 0, ioTimeout: 1, hosts: new Map() };
  Object.assign(storage.add("/old", 100 * MIB), { lockspace });
  assertEquals(await geometry.readGeometry(client, "/old"), geometry.geometryFor(512, 0));
  for (
    const [answer, expected] of [[8 * MIB, geometry.geometryFor(4096, 0)], [-19, { result: -19 }]]
  ) {
    client.failures.set("align", [answer as number]);
    assertEquals(await geometry.readGeometry(client, "/old"), expected as geometry.Geometry);
  }
});
