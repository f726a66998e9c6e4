/** Tests of the conversion between Unicode and byte strings. */
import { assertEquals } from "@std/assert";
import { fromBytes, fromBytesOrNull, toBytes } from "./text.ts";

Deno.test("ASCII is the same in both worlds", () => {
  assertEquals(toBytes("vg-0_+."), "vg-0_+.");
  assertEquals(fromBytes("vg-0_+."), "vg-0_+.");
});

Deno.test("text beyond ASCII travels as UTF-8", () => {
  assertEquals(toBytes("é"), "\xc3\xa9");
  assertEquals(fromBytes(toBytes("käse €")), "käse €");
});

Deno.test("bytes that are not UTF-8 are shown as replacement characters", () => {
  assertEquals(fromBytes("a\xffb"), "a\ufffdb");
});

Deno.test("absent text becomes null", () => {
  assertEquals(fromBytesOrNull(""), null);
  assertEquals(fromBytesOrNull("x"), "x");
});
