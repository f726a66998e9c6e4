/** Descriptors are shared out so that nobody runs out of them. @module */
import { assertEquals } from "@std/assert";
import { apiConnections, nativeConnections } from "./connection_limits.ts";

Deno.test("there is a descriptor for each connection, beside those of native clients", () => {
  assertEquals([64, 300, 1024, 4096, 20_000, 1_000_000].map(apiConnections), [
    16,
    75,
    384,
    1920,
    1920,
    4096,
  ]);
});

Deno.test("native clients leave descriptors to others, and are no more than the table takes", () => {
  assertEquals([64, 1024, 4096, 20_000, 1_000_000].map(nativeConnections), [
    32,
    512,
    2048,
    17_952,
    60_000,
  ]);
});
