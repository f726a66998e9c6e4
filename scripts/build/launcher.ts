/**
 * Makes the one executable without Deno's help: a launcher in C, the Deno executable as it is, and
 * the bundle, one after the other. What the launcher does stands in launcher.c.
 *
 * @module
 */
import { join } from "node:path";
import { BuildError, run } from "./bundle.ts";
import { compiler, type Target } from "./targets.ts";

/** The first bytes of what the build fills in; launcher.c has them once. */
const MAGIC = new TextEncoder().encode("LVMLOCKD PAYLOAD");
/** No machine has larger pages. */
const PAGE = 0x10000;
/** Words that are summed side by side; also the unit, in words, that the file consists of. */
const LANES = 8;
/** The launcher has room for so many. */
const MAX_ARGUMENTS = 32;

/** Where a part lies in the file. */
interface Place {
  at: number;
  size: number;
}

const roundUp = (size: number, unit: number) => Math.ceil(size / unit) * unit;

/** Compiles launcher.c, without a C library and without anything that depends on this machine. */
async function compileLauncher(target: Target): Promise<Uint8Array> {
  const directory = await Deno.makeTempDir();
  try {
    const output = join(directory, "launcher");
    const options = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-nostdlib"];
    const plain = ["-ffreestanding", "-fno-stack-protector", "-fno-asynchronous-unwind-tables"];
    // Else the loop in memcpy becomes a call of memcpy.
    const loops = ["-fno-tree-loop-distribute-patterns"];
    const link = ["-Wl,--build-id=none", "-Wl,-z,noexecstack", "-s"];
    const args = [...options, ...plain, ...loops, ...link, "-o", output, "launcher.c"];
    await run(compiler(target), args, import.meta.dirname!);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * The module that Deno is told to run. It reads the program out of the executable: as the text of a
 * module of a megabyte it would take Deno 90 ms longer to start.
 */
function starter({ at, size }: Place): string {
  const code = [
    'import { Script } from "node:vm";',
    'import { createRequire } from "node:module";',
    'const file = Deno.openSync("/proc/self/exe");',
    `file.seekSync(${at}, Deno.SeekMode.Start);`,
    `const bytes = new Uint8Array(${size});`,
    "let got = 0;",
    "while (got < bytes.length) got += file.readSync(bytes.subarray(got));",
    "file.close();",
    "const text = new TextDecoder().decode(bytes);",
    'const script = new Script(text, { filename: "lvmlockd.js" });',
    "const module = { exports: {} };",
    'script.runInThisContext()(createRequire("file:///"), module, module.exports);',
  ];
  return `data:text/javascript,${encodeURIComponent(code.join("\n"))}`;
}

/** Eight interleaved Fletcher sums of 32 bit words, as verify() of launcher.c makes them. */
export function checksums(words: Uint32Array): number[] {
  const sums = new Uint32Array(2 * LANES);
  for (let at = 0; at < words.length; at += LANES) {
    for (let lane = 0; lane < LANES; lane++) {
      sums[lane]! += words[at + lane]!;
      sums[LANES + lane]! += sums[lane]!;
    }
  }
  return [...sums];
}

/** Where `MAGIC` is, which must be there once. */
function payloadOf(launcher: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(launcher);
  const at = text.indexOf(new TextDecoder().decode(MAGIC));
  if (at >= 0 && text.indexOf(new TextDecoder().decode(MAGIC), at + 1) < 0) return at;
  throw new BuildError("The launcher has no place for what the build tells it");
}

/**
 * Puts the parts together.
 *
 * @param deno the Deno executable for `target`.
 * @param program the bundle, a function body.
 * @param denoArguments what Deno is given before the program.
 */
export async function makeOneFile(
  target: Target,
  deno: Uint8Array,
  program: string,
  denoArguments: string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const launcher = await compileLauncher(target);
  const text = new TextEncoder().encode(`(function (require, module, exports) {${program}\n})`);
  const denoPlace = { at: roundUp(launcher.length, PAGE), size: deno.length };
  const textPlace = { at: denoPlace.at + denoPlace.size, size: text.length };
  const words = [...denoArguments, starter(textPlace)];
  if (words.length > MAX_ARGUMENTS) throw new BuildError("Too many arguments for Deno");
  const list = new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
  const listPlace = { at: textPlace.at + textPlace.size, size: list.length };
  const size = roundUp(listPlace.at + listPlace.size, 4 * LANES);

  const file = new Uint8Array(size);
  file.set(launcher);
  file.set(deno, denoPlace.at);
  file.set(text, textPlace.at);
  file.set(list, listPlace.at);
  const view = new DataView(file.buffer, payloadOf(launcher) + MAGIC.length);
  [size, denoPlace.at, denoPlace.size, listPlace.at, listPlace.size].forEach((number, i) =>
    view.setBigUint64(8 * i, BigInt(number), true)
  );
  checksums(new Uint32Array(file.buffer, denoPlace.at)).forEach((sum, i) =>
    view.setUint32(40 + 4 * i, sum, true)
  );
  return file;
}
