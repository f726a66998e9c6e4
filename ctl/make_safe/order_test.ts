/** The order of work on devices that stand on each other. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DmDevice } from "./devices.ts";
import { inOrder } from "./order.ts";
import { recorded } from "./test_recorded.ts";

const devices = recorded("active");

Deno.test("down and up are each other's opposite", async () => {
  for (const direction of ["down", "up"] as const) {
    const done: DmDevice[] = [];
    await inOrder(devices, direction, async (device) => {
      await Promise.resolve();
      done.push(device);
    });
    assertEquals(done.length, devices.length);
    for (const device of devices) {
      for (const below of devices.filter(({ devno }) => device.uses.includes(devno))) {
        const isAbove = done.indexOf(device) < done.indexOf(below);
        assertEquals(isAbove, direction === "down", `${device.name} and ${below.name}`);
      }
    }
  }
});

Deno.test("a device waits for those it must follow, and for no others", async () => {
  const held = Promise.withResolvers<void>();
  const done = new Set<string>();
  const all = inOrder(devices, "down", async ({ name }) => {
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
  await inOrder(many, "up", async () => {
    most = Math.max(most, ++working);
    await new Promise((resolve) => setTimeout(resolve));
    working--;
  });
  assert(most > 1 && most <= 8, `${most} at a time`);
  await assertRejects(() => inOrder(many, "up", () => Promise.reject(new Error("no"))));
});
