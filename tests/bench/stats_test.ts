/** Medians and ratios of the benchmark's figures. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { median, pairRatios } from "./stats.ts";

Deno.test("median() takes the middle of an odd number of values, in any order", () => {
  assertEquals(median([9, 1, 100]), 9);
  assertEquals(median([10, 9, 100, 8, 11]), 10);
});

Deno.test("median() takes the mean of the two middle ones of an even number", () => {
  assertEquals(median([4, 1, 100, 2]), 3);
});

Deno.test("median() leaves its argument as it was and refuses an empty list", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
  assertThrows(() => median([]), RangeError);
});

Deno.test("pairRatios() divides pair by pair and refuses lists of different length", () => {
  assertEquals(pairRatios([30, 10], [10, 20]), [3, 0.5]);
  assertThrows(() => pairRatios([1], [1, 2]), RangeError);
});
