/**
 * Tests of the import rules: each border is crossed once and respected once, and every way to write
 * an import is seen.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import plugin, { judge, layers, packageRules } from "./lint_layers.ts";

/** Complaints about a source text as if it stood in `file`. */
const lint = (file: string, source: string) =>
  Deno.lint.runPlugin(plugin, file, source).map((d) => d.message);

Deno.test("allowed imports pass", () => {
  const cases: [string, string][] = [
    ["main.ts", "./core/daemon.ts"],
    ["main.ts", "./ctl/main.ts"],
    ["core/daemon.ts", "./native/server.ts"],
    ["core/daemon.ts", "../backends/embedded/mod.ts"],
    ["core/engine.ts", "./records.ts"],
    ["core/engine.ts", "../wasm/lock_table.wasm"],
    ["core/engine.ts", "./log_ring.ts"],
    ["core/dispatcher.ts", "./os/libc.ts"],
    ["core/native/session.ts", "./frame.ts"],
    ["core/native/session.ts", "../service.ts"],
    ["core/native/session.ts", "node:net"],
    ["core/os/libc.ts", "node:path/posix"],
    ["core/api/app.ts", "hono/streaming"],
    ["core/api/routes/locks.ts", "zod"],
    ["core/api/routes/locks.ts", "@hono/zod-openapi"],
    ["core/log.ts", "@logtape/logtape"],
    ["core/os/libc.ts", "../errno.ts"],
    ["backends/embedded/mod.ts", "./journal.ts"],
    ["backends/embedded/mod.ts", "../lock_manager.ts"],
    ["backends/embedded/mod.ts", "../value_blocks.ts"],
    ["backends/registry.ts", "./value_blocks.ts"],
    ["backends/embedded/mod.ts", "../../core/log.ts"],
    ["backends/testmode/mod.ts", "../../core/errno.ts"],
    ["ctl/main.ts", "../core/api/client.ts"],
    ["ctl/main.ts", "../core/os/libc.ts"],
    ["ctl/main.ts", "hono/client"],
    ["scripts/build_wasm.ts", "assemblyscript/asc"],
    ["wasm/lock_table.ts", "./frame"],
    ["tests/unit/x.ts", "../../core/engine.ts"],
    ["tests/unit/x.ts", "fast-check"],
    ["core/native/frame_test.ts", "../engine.ts"],
    ["core/native/frame_test.ts", "fast-check"],
    ["core/native/frame_test.ts", "../../tests/support.ts"],
  ];
  for (const [file, specifier] of cases) {
    assertEquals(judge(file, specifier, false), undefined, `${file} → ${specifier}`);
  }
});

Deno.test("forbidden imports are reported with the reason", () => {
  const frontEnd = "a front end knows the service it was given";
  const cases: [string, string, string][] = [
    ["main.ts", "./tests/support.ts", "may depend on test code"],
    ["main.ts", "hono", "HTTP is the business"],
    ["core/daemon.ts", "../scripts/packages.ts", "product code alone"],
    ["core/daemon.ts", "./engine_test.ts", "may depend on test code"],
    ["core/engine.ts", "./native/frame.ts", "front ends not at all"],
    ["core/engine.ts", "../backends/embedded/mod.ts", "through their interface"],
    ["core/engine.ts", "../backends/lock_manager.ts", "only its types"],
    ["core/engine.ts", "./daemon.ts", "front ends not at all"],
    ["core/engine.ts", "@logtape/logtape", "so that the logger can be replaced"],
    ["core/options.ts", "../backends/lock_manager.ts", "only the daemon's entry"],
    ["core/types.ts", "./engine.ts", "the shared vocabulary"],
    ["core/log.ts", "./engine.ts", "everything logs"],
    ["core/os/libc.ts", "../service.ts", "calls to the operating system"],
    ["core/native/session.ts", "../api/app.ts", frontEnd],
    ["core/native/session.ts", "../engine.ts", frontEnd],
    ["core/native/session.ts", "hono", "HTTP is the business"],
    ["core/api/app.ts", "../native/frame.ts", frontEnd],
    ["core/api/app.ts", "../../backends/lock_manager.ts", frontEnd],
    ["backends/lock_manager.ts", "../core/types.ts", "only its types"],
    ["backends/lock_manager.ts", "./embedded/mod.ts", "depends on the vocabulary only"],
    ["backends/registry.ts", "./embedded/mod.ts", "knows none of them"],
    ["backends/embedded/mod.ts", "../registry.ts", "no other backend"],
    ["backends/embedded/mod.ts", "../testmode/mod.ts", "no other backend"],
    ["backends/embedded/mod.ts", "../../core/engine.ts", "no other backend"],
    ["backends/embedded/mod.ts", "../../core/os/libc.ts", "no other backend"],
    ["ctl/main.ts", "../core/engine.ts", "through its socket"],
    ["ctl/main.ts", "../core/api/app.ts", "only its types"],
    ["ctl/main.ts", "fast-check", "it belongs to tests"],
    ["ctl/main.ts", "npm:hono@4.13.19", "no row in the package table"],
    ["ctl/main.ts", "https://example.org/mod.ts", "no row in the package table"],
    ["core/engine.ts", "assemblyscript/asc", "needed to build"],
    ["scripts/packages.ts", "../core/types.ts", "from outside"],
    ["wasm/mod.ts", "../core/types.ts", "the lock table is pure"],
    ["wasm/mod.ts", "node:fs", "the lock table is pure"],
    ["extra/mod.ts", "../core/types.ts", "its folder has no row"],
    ["tests/unit/x.ts", "../../../elsewhere.ts", "only files of this project"],
  ];
  for (const [file, specifier, reason] of cases) {
    const complaint = judge(file, specifier, false);
    assert(complaint, `${file} → ${specifier} passed`);
    assertStringIncludes(complaint, reason);
  }
});

