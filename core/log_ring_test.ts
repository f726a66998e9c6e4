/**
 * The log behind `lvmlockctl --dump`.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { LogRing, type MakeLine } from "./log_ring.ts";

/** Texts of the lines, oldest first, without the time before each. */
function textsOf(ring: LogRing): string[] {
  return [...ring.newestFirst()].reverse().map((line) => {
    assertMatch(line, /^[0-9]{10} .*\n$/);
    return line.slice(11, -1);
  });
}

Deno.test("lines come out as they came in", () => {
  const ring = new LogRing(10);
  assertEquals(textsOf(ring), []);
  ring.add("first");
  ring.add("second\nwith a break");
  ring.add("\xe4\xff");
  assertEquals(textsOf(ring), ["first", "second with a break", "\xe4\xff"]);
});

Deno.test("a line is made of its parts when it is read, each time", () => {
  const ring = new LogRing(10);
  let made = 0;
  const make: MakeLine = (texts, numbers) => `${++made}: ${texts.join("/")} ${numbers.join("+")}`;
  ring.addLine(make, ["a", "", "c", "d"], [1, -2, 0x7fffffff, 0]);
  ring.add("other");
  assertEquals(made, 0);
  assertEquals(textsOf(ring), ["1: a//c/d 1+-2+2147483647+0", "other"]);
  assertEquals(textsOf(ring), ["2: a//c/d 1+-2+2147483647+0", "other"]);
});

Deno.test("a long line is cut to what the stock daemon keeps", () => {
  const ring = new LogRing(10);
  ring.add("x".repeat(1000));
  ring.add("after");
  assertEquals(textsOf(ring), ["x".repeat(254 - 11), "after"]);
});

Deno.test("the newest lines are kept, as many as there is room for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat({ max: 100 }), (capacity, count) => {
      const ring = new LogRing(capacity);
      const added = Array.from({ length: count }, (_, i) => `line ${i}`);
      for (const text of added) ring.add(text);
      assertEquals(textsOf(ring), added.slice(-capacity));
    }),
  );
});

Deno.test("lines that come while others are read do not disturb them", () => {
  const ring = new LogRing(4);
  for (let i = 0; i < 6; i++) ring.add(`old ${i}`);
  const read: string[] = [];
  for (const line of ring.newestFirst()) {
    read.push(line.slice(11, -1));
    ring.add("new");
  }
  assertEquals(read, ["old 5", "old 4", "old 3", "old 2"]);
  assertEquals(textsOf(ring), ["new", "new", "new", "new"]);
});
