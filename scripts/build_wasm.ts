/**
 * Compiles the lock table, wasm/mod.ts, with AssemblyScript. All compiler options stand here.
 *
 *     deno task build:wasm            writes wasm/lock_table.wasm, the build that is committed
 *     deno task build:wasm --check    fails unless the committed build is that of the sources
 *     deno task build:wasm --debug    writes dist/lock_table.debug.wasm: unoptimised, with names
 *
 * Both builds keep assertions and export the same functions. Code for the debug build alone can test
 * `ASC_OPTIMIZE_LEVEL == 0`, a constant: nothing of it is left in the release build.
 *
 * The same sources give the same bytes on every machine: the build sees file names relative to the
 * project only, and no clock.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";

const root = join(import.meta.dirname!, "..");
const releaseFile = "wasm/lock_table.wasm";
const debugFile = "dist/lock_table.debug.wasm";

/**
 * The table brings its own memory management: `new` takes memory with `take` of wasm/memory.ts, and
 * there is nothing else in the runtime. Sources that need a garbage collector do not compile.
 */
const runtime = ["--runtime", "wasm/mod", "--use", "__alloc=wasm/memory/take"];
const commonOptions = ["wasm/mod.ts", ...runtime, "--outFile", "out.wasm"];
const releaseOptions = ["-O3"];
const debugOptions = ["--debug"];

/** All that a lock table may ask of its host: where to report a failed assertion. */
const allowedImports = ["env.abort"];

/** The compiler refused the sources. The message holds its diagnostics. */
export class BuildError extends Error {
  override name = "BuildError";
}

/**
 * Compiles `wasm/mod.ts` below `baseDir` in memory.
 *
 * @throws {BuildError} If the sources have errors, or import anything from the host but `env.abort`.
 */
export async function buildWasm(
  { debug = false, baseDir = root }: { debug?: boolean; baseDir?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const options = [...commonOptions, ...debug ? debugOptions : releaseOptions];
  const { error, stderr } = await asc.main([...options, "--baseDir", baseDir], {
    writeFile(_name: string, contents: Uint8Array | string) {
      if (typeof contents !== "string") binary = new Uint8Array(contents);
    },
  });
  if (error || !binary) throw new BuildError(stderr.toString() || `${error ?? "no output"}`);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary))
    .map(({ module, name }) => `${module}.${name}`)
    .filter((name) => !allowedImports.includes(name));
  if (imports.length > 0) {
    throw new BuildError(`The lock table may not import ${imports.join(", ")} from its host`);
  }
  return binary;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Is the file at `path` exactly `binary`? A missing file is not. */
async function isCurrent(path: string, binary: Uint8Array): Promise<boolean> {
  try {
    return sameBytes(await Deno.readFile(path), binary);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function main(args: string[], baseDir = root): Promise<number> {
  const unknown: string[] = [];
  const { check, debug } = parseArgs(args, {
    boolean: ["check", "debug"],
    unknown: (arg) => unknown.push(arg),
  });
  if (unknown.length > 0 || check && debug) {
    console.error("usage: build_wasm.ts [--check | --debug]");
    return 2;
  }
  try {
    const binary = await buildWasm({ debug: debug === true, baseDir });
    const file = debug ? debugFile : releaseFile;
    const path = join(baseDir, file);
    if (check) {
      if (await isCurrent(path, binary)) return 0;
      console.error(`${file} is not the build of wasm/*.ts: run \`deno task build:wasm\``);
      return 1;
    }
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeFile(path, binary);
    console.log(`${file}: ${binary.length} bytes`);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
