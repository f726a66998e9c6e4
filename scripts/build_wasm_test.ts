/**
 * Tests of the WASM build with small modules of their own.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { BuildError, buildWasm, main } from "./build_wasm.ts";

/** The part of the table that every build needs. */
const memory = `export function take(size: usize): usize { return size; }`;
const module = `
  import "./memory";
  export function answer(n: i32): i32 { assert(n > 0, "positive"); return n + 1; }
  export function isDebug(): bool { return ASC_OPTIMIZE_LEVEL == 0; }
`;

/** Runs `body` with a project folder whose lock table is `source`. */
async function withModule(source: string, body: (baseDir: string) => Promise<void>) {
  const baseDir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(baseDir, "wasm"));
    await Deno.writeTextFile(join(baseDir, "wasm/memory.ts"), memory);
    await Deno.writeTextFile(join(baseDir, "wasm/mod.ts"), source);
    await body(baseDir);
  } finally {
    await Deno.remove(baseDir, { recursive: true });
  }
}

/** Runs the command line with what it prints kept back. */
async function run(args: string[], baseDir: string) {
  const { log, error } = console;
  const output: string[] = [];
  console.log = console.error = (text: string) => output.push(text);
  try {
    return { code: await main(args, baseDir), output: output.join("\n") };
  } finally {
    Object.assign(console, { log, error });
  }
}

function instantiate(binary: Uint8Array<ArrayBuffer>) {
  let aborted = false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env: { abort: () => void (aborted = true) },
  });
  const { answer, isDebug } = exports as Record<string, (n?: number) => number>;
  return { answer: answer!, isDebug: isDebug!, aborted: () => aborted };
}

Deno.test("both builds keep assertions, and only the debug build is a debug build", async () => {
  await withModule(module, async (baseDir) => {
    for (const debug of [false, true]) {
      const table = instantiate(await buildWasm({ debug, baseDir }));
      assertEquals(table.answer(41), 42);
      assertEquals(table.isDebug(), Number(debug));
      assertEquals(table.aborted(), false);
      try {
        table.answer(0);
      } catch (error) {
        assert(error instanceof WebAssembly.RuntimeError);
      }
      assert(table.aborted());
    }
  });
});

Deno.test("the build does not depend on where the project lies", async () => {
  await withModule(module, async (one) => {
    await withModule(module, async (other) => {
      assertNotEquals(one, other);
      assertEquals(await buildWasm({ baseDir: one }), await buildWasm({ baseDir: other }));
    });
  });
});

Deno.test("errors carry the compiler's diagnostics", async () => {
  await withModule(`export function f(): i32 { return missing; }`, async (baseDir) => {
    await assertRejects(() => buildWasm({ baseDir }), BuildError, "wasm/mod.ts(1,");
    const { code, output } = await run([], baseDir);
    assertEquals(code, 1);
    assert(output.includes("missing"), output);
  });
});

Deno.test("host imports are refused", async () => {
  const source =
    `import "./memory"; declare function now(): f64; export function f(): f64 { return now(); }`;
  await withModule(source, async (baseDir) => {
    await assertRejects(() => buildWasm({ baseDir }), BuildError, "may not import mod.now");
  });
});

Deno.test("--check compares the written build with the sources and writes nothing", async () => {
  await withModule(module, async (baseDir) => {
    const file = join(baseDir, "wasm/lock_table.wasm");
    assertEquals((await run(["--check"], baseDir)).code, 1);
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
    assertEquals((await run([], baseDir)).code, 0);
    assertEquals((await run(["--check"], baseDir)).code, 0);
    await Deno.writeTextFile(join(baseDir, "wasm/mod.ts"), module.replace("n + 1", "n + 2"));
    assertEquals((await run(["--check"], baseDir)).code, 1);
    assertEquals((await run(["--debug"], baseDir)).code, 0);
    assert((await Deno.stat(join(baseDir, "dist/lock_table.debug.wasm"))).size > 0);
  });
});

Deno.test("unknown arguments are refused", async () => {
  assertEquals((await run(["--chekc"], ".")).code, 2);
  assertEquals((await run(["--check", "--debug"], ".")).code, 2);
});
