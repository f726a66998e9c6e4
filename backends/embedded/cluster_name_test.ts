/**
 * The names under which the embedded lock manager makes VGs.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { checkedName, DEFAULT_STATE_DIR, derivedName } from "./cluster_name.ts";

Deno.test("names that may be given", () => {
  for (const name of ["embedded-a", "embedded-" + "x".repeat(40), "embedded-A_b-9"]) {
    assertEquals(checkedName(name), name);
  }
});

Deno.test("names that a real cluster could have, or that do not fit in lock args", () => {
  const names = ["", "mycluster", "embedded", "embedded-", "embedded-" + "x".repeat(41)];
  for (const name of [...names, "embedded-a b", "embedded-a:b", "embedded-ä", " embedded-a"]) {
    assertThrows(() => checkedName(name), RangeError, `"${name}"`);
  }
});

Deno.test("the derived name is the host's own, and its place's", () => {
  const name = derivedName("machine/product", DEFAULT_STATE_DIR);
  assertMatch(name, /^embedded-[0-9a-f]{16}$/);
  assertEquals(checkedName(name), name);
  assertEquals(derivedName("machine/product", DEFAULT_STATE_DIR), name);
  assertNotEquals(derivedName("machine/other", DEFAULT_STATE_DIR), name);
  assertNotEquals(derivedName("machine/product", "/srv/state"), name);
});

Deno.test("the lock args made with the longest name fit", () => {
  assertEquals(`1.0.0:${checkedName("embedded-" + "x".repeat(40))}`.length <= 64, true);
});
