/** The number of guests at a time. */
import { assertEquals } from "@std/assert";
import { Slots } from "./slots.ts";

/** Lets everything that has been settled go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("never more than there are, and all of them again in the end", async () => {
  const slots = new Slots(2);
  let running = 0;
  let most = 0;
  await Promise.all([2, 1, 2, 1, 1, 2].map(async (count) => {
    using _held = await slots.hold(count);
    running += count;
    most = Math.max(most, running);
    await settle();
    running -= count;
  }));
  assertEquals(most, 2);
  using all = await slots.hold(2);
  all.release(1);
});

Deno.test("what is given back for a while serves others, then comes back first", async () => {
  const slots = new Slots(2);
  const order: string[] = [];
  const big = await slots.hold(2);
  const small = slots.hold(1).then((held) => {
    order.push("small");
    return held;
  });
  const next = slots.hold(2).then((held) => {
    order.push("next");
    return held;
  });
  await settle();
  assertEquals(order, []);
  big.release(1);
  const held = await small;
  const again = big.take(1).then(() => order.push("again"));
  held[Symbol.dispose]();
  await again;
  assertEquals(order, ["small", "again"]);
  big[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  assertEquals(order, ["small", "again", "next"]);
});
