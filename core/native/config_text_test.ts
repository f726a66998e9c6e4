/**
 * The grammar of requests: what every client sends, what is tolerated, and what is refused.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ConfigTextError, OTHER, parseConfigText, type Value } from "./config_text.ts";

const pairsOf = (text: string) => Object.fromEntries(parseConfigText(text));

/** Text and what it must give. */
const understood: [string, Record<string, Value>][] = [
  ['request = "hello"\n', { request: "hello" }],
  ['request="lock_vg"\npid =12\nmode ="ex"\n', { request: "lock_vg", pid: 12, mode: "ex" }],
  ['op_result=0 response=OK path[0]="/dev/sda"', {
    op_result: 0,
    response: "OK",
    "path[0]": "/dev/sda",
  }],
  ["a=1\r\n\tb = 2 # c = 3\n# d = 4\n#", { a: 1, b: 2 }],
  ['a="x" b=\'y "z\' c=w', { a: "x", b: 'y "z', c: "w" }],
  [String.raw`a="x\"y\\z\n"`, { a: String.raw`x"y\z\n` }],
  [String.raw`a='x\'`, { a: String.raw`x\ `.trim() }],
  ['"quoted key" = 1', { "quoted key": 1 }],
  ["a=1 a=2", { a: 1 }],
  ['a="1" b="" c=\'\'', { a: "1", b: "", c: "" }],
  ["s { a=1 t { b=2 } } c=3", { c: 3 }],
  ["s{a=1}c=3", { c: 3 }],
  ['a=[1, "x", [y], ] b=[] c=1', { a: OTHER, b: OTHER, c: 1 }],
  ["v=1.5 w=-2e3 x=.5 y=1.", { v: OTHER, w: OTHER, x: OTHER, y: OTHER }],
  ['a = "line\nbreak # no comment"', { a: "line\nbreak # no comment" }],
  ["a=\xe4\xff b=x,y c=x[1]", { a: "\xe4\xff", b: "x,y", c: "x[1]" }],
];

const numbers: [string, Value][] = [
  ["0", 0],
  ["-1", -1],
  ["+7", 7],
  ["4294967295", 4294967295],
  ["268435456", 268435456],
  ["0x1F", 31],
  ["017", 15],
  ["-0x10", -16],
  ["00", 0],
  ["1.0.0:lvmlock", "1.0.0:lvmlock"],
  ["12ab", "12ab"],
  ["1-2", "1-2"],
];

const refused: [string, RegExp][] = [
  ["", /empty/],
  ["\n # nothing\n", /empty/],
  ["s { a = 1 }", /empty/],
  ["a", /"=" or "\{" expected/],
  ["a 1", /"=" or "\{" expected/],
  ["a=", /value is missing/],
  ["a= # b", /value is missing/],
  ["=1", /name is missing/],
  ["a==1", /value is missing/],
  ['a="x', /string is not closed/],
  [String.raw`a="x\"`, /string is not closed/],
  ["a='x", /string is not closed/],
  ['"a =1', /string is not closed/],
  ["a=[1, 2", /array is not closed/],
  ["s { a=1", /section is not closed/],
  ["a=1 }", /unexpected "}"/],
  ["a=1 {", /name is missing|section/],
  ["a=1\nb=2\nc", /line 3/],
  ["a=1\0b=2", /NUL/],
];

Deno.test("what is understood", () => {
  for (const [text, pairs] of understood) assertEquals(pairsOf(text), pairs, text);
});

Deno.test("bare words that are numbers, and those that are not", () => {
  for (const [text, value] of numbers) assertEquals(pairsOf(`a=${text} b=1`).a, value, text);
});

Deno.test("what is refused, and why", () => {
  for (const [text, reason] of refused) {
    const error = assertThrows(() => parseConfigText(text), ConfigTextError);
    assert(reason.test(error.message), `${text}: ${error.message}`);
  }
});

Deno.test("nesting has an end", () => {
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth);
  assertEquals(pairsOf(`a=${nested("[", "]", 30)} b=1`), { a: OTHER, b: 1 });
  assertEquals(pairsOf(`${nested("s {", "}", 30)} b=1`), { b: 1 });
  for (const deep of [`a=${nested("[", "]", 100_000)}`, nested("s {", "}", 100_000)]) {
    assertThrows(() => parseConfigText(deep), ConfigTextError, "nested too deeply");
  }
});

const byteText = (alphabet: string) =>
  fc.array(fc.constantFrom(...alphabet), { maxLength: 200 }).map((all) => all.join(""));
const fuzz = fc.oneof(
  byteText(" \n\t=\"'#{}[],\\abc019.-+\xff\0"),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => String.fromCharCode(...bytes)),
);

Deno.test("any bytes are understood or refused, never anything else", () => {
  fc.assert(
    fc.property(fuzz, (text) => {
      try {
        assert(parseConfigText(text).size > 0);
      } catch (error) {
        assert(error instanceof ConfigTextError, `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});

/** As LVM writes a string. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

Deno.test("what a client writes comes back as it was", () => {
  const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
  const value = fc.oneof(
    fc.array(byte, { maxLength: 70 }).map((all) => all.join("")),
    fc.maxSafeInteger(),
  );
  const key = byteText("abc_[]0").filter((key) => key !== "");
  const fields = fc.dictionary(key, value, { minKeys: 1, maxKeys: 12 });
  const styles = fc.constantFrom(" = ", " =", "=");
  fc.assert(
    fc.property(fields, styles, (fields, equals) => {
      const lines = Object.entries(fields).map(([key, value]) =>
        `${key}${equals}${typeof value === "string" ? quoted(value) : value}\n`
      );
      assertEquals(pairsOf(lines.join("")), { ...fields });
    }),
  );
});

Deno.test("a long run of digits is read in one pass", () => {
  for (const digit of ["0", "1"]) {
    const word = `${digit.repeat(1_000_000)}x`;
    assertEquals(parseConfigText(`a = ${word}`).get("a"), word);
  }
});
