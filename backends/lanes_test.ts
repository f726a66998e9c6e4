/**
 * Tests of the lanes: never too many calls at a time, none forgotten, in order.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Lane } from "./lanes.ts";

/** Calls that end when the test says so. */
class Calls {
  readonly started: number[] = [];
  readonly #ends = new Map<number, PromiseWithResolvers<number>>();

  call(index: number): () => Promise<number> {
    return () => {
      this.started.push(index);
      const end = Promise.withResolvers<number>();
      this.#ends.set(index, end);
      return end.promise;
    };
  }

  get underWay(): number[] {
    return [...this.#ends.keys()];
  }

  end(index: number, error?: Error): void {
    const end = this.#ends.get(index)!;
    this.#ends.delete(index);
    if (error) end.reject(error);
    else end.resolve(index);
  }
}

/** Lets everything that can go on do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("calls start in order, as many as the limit allows", async () => {
  const lane = new Lane(2);
  const calls = new Calls();
  const results = [0, 1, 2, 3].map((i) => lane.run(calls.call(i)));
  assertEquals(calls.started, [0, 1]);
  calls.end(1);
  await settle();
  assertEquals(calls.started, [0, 1, 2]);
  calls.end(0);
  calls.end(2);
  await settle();
  calls.end(3);
  assertEquals(await Promise.all(results), [0, 1, 2, 3]);
});

Deno.test("a lane of one makes one call at a time", async () => {
  const lane = new Lane(1);
  const calls = new Calls();
  const results = [0, 1, 2].map((i) => lane.run(calls.call(i)));
  for (const i of [0, 1, 2]) {
    assertEquals(calls.underWay, [i]);
    calls.end(i);
    await settle();
  }
  assertEquals(await Promise.all(results), [0, 1, 2]);
});

Deno.test("a call whose key is at its limit lets others pass", async () => {
  const lane = new Lane(3, 1);
  const calls = new Calls();
  const results = [
    lane.run(calls.call(0), "slow"),
    lane.run(calls.call(1), "slow"),
    lane.run(calls.call(2), "quick"),
    lane.run(calls.call(3)),
    lane.run(calls.call(4)),
  ];
  assertEquals(calls.started, [0, 2, 3]);
  calls.end(2);
  await settle();
  assertEquals(calls.started, [0, 2, 3, 4]);
  calls.end(0);
  await settle();
  assertEquals(calls.started, [0, 2, 3, 4, 1]);
  for (const i of [1, 3, 4]) calls.end(i);
  assertEquals(await Promise.all(results), [0, 1, 2, 3, 4]);
});

Deno.test("a call that fails, later or at once, makes room", async () => {
  const lane = new Lane(1);
  const calls = new Calls();
  const later = lane.run(calls.call(0));
  const atOnce = lane.run(() => {
    throw new Error("at once");
  });
  const last = lane.run(calls.call(1));
  calls.end(0, new Error("later"));
  await assertRejects(() => later, Error, "later");
  await assertRejects(() => atOnce, Error, "at once");
  calls.end(1);
  assertEquals(await last, 1);
});

Deno.test("the limits hold and every call is made, whatever the order of ends", async () => {
  const plan = fc.record({
    limit: fc.integer({ min: 1, max: 5 }),
    perKey: fc.integer({ min: 1, max: 3 }),
    keys: fc.array(fc.constantFrom("a", "b", undefined), { maxLength: 20 }),
    picks: fc.infiniteStream(fc.nat()),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ limit, perKey, keys, picks }) => {
      const lane = new Lane(limit, perKey);
      const calls = new Calls();
      const results = keys.map((key, i) => lane.run(calls.call(i), key));
      while (calls.underWay.length > 0) {
        const { underWay } = calls;
        assert(underWay.length <= limit);
        for (const name of ["a", "b"]) {
          assert(underWay.filter((i) => keys[i] === name).length <= perKey);
        }
        calls.end(underWay[picks.next().value! % underWay.length]!);
        await settle();
      }
      assertEquals(await Promise.all(results), keys.map((_, i) => i));
      for (const name of ["a", "b", undefined]) {
        const order = calls.started.filter((i) => keys[i] === name);
        assertEquals(order, order.toSorted((x, y) => x - y));
      }
    }),
    { numRuns: 50 },
  );
});
