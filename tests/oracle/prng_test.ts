/** The seeded generator of numbers. @module */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Prng } from "./prng.ts";

Deno.test("a seed gives the same numbers for ever", () => {
  const random = new Prng(1);
  assertEquals([random.below(1000), random.below(1000), random.below(1000)], [627, 2, 527]);
});

Deno.test("numbers stay in their range and reach all of it", () => {
  const random = new Prng(7);
  const seen = new Set<number>();
  for (let i = 0; i < 500; i++) seen.add(random.below(5));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4]);
});

Deno.test("a weighted choice follows its weights", () => {
  const random = new Prng(3);
  const counts = { often: 0, seldom: 0 };
  for (let i = 0; i < 2000; i++) {
    counts[random.weighted<"often" | "seldom">([[9, "often"], [1, "seldom"]])]++;
  }
  assert(counts.often > 7 * counts.seldom && counts.seldom > 100, JSON.stringify(counts));
});

Deno.test("an empty list has nothing to pick", () => {
  assertThrows(() => new Prng(1).pick([]), RangeError);
});
