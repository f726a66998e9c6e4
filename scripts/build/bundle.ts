/**
 * Bundles the program with everything that it imports, and puts the lock table and the name of the
 * build into it, where core/program.ts finds them.
 *
 * @module
 */
import { join } from "node:path";

/** A step of the build failed; the message says which and why. */
export class BuildError extends Error {
  override name = "BuildError";
}

export type BuildWay = "script" | "launcher" | "deno compile";

/** Output of a program that must succeed. */
export async function run(command: string, args: string[], cwd: string): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    const options = { args, cwd, stdin: "null", env: { NO_COLOR: "1" } } as const;
    output = await new Deno.Command(command, options).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new BuildError(`${command} is not installed`);
    throw error;
  }
  const decoder = new TextDecoder();
  if (output.success) return decoder.decode(output.stdout);
  throw new BuildError(`${command} ${args[0]} failed:\n${decoder.decode(output.stderr).trim()}`);
}

/**
 * The whole program in one text.
 *
 * @param root the project.
 * @param way decides the form: the launcher runs a function body, the others are modules.
 */
export async function bundle(root: string, way: BuildWay): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "bundle.js");
    const format = way === "launcher" ? "cjs" : "esm";
    // Not minified: it starts as fast, takes less memory, and its stack traces can be read.
    const args = ["bundle", "--quiet", "--format", format, "--output", file, "main.ts"];
    await run(Deno.execPath(), args, root);
    const text = await Deno.readTextFile(file);
    if (text.includes(root)) throw new BuildError(`The bundle has the path ${root} in it`);
    const table = await Deno.readFile(join(root, "wasm/lock_table.wasm"));
    const build = JSON.stringify({ way, table: table.toBase64() });
    return `globalThis[Symbol.for("lvmlockd.build")] = ${build};\n${text}`;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
