/**
 * Turns of the event loop are counted rightly.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { afterTurns } from "./turns.ts";

Deno.test("an action runs in the turn that was asked for, and once", async () => {
  const ran: number[] = [];
  for (const turns of [3, 1, 5, 2, 0]) afterTurns(turns, () => ran.push(turns));
  const seen: number[][] = [];
  for (let turn = 0; turn < 7; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(ran.splice(0));
  }
  assertEquals(seen, [[1, 0], [2], [3], [], [5], [], []]);
});

Deno.test("an action runs in the next turn when its time has come", async () => {
  let ran = false;
  afterTurns(1000, () => ran = true, performance.now());
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(ran, true);
});
