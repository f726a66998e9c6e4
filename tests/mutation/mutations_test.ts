/**
 * Mutants are what they are meant to be, and one is found by each of the quick ways to find any.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Compiler } from "./build.ts";
import { Court } from "./court.ts";
import { whyEquivalent } from "./equivalents.ts";
import { main } from "./main.ts";
import { mutated, type Mutation, mutationsOf } from "./mutations.ts";

/** What a function's only line can be changed into. */
function changed(line: string): string[] {
  const text = `function f(): void {\n  ${line}\n}\n`;
  return mutationsOf("x", text).map((mutation) => mutated(text, mutation).split("\n")[1]!.trim());
}

Deno.test("a condition is always or never true, and turned round", () => {
  const found = changed("if (a < b) return;");
  for (const part of ["true", "false", "a <= b", "a >= b"]) {
    assert(found.includes(`if (${part}) return;`), part);
  }
  assert(found.includes("if (a < b) ;"));
});

Deno.test("a part of a condition is left out, and the other way of joining them is tried", () => {
  const found = changed("if (f(a, b) && (c || d)) g();");
  for (const part of ["f(a, b) || (c || d)", " (c || d)", "f(a, b) ", "f(a, b) && (c )"]) {
    assert(found.includes(`if (${part}) g();`), part);
  }
});

Deno.test("statements are left out, modes and numbers are others", () => {
  assertEquals(changed("r.count++;"), [";", "r.count--;"]);
  assertEquals(changed("r.mode = SH;"), [";", "r.mode = EX;", "r.mode = UN;"]);
  assertEquals(changed("reply(a, -EBUSY);"), [";", "reply(a, 0);"]);
  assertEquals(changed("const n: u32 = version + 1;").length, 2);
});

Deno.test("comments, texts and assertions stay as they are", () => {
  assertEquals(changed("// if (a == b) return true;"), []);
  assertEquals(changed('assert(a == b, "a && b");'), []);
});

Deno.test("every line that is said to make no difference is there", () => {
  const compiler = new Compiler();
  const files = ["calls", "effects", "grants", "kill", "lockspace", "serve", "sweep"];
  const known = files.flatMap((file) => {
    const text = compiler.text(file);
    return mutationsOf(file, text).filter((mutation) => whyEquivalent(mutation, text));
  });
  assertEquals([...new Set(known.map(({ file }) => file))], files);
});

/** Leaves out a statement of the table. */
function without(file: string, statement: string): Mutation {
  const text = new Compiler().text(file);
  const found = mutationsOf(file, text).find(({ from, to }) => from === statement && to === ";");
  assert(found !== undefined, `${file} has no "${statement}"`);
  return found;
}

Deno.test("mutants are found, also those that never end; what does not compile is none", async () => {
  using patient = new Court(600);
  using hasty = new Court(10);
  const by = async (mutation: Mutation, stage: "scripts" | "simulation", court = patient) => {
    const { finder, what } = await court.judge({ mutation, stages: [stage] });
    return `${finder}: ${what}`;
  };
  const counts = without("resource", "this.lockCount++;");
  assert(/^scripts: \w+\.txt:\d+$/.test(await by(counts, "scripts")));
  const again = without("waiters", "table.changed = false;");
  assertEquals(await by(again, "scripts", hasty), "scripts: never ends");
  const orphans = without("inputs", "abandon(claim);");
  assert(/^simulation: \w+ \d+: /.test(await by(orphans, "simulation")));
  assertEquals(await by({ ...orphans, to: "no such word" }, "scripts"), "-: ");
});

Deno.test("the command line says what it cannot understand", async () => {
  assertEquals(await main(["--files", "none"]), 2);
  assertEquals(await main(["--sample", "x"]), 2);
});
