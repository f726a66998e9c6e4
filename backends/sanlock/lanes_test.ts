/** How many threads the calls of this lock manager can keep. @module */
import { assertLessOrEqual } from "@std/assert";
import { threads } from "../threads.ts";
import { Lanes } from "./lanes.ts";

Deno.test("all lanes together need no more threads than lock managers may have", () => {
  const { joins, leaves, disk, main } = new Lanes();
  const most = [joins, leaves, disk, main].reduce((sum, { limit }) => sum + limit, 0);
  assertLessOrEqual(most, threads.limit);
});
