/**
 * What is left of a text that does not fit.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { cutTo } from "./dump.ts";

/** Ten lines of 10 bytes each. */
const piece = () => Buffer.from("123456789\n".repeat(10));

Deno.test("a text that fits stays whole", () => {
  const pieces = [piece(), piece()];
  assertEquals(cutTo(200, pieces), 200);
  assertEquals(pieces, [piece(), piece()]);
  assertEquals(cutTo(100, []), 0);
});

Deno.test("a longer one ends with the last line for which there is room", () => {
  for (const [room, left] of [[155, 150], [150, 150], [105, 100], [100, 100], [99, 90], [5, 0]]) {
    const pieces = [piece(), piece(), piece()];
    assertEquals(cutTo(room!, pieces), left);
    assertEquals(Buffer.concat(pieces), Buffer.from("123456789\n".repeat(left! / 10)));
  }
});
