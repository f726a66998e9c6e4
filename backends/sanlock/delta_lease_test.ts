/**
 * Delta leases as sanlock 3.8.5 has written them, and files and devices in which there are none.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { decodeDeltaLease, readDeltaLease } from "./delta_lease.ts";
import { geometryFor } from "./geometry.ts";

/** What a sector holds, by offset; all between is 0. */
type Dump = Record<number, string>;

const formatted: Dump = {
  0: "10202112 04000300 10000000 00020000",
  24: "01",
  56: "6c766d5f766730", // lvm_vg0
  168: "8ce39b5a",
  174: "01",
};
const joined: Dump = {
  ...formatted,
  32: "01",
  40: "01",
  104: "686f737431", // host1
  152: "e144",
  168: "3d3c1cb7",
};
const left: Dump = { ...joined, 32: "02", 104: "686f737432", 152: "", 168: "3977404c" };

function sector(dump: Dump, size = 512): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [at, text] of Object.entries(dump)) {
    bytes.set(Uint8Array.fromHex(text.replaceAll(" ", "")), Number(at));
  }
  return bytes;
}

const host1 = { hostId: 1, hostName: "host1", generation: 1, timestamp: 17633, ioTimeout: 1 };
const host2 = { hostId: 2, hostName: "host2", generation: 1, timestamp: 0, ioTimeout: 1 };
const nobody = { hostId: 0, hostName: "", generation: 0, timestamp: 0, ioTimeout: 1 };

Deno.test("a lease of a host, of one that has left, and one that nobody had", () => {
  assertEquals(decodeDeltaLease(sector(joined)), host1);
  assertEquals(decodeDeltaLease(sector(left)), host2);
  assertEquals(decodeDeltaLease(sector(formatted)), nobody);
});

Deno.test("names of 48 bytes have no end mark; what is no plain text is shown as such", () => {
  const name = (hex: string) => decodeDeltaLease(sector({ ...joined, 104: hex }))?.hostName;
  assertEquals(name("61".repeat(48)), "a".repeat(48));
  assertEquals(name("c3a90a41"), "???A");
});

Deno.test("large numbers", () => {
  const lease = decodeDeltaLease(
    sector({ ...joined, 40: "ffffffffff", 152: "00000000ff", 174: "ffff" }),
  );
  assertEquals(lease?.generation, 2 ** 40 - 1);
  assertEquals([lease?.timestamp, lease?.ioTimeout], [255 * 2 ** 32, 65535]);
});

Deno.test("other sectors hold none", () => {
  assertEquals(decodeDeltaLease(new Uint8Array(512)), undefined);
  assertEquals(decodeDeltaLease(sector({ ...joined, 0: "10201506" })), undefined); // of a resource
  assertEquals(decodeDeltaLease(sector({ ...joined, 4: "04000400" })), undefined); // newer
  assertEquals(decodeDeltaLease(sector({ ...joined, 4: "ffff0300" })) !== undefined, true);
});

/** A device on a disk: reads pass the page cache there. */
async function withFile(sectors: Uint8Array[], body: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ dir: "/var/tmp" });
  try {
    await Deno.writeFile(path, new Uint8Array(sectors.flatMap((bytes) => [...bytes])));
    await body(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("leases are read from their places", async () => {
  for (const size of [512, 4096]) {
    const geometry = geometryFor(size, 0)!;
    const dumps = [joined, left, {}, formatted];
    await withFile(dumps.map((dump) => sector(dump, size)), async (path) => {
      const all = await Promise.all([1, 2, 3, 4].map((id) => readDeltaLease(path, geometry, id)));
      assertEquals(all, [host1, host2, undefined, nobody]);
      assertEquals(await readDeltaLease(path, geometry, 5), undefined); // beyond the end
      // What was written meanwhile is seen.
      await Deno.writeFile(path, sector(left, size), { append: false });
      assertEquals(await readDeltaLease(path, geometry, 1), host2);
    });
  }
});

Deno.test("what cannot be opened holds none, and neither does a directory", async () => {
  const geometry = geometryFor(512, 0)!;
  assertEquals(await readDeltaLease("/none/there", geometry, 1), undefined);
  assertEquals(await readDeltaLease("/var/tmp", geometry, 1), undefined);
});