Deno.test("types may go where values may not", () => {
  assertEquals(judge("core/engine.ts", "../backends/lock_manager.ts", true), undefined);
  assertEquals(judge("ctl/main.ts", "../core/api/app.ts", true), undefined);
  assert(judge("core/api/app.ts", "../native/frame.ts", true));
});

Deno.test("every way to import is seen", () => {
  const statements = [
    `import { a } from "../engine.ts";`,
    `import "../engine.ts";`,
    `import type { A } from "../engine.ts";`,
    `export { a } from "../engine.ts";`,
    `export * from "../engine.ts";`,
    `export type { A } from "../engine.ts";`,
    `const a = await import("../engine.ts");`,
    "const a = await import(`../engine.ts`);",
    `type A = import("../engine.ts").A;`,
    `let a: typeof import("../engine.ts");`,
    `import a = require("../engine.ts");`,
    `const a = await import(name());`,
  ];
  for (const statement of statements) {
    assertEquals(lint("core/native/session.ts", statement).length, 1, statement);
    assertEquals(lint("core/native/session_test.ts", statement), [], statement);
  }
  assertEquals(lint("core/native/session.ts", "export const a = 1; export { a as b };"), []);
});

Deno.test("each way to write a type import counts as one", () => {
  const typeOnly = [
    `import type { A } from "../backends/lock_manager.ts";`,
    `import { type A, type B } from "../backends/lock_manager.ts";`,
    `export type { A } from "../backends/lock_manager.ts";`,
    `export type * from "../backends/lock_manager.ts";`,
    `export { type A } from "../backends/lock_manager.ts";`,
    `type A = import("../backends/lock_manager.ts").A;`,
  ];
  const values = [
    `import { type A, b } from "../backends/lock_manager.ts";`,
    `import a from "../backends/lock_manager.ts";`,
    `import "../backends/lock_manager.ts";`,
    `export { type A, b } from "../backends/lock_manager.ts";`,
    `export * from "../backends/lock_manager.ts";`,
  ];
  for (const source of typeOnly) assertEquals(lint("core/engine.ts", source), [], source);
  for (const source of values) assertEquals(lint("core/engine.ts", source).length, 1, source);
});

Deno.test("absolute file names are understood and files elsewhere left alone", () => {
  const source = `import "../core/types.ts";`;
  const root = new URL("..", import.meta.url).pathname;
  assertEquals(lint(`${root}wasm/mod.ts`, source).length, 1);
  assertEquals(lint("/elsewhere/wasm/mod.ts", source), []);
});

Deno.test("every package of deno.json has a rule, and every rule a reason", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  for (const name of Object.keys(config.imports)) {
    assertStringIncludes(judge("wasm/mod.ts", name, false) ?? "", ":");
    assert(!judge("wasm/mod.ts", name, false)!.includes("no row"), name);
  }
  for (const rule of [...layers, ...packageRules]) assert(rule.why.length > 10);
});
