/**
 * Names of nodes: asked for once, and again only after a while.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { NodeNames } from "./node_names.ts";

Deno.test("names are asked for when one is not known, all at once", async () => {
  let asked = 0;
  const names = new NodeNames(() => {
    asked++;
    return Promise.resolve(new Map([[1, "node-a"], [2, "node-b"]]));
  });
  assertEquals(names.describe(2), "node 2");
  await Promise.all([names.learn([2]), names.learn([1, 2])]);
  await names.learn([1]);
  assertEquals([names.describe(2), names.known(1), asked], ["node 2 (node-b)", "node-a", 1]);
});

Deno.test("a name that nobody knows is not asked for all the time", async () => {
  let asked = 0;
  const ask = () => {
    asked++;
    return Promise.resolve(new Map<number, string>());
  };
  const patient = new NodeNames(ask);
  for (let i = 0; i < 3; i++) await patient.learn([9]);
  assertEquals([asked, patient.known(9)], [1, ""]);
  const impatient = new NodeNames(ask, 0);
  for (let i = 0; i < 3; i++) await impatient.learn([9]);
  assertEquals(asked, 4);
});
