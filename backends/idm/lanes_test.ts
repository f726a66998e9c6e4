/**
 * How many calls a lane lets through, and in which order.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Lane, Lanes } from "./lanes.ts";

Deno.test("a lane lets through what it has room for, the rest in order", async () => {
  const lane = new Lane(2);
  const started: number[] = [];
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const all = gates.map((gate, i) =>
    lane.run(async () => {
      started.push(i);
      await gate.promise;
      return i;
    })
  );
  assertEquals(started, [0, 1]);
  gates[1]!.resolve();
  assertEquals(await all[1], 1);
  assertEquals(started, [0, 1, 2]);
  for (const gate of gates) gate.resolve();
  assertEquals(await Promise.all(all), [0, 1, 2, 3]);
});

Deno.test("a call that fails makes room as well", async () => {
  const lane = new Lane(1);
  const failing = lane.run((): Promise<void> => {
    throw new Error("at once");
  }).catch((error: Error) => error.message);
  assertEquals(await Promise.all([failing, lane.run(() => Promise.resolve("next"))]), [
    "at once",
    "next",
  ]);
});

Deno.test("all lanes leave threads to the runtime", () => {
  const { locks, others, connections, leaves } = new Lanes();
  const waiting = 1; // for connections that end
  const sum = [locks, others, connections, leaves].reduce((sum, { limit }) => sum + limit, waiting);
  assertEquals(sum <= 28, true);
});
