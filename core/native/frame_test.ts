/**
 * Cutting a byte stream into requests, however it arrives.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FrameReader, MAX_REQUEST, TERMINATOR } from "./frame.ts";

/** All bodies that are complete after the pieces. */
function bodiesOf(pieces: readonly string[]): { bodies: string[]; pending: number } {
  const reader = new FrameReader();
  const bodies: string[] = [];
  for (const piece of pieces) {
    assert(reader.push(piece));
    for (let body = reader.next(); body !== undefined; body = reader.next()) bodies.push(body);
  }
  return { bodies, pending: reader.pending };
}

/** Cuts a text at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, i) => text.slice(at[i - 1] ?? 0, end));
}

Deno.test("the body ends at the terminator, its last line break belongs to it", () => {
  assertEquals(bodiesOf(['request="hello"\n\n##\n']), {
    bodies: ['request="hello"\n'],
    pending: 0,
  });
  assertEquals(bodiesOf(["a=1\n##\n"]), { bodies: ["a=1"], pending: 0 });
  assertEquals(bodiesOf([TERMINATOR]), { bodies: [""], pending: 0 });
});

Deno.test("nothing before the terminator is complete", () => {
  assertEquals(bodiesOf(["a=1\n##"]), { bodies: [], pending: 6 });
  assertEquals(bodiesOf(["##\n", "\n#", "#"]), { bodies: [], pending: 6 });
  assertEquals(new FrameReader().next(), undefined);
});

Deno.test("requests in one piece come out one after the other", () => {
  assertEquals(bodiesOf(["a\n##\nb\n##\n\n##\nrest"]), { bodies: ["a", "b", ""], pending: 4 });
});

Deno.test("any bodies in any pieces come out as they were sent", () => {
  const body = fc.array(fc.constantFrom("a", "\n", "#", "\xff"), { maxLength: 12 })
    .map((all) => all.join(""))
    .filter((body) => (body + TERMINATOR).indexOf(TERMINATOR) === body.length);
  const places = fc.array(fc.nat({ max: 200 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(body, { maxLength: 6 }), places, (bodies, places) => {
      const text = bodies.map((body) => body + TERMINATOR).join("");
      assertEquals(bodiesOf(cut(text, places)), { bodies, pending: 0 });
      assertEquals(bodiesOf([...text]), { bodies, pending: 0 });
    }),
    { numRuns: 500 },
  );
});

Deno.test("a body has a longest length, however it comes in", () => {
  const big = "x".repeat(MAX_REQUEST);
  assert(new FrameReader().push(big));
  assert(!new FrameReader().push(big + "x"));
  const reader = new FrameReader();
  const piece = "x".repeat(1024);
  let pushed = 0;
  while (reader.push(piece)) pushed += piece.length;
  assertEquals(pushed, MAX_REQUEST);
  assertEquals(bodiesOf([big, TERMINATOR]).bodies, [big]);
});

Deno.test("after a long body the next may be as long", () => {
  const big = "x".repeat(MAX_REQUEST - 10);
  assertEquals(bodiesOf([big, TERMINATOR, big, TERMINATOR]).bodies.length, 2);
});
