/**
 * Applies the checks of tidy.ts to the project, and each check to a project that fails it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as tidy from "./tidy.ts";

const root = join(import.meta.dirname!, "..");
const project = await tidy.readProject(root);

function exists(path: string): boolean {
  try {
    return Deno.statSync(join(root, path)) !== undefined;
  } catch {
    return false;
  }
}

/** A file with `count` lines inside a function. */
const longFunction = (count: number) => `function long() {\n${"  call();\n".repeat(count - 2)}}\n`;

Deno.test("every module begins with a doc comment", () => {
  assertEquals(tidy.checkModuleComments(project), []);
});

Deno.test("no file is too long", () => {
  assertEquals(tidy.checkFileLengths(project), []);
});

Deno.test("no function is too long", () => {
  assertEquals(tidy.checkFunctionLengths(project), []);
});

Deno.test("no banned word is committed", () => {
  assertEquals(tidy.checkWords(project, root), []);
});

Deno.test("every task that is spoken of exists, and every task is documented", () => {
  assertEquals(tidy.checkTasks(project), []);
});

Deno.test("one version of Deno is named", () => {
  assertEquals(tidy.checkDenoVersion(project), []);
});

Deno.test("every link leads somewhere", () => {
  assertEquals(tidy.checkLinks(project, exists), []);
});

Deno.test("the project is read whole", () => {
  const paths = project.map(({ path }) => path);
  for (const path of ["deno.json", "scripts/tidy.ts", ".gitignore", "core/types.ts"]) {
    assert(paths.includes(path), path);
  }
  assertEquals(paths.filter((path) => path.startsWith(".git/")), []);
});

Deno.test("a missing or misplaced module comment is seen", () => {
  const seen = (text: string) => tidy.checkModuleComments([{ path: "a.ts", text }]).length === 1;
  const comment = "/** What this module owns. */\n";
  assert(!seen(`${comment}\nexport const a = 1;\n`));
  assert(!seen(`#!/usr/bin/env deno\n${comment}import a from "b";\n`));
  assert(!seen("/**\n * What this module owns.\n * @module\n */\nconst a = 1;\n"));
  assert(seen(`${comment}export const a = 1;\n`));
  assert(seen("export const a = 1;\n"));
  assert(seen("// What this module owns.\n\nexport const a = 1;\n"));
  assert(seen("/** @module */\nexport const a = 1;\n"));
});

Deno.test("a file that is too long is seen, and an exception that is not needed", () => {
  const file = (lines: number) => [{ path: "a.ts", text: "x;\n".repeat(lines) }];
  assertEquals(tidy.checkFileLengths(file(400), {}), []);
  assertEquals(tidy.checkFileLengths(file(401), {}).length, 1);
  assertEquals(tidy.checkFileLengths(file(401), { "a.ts": "reason" }), []);
  assertEquals(tidy.checkFileLengths(file(400), { "a.ts": "reason" }).length, 1);
});

Deno.test("a function that is too long is seen, and the ratchet turns one way", () => {
  const file = (lines: number) => [{ path: "a.ts", text: longFunction(lines) }];
  assertEquals(tidy.checkFunctionLengths(file(70), {}), []);
  assertEquals(tidy.checkFunctionLengths(file(71), {}).length, 1);
  assertEquals(tidy.checkFunctionLengths(file(80), { "a.ts: long": 80 }), []);
  assertEquals(tidy.checkFunctionLengths(file(81), { "a.ts: long": 80 }).length, 1);
  assertEquals(tidy.checkFunctionLengths(file(79), { "a.ts: long": 80 }).length, 1);
});

Deno.test("functions of every kind are measured under a name", () => {
  const text = [
    "function a() {}",
    "const b = () => {\n};",
    "const c = { d() {\n\n}, e: function () {} };",
    "class F { g() {\n} constructor() {} }",
    'Deno.test("h", () => {\n});',
    "export default function () {}",
  ].join("\n");
  const lengths = [...tidy.functionLengths([{ path: "x.ts", text }])];
  assertEquals(Object.fromEntries(lengths), {
    "x.ts: a": 1,
    "x.ts: b": 2,
    "x.ts: d": 3,
    "x.ts: e": 1,
    "x.ts: g": 2,
    "x.ts: constructor": 1,
    "x.ts: h": 2,
    "x.ts: (unnamed)": 1,
  });
});

Deno.test("each banned word is seen", () => {
  const lines = [
    "// TODO: later",
    "// FIXME",
    "# XXX",
    "Deno.test.ignore('a', b)",
    "Deno.test.only('a', b)",
    "describe.only('a', b)",
    "it.skip('a', b)",
    "{ ignore: true }",
    "https://registry.example.org/a",
    "cat /place/of/projects/other/file",
  ];
  for (const text of lines) {
    const path = "docs/a.md";
    assertEquals(
      tidy.checkWords([{ path, text }], "/place/of/projects/this").length > 0,
      true,
      text,
    );
  }
  const fine = "mktemp dir.XXXXXX; /tmp/other; todo.skipped(); registry.add()";
  assertEquals(tidy.checkWords([{ path: "a.md", text: fine }], "/tmp/this"), []);
  const lock = { path: "deno.lock", text: `"tarball": "http://example.org/a.tgz"` };
  assertEquals(tidy.checkWords([lock], "/tmp/this").length, 1);
});

Deno.test("tasks that do not fit are seen", () => {
  const config = JSON.stringify({ tasks: { go: "deno run -A main.ts", see: "deno test sub/" } });
  const check = (contributing: string, ...paths: string[]) =>
    tidy.checkTasks([
      { path: "deno.json", text: config },
      { path: "CONTRIBUTING.md", text: contributing },
      ...paths.map((path) => ({ path, text: "" })),
    ]);
  const both = "`deno task go` and `npx -y deno@2.9.6 task see`, `deno task see`";
  assertEquals(check(both, "main.ts", "sub/a.ts"), []);
  assertEquals(check(both, "main.ts").length, 1);
  assertEquals(check(both, "sub/a.ts").length, 1);
  assertEquals(check(`${both} \`deno task gone\``, "main.ts", "sub/a.ts").length, 1);
  assertEquals(check("`deno task go`", "main.ts", "sub/a.ts").length, 1);
});

Deno.test("two versions of Deno are seen", () => {
  const file = (path: string, version: string) => ({ path, text: `npx deno@${version} run` });
  assertEquals(tidy.checkDenoVersion([file("a", "2.9.6"), file("b", "2.9.6")]), []);
  assertEquals(tidy.checkDenoVersion([file("a", "2.9.6"), file("b", "2.9.7")]).length, 2);
});

Deno.test("links that lead nowhere are seen", () => {
  const check = (text: string) =>
    tidy.checkLinks([
      { path: "docs/a.md", text },
      { path: "b.md", text: "# The `first` part, in short\n" },
    ], (path) => path === "core");
  const fine = [
    "[b](../b.md)",
    "[b](../b.md#the-first-part-in-short)",
    "# Here\n\n[a](#here)",
    "[core](../core)",
    "[web](https://example.org/x) and ![mail](mailto:a@b)",
    "`[no](link)`\n\n```\n[no](link)\n```\n",
    "[b][1]\n\n[1]: ../b.md",
  ];
  const broken = [
    "[b](b.md)",
    "[b](../b.md#second)",
    "[a](#there)",
    "[out](../../out.md)",
    "[b][1]\n\n[1]: b.md",
  ];
  for (const text of fine) assertEquals(check(text), [], text);
  for (const text of broken) assertEquals(check(text).length, 1, text);
});
