/**
 * Open requests under their numbers.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { OpenRequests } from "./open_requests.ts";

Deno.test("each is found under its number until it is taken out, however many there are", () => {
  // A number takes the n-th of those that are in out, undefined puts one in.
  const steps = fc.array(fc.option(fc.nat(), { nil: undefined, freq: 3 }), {
    maxLength: 2000,
    size: "max",
  });
  fc.assert(
    fc.property(steps, (steps) => {
      const open = new OpenRequests<string>();
      const model = new Map<number, string>();
      const gone = new Set<number>();
      for (const [i, step] of steps.entries()) {
        const number = step === undefined ? undefined : [...model.keys()][step % model.size];
        if (number === undefined) {
          const added = open.add(`request ${i}`);
          assert(!model.has(added) && !gone.has(added) && added > 0);
          model.set(added, `request ${i}`);
        } else {
          open.delete(number);
          model.delete(number);
          gone.add(number);
        }
      }
      for (const [number, known] of model) assertEquals(open.get(number), known);
      for (const number of [0, ...gone]) assertEquals(open.get(number), undefined);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a number that was never given out, or is given back twice, changes nothing", () => {
  const open = new OpenRequests<string>();
  const [one, two] = [open.add("one"), open.add("two")];
  for (const number of [0, two + 1, one + 256, one, one]) open.delete(number);
  assertEquals([open.get(one), open.get(two), open.get(0)], [undefined, "two", undefined]);
});

Deno.test("a request that stays does not keep others from their numbers", () => {
  const open = new OpenRequests<number>();
  const first = open.add(-1);
  const numbers = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const number = open.add(i);
    numbers.add(number);
    assertEquals(open.get(number), i);
    open.delete(number);
  }
  assertEquals(numbers.size, 10_000);
  assertEquals(open.get(first), -1);
});
