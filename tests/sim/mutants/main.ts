/**
 * `deno task sim:mutants`: puts each defect into a copy of the sources, runs the simulation there, and
 * prints which checker found it, with which seed and how soon.
 *
 * @module
 */
import { join } from "node:path";
import { buildWasm } from "../../../scripts/build_wasm.ts";
import { type Mutant, mutants } from "./list.ts";

const root = join(import.meta.dirname!, "../../..");
const copied = [
  "core",
  "backends",
  "wasm",
  "tests/sim",
  "deno.json",
  "deno.lock",
  "scripts/std.d.ts",
];
/** Runs that a defect may take to be found. */
const RUNS = 40;

export interface Finding {
  mutant: Mutant;
  /** The checker that found it, `""` if none did. */
  checker: string;
  seed: number;
  seconds: number;
}

/** A copy of the sources in a directory of its own. */
class Tree implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Tree> {
    const tree = new Tree(await Deno.makeTempDir({ prefix: "lvmlockd-mutant-" }));
    for (const name of copied) await copy(join(root, name), join(tree.path, name));
    return tree;
  }

  /** @throws {Error} if the text is not there exactly once. */
  async change({ file, find, replace }: Mutant): Promise<() => Promise<void>> {
    const path = join(this.path, file);
    const text = await Deno.readTextFile(path);
    if (text.split(find).length !== 2) throw new Error(`${file} has not "${find}" once`);
    const table = join(this.path, "wasm/lock_table.wasm");
    const usual = await Deno.readFile(table);
    await Deno.writeTextFile(path, text.replace(find, () => replace));
    if (file.startsWith("wasm/")) {
      await Deno.writeFile(table, await buildWasm({ baseDir: this.path }));
    }
    return async () => {
      await Deno.writeTextFile(path, text);
      await Deno.writeFile(table, usual);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) {
    await Deno.mkdir(join(to, ".."), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function findOne(tree: Tree, mutant: Mutant): Promise<Finding> {
  const undo = await tree.change(mutant);
  const began = performance.now();
  const twice = mutant.checker === "determinism" ? ["--twice"] : [];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "tests/sim/main.ts", "--kind", mutant.kind, "--runs", `${RUNS}`],
      ...["--minutes", "10", "--plain", ...twice],
    ],
    cwd: tree.path,
  }).output();
  const seconds = (performance.now() - began) / 1000;
  await undo();
  const text = new TextDecoder().decode(stdout);
  const last = [...text.matchAll(/seed (\d+): ([a-z ]+),/g)].at(-1);
  if (last === undefined) throw new Error(new TextDecoder().decode(stderr));
  const [, seed, checker = ""] = last;
  return { mutant, checker: checker === "ok" ? "" : checker, seed: Number(seed), seconds };
}

/** Looks for some of the defects. */
export async function findMutants(which: readonly Mutant[]): Promise<Finding[]> {
  await using tree = await Tree.make();
  const findings: Finding[] = [];
  for (const mutant of which) findings.push(await findOne(tree, mutant));
  return findings;
}

async function main(): Promise<number> {
  await using tree = await Tree.make();
  let missed = 0;
  console.log(
    ["checker".padEnd(18), "found by".padEnd(18), "seed", "seconds", "defect"].join("  "),
  );
  for (const mutant of mutants) {
    const { checker, seed, seconds } = await findOne(tree, mutant);
    if (checker !== mutant.checker) missed++;
    console.log([
      mutant.checker.padEnd(18),
      (checker || "nobody").padEnd(18),
      String(seed).padStart(4),
      seconds.toFixed(1).padStart(7),
      `${mutant.what} (${mutant.kind}, ${mutant.file})`,
    ].join("  "));
  }
  console.log(`\n${mutants.length - missed} passed, ${missed} failed`);
  return missed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
