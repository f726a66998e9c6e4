/**
 * Tests of the queues: never too many calls at a time, none forgotten, in order.
 *
 * @module
 */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Queue, Threads } from "./queue.ts";

/** Lets everything that can go on do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("calls start in order, as many as the limit allows, whatever the order of ends", async () => {
  const plan = fc.record({
    limit: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 0, max: 12 }),
    picks: fc.infiniteStream(fc.nat()),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ limit, count, picks }) => {
      const queue = new Queue(limit);
      const started: number[] = [];
      const ends = new Map<number, () => void>();
      const results = Array.from({ length: count }, (_, i) =>
        queue.run(() => {
          started.push(i);
          return new Promise<number>((resolve) => ends.set(i, () => resolve(i)));
        }));
      while (ends.size > 0) {
        assert(ends.size <= limit);
        const pick = [...ends.keys()][picks.next().value! % ends.size]!;
        ends.get(pick)!();
        ends.delete(pick);
        await settle();
      }
      assertEquals(await Promise.all(results), results.map((_, i) => i));
      assertEquals(started, results.map((_, i) => i));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a call that fails, later or at once, makes room", async () => {
  const queue = new Queue(1);
  const later = queue.run(() => Promise.reject(new Error("later")));
  const atOnce = queue.run(() => {
    throw new Error("at once");
  });
  const last = queue.run(() => Promise.resolve("done"));
  await assertRejects(() => later, Error, "later");
  await assertRejects(() => atOnce, Error, "at once");
  assertEquals(await last, "done");
});

Deno.test("all queues together leave threads to the runtime", () => {
  const { locks, joins, leaves, control } = new Threads();
  assertLess(locks.limit + joins.limit + leaves.limit + control.limit, 32);
});
