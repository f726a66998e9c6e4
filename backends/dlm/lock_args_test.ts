/**
 * Lock args of VGs: what is written, what is understood.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { clusterOf, shown, vgArgsOf } from "./lock_args.ts";

Deno.test("a cluster's name goes into the lock args and is found in them", () => {
  assertEquals(vgArgsOf("alpha"), "1.0.0:alpha");
  assertEquals(clusterOf("1.0.0:alpha"), "alpha");
});

Deno.test("later versions of the same format may have a middle part", () => {
  assertEquals(clusterOf("1.2.3:some:thing:alpha"), "alpha");
  assertEquals(clusterOf("0.9.0:alpha"), "alpha");
});

Deno.test("what is not understood has no cluster", () => {
  for (const args of ["", "alpha", "1.0:alpha", "2.0.0:alpha", "1.0.0:", "1.0.0", "x.0.0:alpha"]) {
    assertEquals(clusterOf(args), undefined, args);
  }
});

Deno.test("a name that makes the lock args too long is refused", () => {
  assertEquals(vgArgsOf("c".repeat(57)), `1.0.0:${"c".repeat(57)}`);
  assertEquals(vgArgsOf("c".repeat(58)), undefined);
});

Deno.test("text of clients is printed on one line", () => {
  assertEquals(shown("a\nb\x1b[0m\xff"), "a?b?[0m?");
});
