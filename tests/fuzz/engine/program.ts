/**
 * The project's own code with counters in it, bundled and loaded once.
 *
 * @module
 */
import { join } from "node:path";
import { type CounterRange, Coverage } from "./coverage.ts";
import { instrument, type Instrumented, PROBE, type Probe, TooManySteps } from "./instrument_js.ts";

const root = join(import.meta.dirname!, "../../..");
const entry = "tests/fuzz/under_test.ts";

/** All modules under test. */
export type Modules = typeof import("../under_test.ts");

/** Only the project's own modules get counters, not what it takes from npm. */
const isTested = (path: string) => /^(core|backends|ctl|tests\/fuzz)\//.test(path);

export interface Program {
  modules: Modules;
  /** @param paths beginnings of paths of modules. */
  coverageOf(paths: readonly string[]): Coverage;
  /** Texts and numbers in those modules. */
  wordsOf(paths: readonly string[]): string[];
  /** Sets how many steps may be taken from now on. */
  allow(steps: number): void;
  /** Steps taken since then. */
  readonly steps: number;
}

async function bundle(): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "bundle.js");
    const command = new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--format", "esm", "--output", file, entry],
      cwd: root,
      stdin: "null",
    });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(`deno bundle: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function load(instrumented: Instrumented, probe: Probe): Promise<Modules> {
  Object.assign(globalThis, { [Symbol.for(PROBE)]: { ...probe, TooManySteps } });
  const url = URL.createObjectURL(new Blob([instrumented.text], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function make(): Promise<Program> {
  const instrumented = instrument(await bundle(), isTested);
  const counters = new Uint32Array(instrumented.places);
  const steps = new Float64Array([Infinity]);
  const modules = await load(instrumented, { counters, steps });
  const chosen = (paths: readonly string[]) =>
    [...instrumented.modules].filter(([module]) => paths.some((path) => module.startsWith(path)));
  let allowed = Infinity;
  return {
    modules,
    coverageOf(paths) {
      const ranges: CounterRange[] = chosen(paths).map(([, range]) => range);
      if (ranges.length < paths.length) throw new Error(`No modules: ${paths.join(", ")}`);
      return new Coverage(counters, ranges);
    },
    wordsOf: (paths) => [
      ...new Set(chosen(paths).flatMap(([module]) => instrumented.words.get(module) ?? [])),
    ],
    allow(most) {
      steps[0] = allowed = most;
    },
    get steps() {
      return allowed - steps[0]!;
    },
  };
}

let program: Promise<Program> | undefined;

/** Made at the first call, which takes seconds. */
export function loadProgram(): Promise<Program> {
  return program ??= make();
}
