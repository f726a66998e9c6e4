/** The order of work on devices that stand on each other. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inOrder } from "./order.ts";
import { recorded } from "./test_recorded.ts";

const devices = recorded("active");

async function orderOf(diskIsSilent: boolean): Promise<string[]> {
  const done: string[] = [];
  await inOrder(devices, diskIsSilent, async ({ name }) => {
    await Promise.resolve();
    done.push(name);
  });
  assertEquals(done.toSorted(), devices.map(({ name }) => name).toSorted());
  return done;
}

Deno.test("a device comes after all those that use it", async () => {
  const order = await orderOf(false);
  for (const device of devices) {
    for (const below of devices.filter(({ devno }) => device.uses.includes(devno))) {
      assert(order.indexOf(device.name) < order.indexOf(below.name), device.name);
    }
  }
});

Deno.test("if a disk is silent, pools, RAID and caches come last, after what is below them", async () => {
  const order = await orderOf(true);
  const at = (part: string) => order.indexOf(`vg--a-${part}`);
  for (
    const [earlier, later] of [
      ["thin", "pool-tpool"],
      ["pool", "pool-tpool"],
      ["pool_tmeta", "pool-tpool"],
      ["pool_tdata", "pool-tpool"],
      ["mir_rmeta_0", "mir"],
      ["mir_rimage_1", "mir"],
      ["data_corig", "data"],
      ["fast_cvol-cmeta", "data"],
      ["fast_cvol-cmeta", "fast_cvol"],
      ["snap", "snap-cow"],
      ["lin", "lin-real"],
    ] as const
  ) {
    assert(at(earlier) >= 0 && at(earlier) < at(later), `${earlier} before ${later}`);
  }
});

Deno.test("a device waits for those it must follow, and for no others", async () => {
  const held = Promise.withResolvers<void>();
  const done = new Set<string>();
  const all = inOrder(devices, false, async ({ name }) => {
    if (name === "vg--a-thin") await held.promise;
    done.add(name);
  });
  while (done.size < devices.length - 6) await Promise.resolve();
  const missing = devices.filter(({ name }) => !done.has(name)).map(({ name }) => name);
  const below = ["vg--a-pool-tpool", "vg--a-pool_tdata", "vg--a-pool_tmeta", "vg--a-thin"];
  assertEquals(missing.sort(), ["disk0", "disk1", ...below]);
  held.resolve();
  await all;
});

Deno.test("some work at a time, all in the end, also when one fails", async () => {
  let working = 0;
  let most = 0;
  const many = Array.from({ length: 50 }, (_, i) => ({ ...devices[0]!, devno: `254:${i}` }));
  await inOrder(many, true, async () => {
    most = Math.max(most, ++working);
    await new Promise((resolve) => setTimeout(resolve));
    working--;
  });
  assert(most > 1 && most <= 8, `${most} at a time`);
  await assertRejects(() => inOrder(many, true, () => Promise.reject(new Error("no"))));
});
