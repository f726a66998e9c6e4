/**
 * The log behind `lvmlockctl --dump`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { LogRing } from "./log_ring.ts";

/** Texts of the lines, without the time before each. */
function textsOf(ring: LogRing): string[] {
  const text = ring.text();
  if (text === "") return [];
  assert(text.endsWith("\n"), "every line ends");
  const lines = text.slice(0, -1).split("\n");
  for (const line of lines) assertMatch(line, /^[0-9]{10} /);
  return lines.map((line) => line.slice(11));
}

Deno.test("lines come out oldest first", () => {
  const ring = new LogRing(4096);
  assertEquals(ring.text(), "");
  ring.add("first");
  ring.add("second\nwith a break");
  ring.add("\xe4\xff");
  assertEquals(textsOf(ring), ["first", "second with a break", "\xe4\xff"]);
});

Deno.test("a long line is cut to what the stock daemon keeps", () => {
  const ring = new LogRing(4096);
  ring.add("x".repeat(1000));
  ring.add("after");
  const [long, after] = ring.text().split("\n");
  assertEquals(long!.length, 254);
  assertMatch(after!, / after$/);
});

Deno.test("only whole lines, the newest of them, whatever their lengths", () => {
  const capacity = 600;
  const lengths = fc.array(fc.nat({ max: 260 }), { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(lengths, (lengths) => {
      const ring = new LogRing(capacity);
      const added: string[] = [];
      lengths.forEach((length, i) => {
        const text = `${i} `.padEnd(length, "abcdefgh");
        ring.add(text);
        added.push(text.slice(0, 254 - 11));
        const kept = textsOf(ring);
        assert(ring.text().length <= capacity);
        assertEquals(kept, added.slice(added.length - kept.length));
        assert(
          kept.length === added.length || ring.text().length > capacity - 2 * 256,
          "not too few",
        );
      });
    }),
  );
});

Deno.test("lines that fill it exactly", () => {
  const ring = new LogRing(300);
  const line = "y".repeat(300 / 4 - 12);
  for (let i = 1; i <= 20; i++) {
    ring.add(line);
    const kept = textsOf(ring);
    assert(kept.length >= Math.min(i, 3), `${kept.length} of ${i}`);
    for (const text of kept) assertEquals(text, line);
  }
});
