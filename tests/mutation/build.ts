/**
 * Compiles mutants of the lock table from sources in memory: without optimisation, which is quick.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { mutated, type Mutation } from "./mutations.ts";

const directory = new URL("../../wasm/", import.meta.url);
const runtime = ["--runtime", "wasm/mod", "--use", "__alloc=wasm/memory/take"];

/** The sources of the table by name, without the ending. */
export function readTable(): Map<string, string> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
  const sources = names.filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
  return new Map(sources.map((name) => {
    return [name.slice(0, -".ts".length), Deno.readTextFileSync(new URL(name, directory))];
  }));
}

export class Compiler {
  readonly #sources = readTable();

  text(file: string): string {
    const text = this.#sources.get(file);
    if (text === undefined) throw new Error(`wasm/${file}.ts is not there`);
    return text;
  }

  /** The table with a mutation, or as it is. Undefined: that does not compile. */
  async compile(mutation: Mutation | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let binary: Uint8Array<ArrayBuffer> | undefined;
    const { error } = await asc.main(
      ["wasm/mod.ts", ...runtime, "--outFile", "out.wasm", "-O0"],
      {
        readFile: (name: string) => this.#read(name, mutation),
        listFiles: () => [],
        writeFile(_name: string, contents: Uint8Array | string) {
          if (typeof contents !== "string") binary = new Uint8Array(contents);
        },
      },
    );
    return error ? undefined : binary;
  }

  /** The unoptimised build makes no more of freed memory than the released one. */
  #read(path: string, mutation: Mutation | undefined): string | null {
    const name = /^wasm\/(\w+)\.ts$/.exec(path)?.[1] ?? "";
    const text = this.#sources.get(name);
    if (text === undefined) return null;
    if (mutation !== undefined && mutation.file === name) return mutated(text, mutation);
    return text.replace("ASC_OPTIMIZE_LEVEL == 0", "false");
  }
}
