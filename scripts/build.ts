/**
 * Builds the one file that is installed, `dist/lvmlockd`, and `dist/lvmlockd.js`, a script for hosts
 * that have Deno.
 *
 *     deno task build                     for this machine
 *     deno task build --target arm64      for another one
 *     deno task build --way launcher      without trying `deno compile` first
 *     deno task build --deno PATH         with another Deno executable inside (launcher)
 *     deno task build --out DIRECTORY     somewhere else
 *
 * `deno compile` is tried first. It needs its runtime base, from Deno's download server or the file
 * that DENORT_BIN names; without that a launcher carries the Deno executable itself. The same commit
 * gives the same bytes.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { join, resolve } from "node:path";
import { BuildError, bundle, run } from "./build/bundle.ts";
import { makeOneFile } from "./build/launcher.ts";
import { denoPackage, denoTarget, elfMachine, ownTarget } from "./build/targets.ts";
import { type Target, targets } from "./build/targets.ts";
import { denoOptions } from "./build/deno_options.ts";

const root = join(import.meta.dirname!, "..");

/** Deno looks for nothing outside of what it is given. */
const selfContained = ["--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only"];

interface Settings {
  target: Target;
  way: "auto" | "compile" | "launcher";
  deno: string;
  out: string;
}

/** Writes a file as others see it: all of it at once. */
async function install(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  const temporary = `${path}.${Deno.pid}.new`;
  if (typeof content === "string") await Deno.writeTextFile(temporary, content);
  else await Deno.writeFile(temporary, content);
  await Deno.chmod(temporary, mode);
  await Deno.rename(temporary, path);
}

/** With `deno compile`. Throws {@link BuildError} when its base cannot be had or does not run it. */
async function compile({ target, out }: Settings): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    // Under this name, because the name is part of the executable.
    await Deno.writeTextFile(join(directory, "lvmlockd.js"), await bundle(root, "deno compile"));
    const made = join(directory, "lvmlockd");
    const options = [...selfContained, ...denoOptions, "--target", denoTarget[target]];
    const args = ["compile", "--quiet", ...options, "--output", made, "lvmlockd.js"];
    await run(Deno.execPath(), args, directory);
    if (target === ownTarget) await mustBeOurs(made);
    await install(join(out, "lvmlockd"), await Deno.readFile(made), 0o755);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A base that is no runtime base gives an executable that runs something else. */
async function mustBeOurs(executable: string): Promise<void> {
  const text = await run(executable, ["--version"], "/");
  if (text.startsWith("lvmlockd version")) return;
  throw new BuildError(`what deno compile made does not run our program, but says: ${text}`);
}

async function launch({ target, deno, out }: Settings): Promise<void> {
  const executable = await denoExecutable(target, deno);
  if (new DataView(executable.buffer).getUint16(18, true) !== elfMachine[target]) {
    throw new BuildError(`${deno || "The Deno executable"} is not for ${target}`);
  }
  const program = await bundle(root, "launcher");
  const args = ["run", "--quiet", "--no-code-cache", ...selfContained, ...denoOptions];
  const file = await makeOneFile(target, executable, program, args);
  await install(join(out, "lvmlockd"), file, 0o755);
}

/** The Deno executable for a machine: at `path`, the one that runs us, or that of npm. */
async function denoExecutable(target: Target, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (path !== "" || target === ownTarget) {
    return await Deno.readFile(path || Deno.execPath()).catch((error) => {
      throw new BuildError(`Cannot read ${path}: ${error.message}`);
    });
  }
  const directory = await Deno.makeTempDir();
  try {
    const name = `${denoPackage[target]}@${Deno.version.deno}`;
    const packed = (await run("npm", ["pack", "--loglevel", "error", name], directory)).trim();
    await run("tar", ["-xzf", packed], directory);
    return await Deno.readFile(join(directory, "package", "deno"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Makes `lvmlockd` and says how. */
async function buildExecutable(settings: Settings): Promise<void> {
  const made = (way: string) => console.log(`${join(settings.out, "lvmlockd")}: ${way}`);
  if (settings.way !== "launcher") {
    try {
      await compile(settings);
      return made("by deno compile, with Deno's runtime base");
    } catch (error) {
      if (!(error instanceof BuildError) || settings.way === "compile") throw error;
      console.log(`deno compile cannot be used here. ${reason(error.message)}`);
    }
  }
  await launch(settings);
  made("launcher with the Deno executable inside");
}

/** The line of a failure of deno compile that says most. */
function reason(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  return lines.find((line) => /error sending request|does not run|DENORT_BIN/.test(line)) ??
    lines.slice(0, 4).join(" ");
}

function settingsFrom(args: string[]): Settings {
  const unknown: string[] = [];
  const parsed = parseArgs(args, {
    string: ["target", "way", "deno", "out"],
    unknown: (arg) => unknown.push(arg),
  });
  const target = (parsed.target ?? ownTarget) as Target;
  const way = (parsed.way ?? "auto") as Settings["way"];
  if (
    unknown.length > 0 || !targets.includes(target) ||
    !["auto", "compile", "launcher"].includes(way)
  ) {
    throw new BuildError(
      "usage: build.ts [--target x86_64|arm64] [--way auto|compile|launcher] [--deno PATH] " +
        "[--out DIRECTORY]",
    );
  }
  return {
    target,
    way,
    deno: String(parsed.deno ?? ""),
    out: resolve(String(parsed.out ?? join(root, "dist"))),
  };
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function main(args: string[]): Promise<number> {
  try {
    const settings = settingsFrom(args);
    await Deno.mkdir(settings.out, { recursive: true });
    await buildExecutable(settings);
    const script = join(settings.out, "lvmlockd.js");
    await install(script, await bundle(root, "script"), 0o644);
    console.log(`${script}: for \`deno run ${denoOptions.join(" ")}\``);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
