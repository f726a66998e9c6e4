/**
 * How this program was built, where its lock table is, and how it is started again. A build puts
 * what it knows into a global before the code runs; without that we run from the sources.
 *
 * @module
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { VERSION } from "./version.ts";

/** `script` is the bundle for hosts with Deno; the last two are one executable. */
export type BuildWay = "source" | "script" | "launcher" | "deno compile";

/** What a build leaves under {@link BUILD_KEY}. */
export interface Build {
  way: BuildWay;
  /** The compiled lock table in base64. */
  table: string;
}

/** Registered symbol of the global that holds the {@link Build}. */
const BUILD_KEY = "lvmlockd.build";

const build = (globalThis as Record<symbol, unknown>)[Symbol.for(BUILD_KEY)] as Build | undefined;

export const buildWay: BuildWay = build?.way ?? "source";

/** Is all of this program, Deno too, one executable? */
const isOneFile = buildWay === "launcher" || buildWay === "deno compile";

/** The compiled lock table, out of the build or beside its sources. */
export function readTable(): Uint8Array<ArrayBuffer> {
  if (build !== undefined) return Uint8Array.fromBase64(build.table);
  return Deno.readFileSync(new URL("../wasm/lock_table.wasm", import.meta.url));
}

/** What `--version` prints. The first words are those of the stock daemon. */
export function versionText(): string {
  const table = createHash("sha256").update(readTable()).digest("hex").slice(0, 16);
  const parts = [`build ${buildWay}`, `deno ${Deno.version.deno}`, `table sha256 ${table}`];
  return `lvmlockd version: ${VERSION} (${parts.join(", ")})`;
}

/** The name that this program was called by, with its path as it was given. */
export function calledAs(): string {
  // What Deno takes for it depends on the build; the kernel knows.
  const [name] = isOneFile ? Deno.readTextFileSync("/proc/self/cmdline").split("\0") : [];
  return name || process.argv0;
}

/** A program as it is started: its file, the name it is given, what comes before its arguments. */
export interface Program {
  file: string;
  name: string;
  args: string[];
}

/**
 * This program, to be started by this process, also when its file has been deleted or replaced.
 * @param main where the main module is, of programs that are not one file.
 */
export function ourselves(main: string): Program {
  if (isOneFile) return { file: "/proc/self/exe", name: calledAs(), args: [] };
  const [file, ...args] = denoCommand(main);
  return { file: file!, name: file!, args };
}

/** This program as others start it later: by its path, where an upgrade puts its successor. */
export function installedCommand(main: string): string[] {
  return isOneFile ? [Deno.execPath().replace(/ \(deleted\)$/, "")] : denoCommand(main);
}

/**
 * How Deno is told to run the daemon. V8 lets objects that have just been made take up to 3 times 16
 * MiB before it looks which of them are still needed; three times 4 MiB make no request slower, and
 * pauses shorter.
 */
export const runtimeOptions = ["--v8-flags=--max-semi-space-size=4"];

function denoCommand(main: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", ...runtimeOptions, main];
}
