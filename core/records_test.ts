/**
 * The numbers that host and lock table share stand in two places, here and in wasm/. Compares them
 * by reading the sources of the table.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "./errno.ts";
import {
  CREATED,
  Effect,
  Field,
  Float,
  Input,
  Leave,
  LmCall,
  MAX_TEXT,
  Records,
  Row,
  STRIDE,
  Text,
} from "./records.ts";
import {
  lockspaceStates,
  LockType,
  Mode,
  Op,
  OptionFlag,
  ResourceType,
  ResultFlag,
} from "./types.ts";

type Numbers = Record<string, number>;

/** `export const NAME: i32 = value;` of a source file, in order. */
function constantsOf(file: string): Numbers {
  const source = Deno.readTextFileSync(new URL(`../wasm/${file}`, import.meta.url));
  const found = source.matchAll(/^(?:export )?const ([A-Z][A-Z_0-9]*): i32 = (-?[0-9a-fx]+);/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, Number(value)]));
}

const frame = constantsOf("frame.ts");
const vocabulary = constantsOf("vocabulary.ts");
const limits = constantsOf("limits.ts");

/** Names are compared without regard to how words are joined. */
const plain = (name: string) => name.replaceAll("_", "").toLowerCase();

function sorted(entries: [string, number][]): [string, number][] {
  return entries.map(([name, value]): [string, number] => [plain(name), value])
    .sort(([a], [b]) => a < b ? -1 : 1);
}

/** Constants whose name begins so, without that beginning. */
function group(constants: Numbers, prefix: string, except = ""): [string, number][] {
  return Object.entries(constants)
    .filter(([name]) => name.startsWith(prefix) && (except === "" || !name.startsWith(except)))
    .map(([name, value]) => [name.slice(prefix.length), value]);
}

/** Every constant of the table is known to the host under the same number. */
function assertKnown(constants: [string, number][], known: Numbers): void {
  assert(constants.length > 0, "the source has such constants");
  const numbers = new Map(sorted(Object.entries(known)));
  for (const [name, value] of sorted(constants)) assertEquals(value, numbers.get(name), name);
}

/** Names of one section of frame.ts, up to the next comment that begins a section. */
function section(title: string): [string, number][] {
  const source = Deno.readTextFileSync(new URL("../wasm/frame.ts", import.meta.url));
  const from = source.indexOf(`// ${title}`);
  assert(from >= 0, title);
  const text = source.slice(from, source.indexOf("\n\n", from));
  return Object.entries(frame).filter(([name]) => text.includes(`const ${name}: i32`));
}

Deno.test("integer fields", () => {
  const table = section("Integer fields").filter(([name]) => name !== "LENGTHS");
  const renamed = table.map(([name, value]): [string, number] => [
    name === "RT" ? "RESOURCE_TYPE" : name,
    value,
  ]);
  assertEquals(sorted(Object.entries(Field)), sorted(renamed));
  const last = Math.max(...Object.values(Field));
  assertEquals(frame.LENGTHS, last + 1, "the lengths of the texts come after the fields");
});

Deno.test("floats and texts", () => {
  const words = section("Floats").map(([name, byte]): [string, number] => [name, byte / 8]);
  assertEquals(sorted(Object.entries(Float)), sorted(words));
  assertEquals(sorted(Object.entries(Text)), sorted(section("Texts")));
});

Deno.test("sizes of the record", () => {
  assertEquals(frame.STRIDE, STRIDE);
  assertEquals(limits.MAX_TEXT, MAX_TEXT);
  assertEquals(frame.TEXT_COUNT, Object.keys(Text).length);
  assertEquals(frame.TEXTS! + frame.TEXT_COUNT! * MAX_TEXT, STRIDE);
});

Deno.test("texts come out as they went in, repeated, cut, emptied, in several records", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const records = new Records(memory);
  const texts = ["vg", "vh", "", "vg", "x".repeat(MAX_TEXT), "vg", "", "v\0\xff", "v\0\xfe", "vg"];
  for (const text of texts) {
    for (const at of [0, 0, STRIDE, 2 * STRIDE]) {
      records.setText(at, Text.lvUuid, text);
      assertEquals(new Records(memory).text(at, Text.lvUuid), text);
      assertEquals(records.text(at, Text.lvUuid), text);
    }
  }
  records.setText(0, Text.vgName, "y".repeat(MAX_TEXT + 1));
  assertEquals(records.text(0, Text.vgName), "y".repeat(MAX_TEXT));
  assertEquals(records.text(STRIDE, Text.lvUuid), "vg");
});

Deno.test("inputs, effects, rows and lock manager calls", () => {
  assertEquals(sorted(Object.entries(Input)), sorted(group(vocabulary, "IN_")));
  assertEquals(sorted(Object.entries(Effect)), sorted(group(vocabulary, "OUT_")));
  assertEquals(sorted(Object.entries(Row)), sorted(group(vocabulary, "ROW_")));
  const calls = group(vocabulary, "LM_", "LM_TYPE_");
  assertEquals(sorted(Object.entries(LmCall)), sorted(calls));
  assertEquals(sorted(Object.entries(Leave)), sorted(group(vocabulary, "LEAVE_")));
});

Deno.test("the vocabulary that both sides share with LVM", () => {
  assertKnown(group(vocabulary, "OP_"), Op);
  assertKnown(group(vocabulary, "RT_"), ResourceType);
  assertKnown(group(vocabulary, "LM_TYPE_"), LockType);
  const flags = { ...ResultFlag, created: CREATED };
  assertEquals(sorted(group(vocabulary, "R_")), sorted(Object.entries(flags)));
  const modes = Object.entries(vocabulary).filter(([name]) => /^(IV|UN|SH|EX)$/.test(name));
  assertKnown(modes, Mode);
  const errors = Object.entries(vocabulary).filter(([name]) =>
    /^E[A-Z]/.test(name) && name !== "EX"
  );
  assertKnown(errors, Errno);
});

Deno.test("option flags: the table's own have bits that no request has", () => {
  const known = new Set(Object.keys(OptionFlag).map(plain));
  const flags = group(vocabulary, "F_");
  assertKnown(flags.filter(([name]) => known.has(plain(name))), OptionFlag);
  const all = Object.values(OptionFlag).reduce<number>((bits, bit) => bits | bit, 0);
  for (const [name, bit] of flags) {
    if (!known.has(plain(name))) assertEquals(bit & all, 0, name);
  }
});

Deno.test("states of a lockspace", () => {
  const { STARTING, RUNNING, STOPPING } = constantsOf("lockspace.ts");
  const numbers = [STARTING, RUNNING, STOPPING].map((state) => lockspaceStates[state!]);
  assertEquals(numbers, ["starting", "running", "stopping"]);
});
