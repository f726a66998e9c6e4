/**
 * The referee sees every overlap that must not be, and no other.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, type HeldMode, Referee } from "./contention_referee.ts";

/** Who held the lock in which mode from when to when. */
type Row = [holder: string, mode: HeldMode, from: number, to: number];

function judged(rows: Row[]): string[] {
  const referee = new Referee();
  for (const [holder, mode, from, to] of rows) {
    referee.ended(referee.granted(holder, "lv1", mode, from), to);
  }
  return referee.violations().map(({ one, other, from, to }) =>
    `${one.holder} ${other.holder} ${from}-${to}`
  );
}

Deno.test("locks that are compatible, or one after the other, are no violation", () => {
  assertEquals(judged([]), []);
  assertEquals(judged([["a", "ex", 0, 5], ["b", "ex", 5, 9], ["a", "sh", 9, 20]]), []);
  assertEquals(judged([["a", "sh", 0, 9], ["b", "sh", 1, 5], ["c", "sh", 2, 20]]), []);
  // Ended before it was certain to have begun.
  assertEquals(judged([["a", "ex", 0, 9], ["b", "ex", 5, 4]]), []);
});

Deno.test("two exclusive ones, or one beside a shared one, are a violation", () => {
  assertEquals(judged([["a", "ex", 0, 5], ["b", "ex", 4.9, 9]]), ["a b 4.9-5"]);
  assertEquals(judged([["a", "ex", 0, 5], ["b", "sh", 1, 2]]), ["a b 1-2"]);
  assertEquals(judged([["a", "sh", 0, 5], ["b", "ex", 1, 2]]), ["a b 1-2"]);
  assertEquals(judged([["a", "ex", 0, Infinity], ["b", "ex", 7, Infinity]]), ["a b 7-Infinity"]);
  // The first one lasts, and is in conflict with one that comes much later.
  const rows: Row[] = [["a", "sh", 0, 99], ["b", "sh", 1, 2], ["c", "sh", 3, 4], [
    "d",
    "ex",
    9,
    10,
  ]];
  assertEquals(judged(rows), ["a d 9-10"]);
  // The same holder twice: a lock that was given to it although it has it.
  assertEquals(judged([["a", "ex", 0, 5], ["a", "ex", 1, 2]]), ["a a 1-2"]);
});

Deno.test("a conversion counts from when it is certain", () => {
  const referee = new Referee();
  const a = referee.granted("a", "lv1", "sh", 0);
  referee.exclusive(a, 10);
  referee.shared(a, 20);
  const b = referee.granted("b", "lv1", "sh", 20);
  referee.ended(b, 30);
  referee.exclusive(a, 30);
  referee.ended(a, 40);
  assertEquals(referee.violations(), []);
  referee.ended(referee.granted("c", "lv1", "sh", 5), 12);
  referee.ended(referee.granted("d", "lv1", "sh", 25), 31);
  referee.ended(referee.granted("e", "lv2", "ex", 0), 99); // another resource
  const found = referee.violations().map(({ other, from, to }) => `${other.holder} ${from}-${to}`);
  assertEquals(found.toSorted(), ["c 10-12", "d 30-31"]);
});

Deno.test("what ended early stays ended, and an end may lie ahead", () => {
  const referee = new Referee();
  const a = referee.granted("a", "lv1", "ex", 0);
  referee.ended(a, 60); // its host crashed: sixty more
  referee.ended(a, 90);
  referee.ended(referee.granted("b", "lv1", "ex", 60), 70);
  assertEquals(referee.violations(), []);
  referee.ended(referee.granted("c", "lv1", "ex", 59), 60);
  assertEquals(referee.violations().length, 1);
  referee.exclusive(a, 61); // too late: it is not held any more
  assertEquals(referee.violations().length, 1);
});

Deno.test("a violation is told with its history", () => {
  const referee = new Referee();
  referee.note(0, "lv1", "a asks for ex");
  referee.granted("a", "lv1", "ex", 1);
  referee.note(2, "", "host 2 is paused");
  referee.note(2.5, "lv2", "c asks for sh");
  referee.note(3, "lv1", "b got ex");
  referee.granted("b", "lv1", "ex", 3);
  const [violation] = referee.violations();
  const text = describe(violation!, referee);
  for (const part of ["lv1 was held by two", "a asks for ex", "host 2 is paused", "b got ex"]) {
    assertStringIncludes(text, part);
  }
  assertEquals(text.includes("c asks"), false);
});
