/**
 * The executables under test: one for each way of building that works on this machine. Built once for
 * all tests, into a directory of this process.
 *
 * @module
 */
import { main as build } from "../../scripts/build.ts";

export interface Executable {
  way: "launcher" | "deno compile";
  path: string;
}

/** Builds one way; undefined if it fails. */
async function make(way: "launcher" | "compile"): Promise<string | undefined> {
  const out = await Deno.makeTempDir({ prefix: "lvmlockd-package-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(out, { recursive: true }));
  return await build(["--way", way, "--out", out]) === 0 ? `${out}/lvmlockd` : undefined;
}

/**
 * The launcher can be built wherever the tests run. `deno compile` needs its runtime base, so where
 * that cannot be had there is one executable less.
 */
export async function executables(): Promise<Executable[]> {
  const launcher = await make("launcher");
  if (launcher === undefined) throw new Error("the launcher cannot be built");
  const compiled = await make("compile");
  return [
    { way: "launcher", path: launcher },
    ...compiled === undefined ? [] : [{ way: "deno compile", path: compiled } as const],
  ];
}
