/**
 * Compiles wasm/*.ts together with the explorer's own sources (*.as beside this file), which can take
 * the table's whole state out and put it back. Nothing in wasm/ is changed: functions that save and
 * load the variables of each module are appended to a copy in memory.
 *
 * @module
 */
import asc from "assemblyscript/asc";

const tableSources = new URL("../../wasm/", import.meta.url);
const ownSources = new URL("./", import.meta.url);

/** A change to one source, to see whether the explorer notices. */
export interface Mutation {
  file: string;
  from: string;
  to: string;
}

/** Static memory that every input writes before anything reads it. */
const scratch = ["frame/INBOX", "names/buffer", "reach/reached"];

interface Variable {
  name: string;
  type: string;
}

interface Module {
  name: string;
  text: string;
  variables: Variable[];
  /** Static memory: name and size in bytes. */
  statics: [name: string, bytes: string][];
}

async function readSources(from: URL, extension: string): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for await (const { name } of Deno.readDir(from)) {
    if (!name.endsWith(extension)) continue;
    sources.set(name.slice(0, -extension.length), await Deno.readTextFile(new URL(name, from)));
  }
  return sources;
}

/** The module's variables and static memory, by the look of its lines. */
function examine(name: string, text: string): Module {
  const variables = [...text.matchAll(/^(?:export )?let (\w+): ([^=]+) = /gm)]
    .map(([, name, type]) => ({ name: name!, type: type!.trim() }));
  const all = text.match(/^(?:export )?(?:let|var) /gm)?.length ?? 0;
  if (all !== variables.length) throw new Error(`${name} has a variable without a type`);
  const statics = [...text.matchAll(/^(?:export )?const (\w+): usize = memory\.data\(([^,)]+)/gm)]
    .map(([, name, bytes]): [string, string] => [name!, bytes!])
    .filter(([of]) => !scratch.includes(`${name}/${of}`));
  return { name, text, variables, statics };
}

const integers = ["u32", "i32", "u64", "usize"];

function loadOf({ type }: Variable): string {
  if (integers.includes(type)) return `<${type}> load<u64>(at)`;
  if (type === "bool") return "load<u64>(at) != 0";
  return `changetype<${type}>(<usize> load<u64>(at))`;
}

function saveOf({ name, type }: Variable): string {
  const plain = integers.includes(type) || type === "bool";
  return `<u64> ${plain ? name : `changetype<usize>(${name})`}`;
}

/** The module with functions that save its state to an address, and load it from there. */
function instrument({ name, text, variables, statics }: Module): string {
  const save = [
    ...variables.map((one) => `store<u64>(at, ${saveOf(one)}); at += 8;`),
    ...statics.map(([of, bytes]) => `memory.copy(at, ${of}, ${bytes}); at += (${bytes} + 7) & ~7;`),
  ];
  const load = [
    ...variables.map((one) => `${one.name} = ${loadOf(one)}; at += 8;`),
    ...statics.map(([of, bytes]) => `memory.copy(${of}, at, ${bytes}); at += (${bytes} + 7) & ~7;`),
  ];
  return [
    text,
    `export function save_${name}(at: usize): usize { ${save.join(" ")} return at; }`,
    `export function load_${name}(at: usize): usize { ${load.join(" ")} return at; }`,
    ...name === "memory" ? ["export function heapTop(): usize { return top; }"] : [],
  ].join("\n");
}

/** A module that saves and loads all others. */
function globals(modules: Module[]): string {
  const names = modules.map(({ name }) => name);
  return [
    ...names.map((name) => `import { save_${name}, load_${name} } from "./${name}";`),
    `import { heapTop as top } from "./memory";`,
    "export function heapTop(): usize { return top(); }",
    `export function saveGlobals(at: usize): usize {`,
    ...names.map((name) => `  at = save_${name}(at);`),
    "  return at;",
    "}",
    `export function loadGlobals(at: usize): usize {`,
    ...names.map((name) => `  at = load_${name}(at);`),
    "  return at;",
    "}",
  ].join("\n");
}

function mutate(sources: Map<string, string>, { file, from, to }: Mutation): void {
  const text = sources.get(file);
  if (!text?.includes(from)) throw new Error(`${file} has no "${from}"`);
  sources.set(file, text.replace(from, () => to));
}

/**
 * Compiles the table, with changes if there are any.
 *
 * @throws {Error} If the compiler refuses the sources, or a mutation does not apply.
 */
export async function buildProbe(mutations: readonly Mutation[] = []): Promise<WebAssembly.Module> {
  const sources = await readSources(tableSources, ".ts");
  for (const name of [...sources.keys()]) if (name.endsWith("_test")) sources.delete(name);
  for (const mutation of mutations) mutate(sources, mutation);
  const modules = [...sources].map(([name, text]) => examine(name, text));
  const files = new Map(modules.map((module) => [`wasm/${module.name}.ts`, instrument(module)]));
  for (const [name, text] of await readSources(ownSources, ".as")) {
    files.set(`wasm/${name}.ts`, text);
  }
  files.set("wasm/globals.ts", globals(modules));
  return new WebAssembly.Module(await compile(files));
}

async function compile(files: Map<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const runtime = ["--runtime", "wasm/mod", "--use", "__alloc=wasm/memory/take"];
  const { error, stderr } = await asc.main(
    ["wasm/probe.ts", ...runtime, "--outFile", "out.wasm", "-O3"],
    {
      readFile: (name: string) => files.get(name) ?? null,
      listFiles: () => [],
      writeFile(_name: string, contents: Uint8Array | string) {
        if (typeof contents !== "string") binary = new Uint8Array(contents);
      },
    },
  );
  if (error || !binary) throw new Error(stderr.toString() || `${error ?? "no output"}`);
  return binary;
}
