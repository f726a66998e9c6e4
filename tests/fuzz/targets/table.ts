/**
 * The lock table at its boundary: whatever is handed in, it does not trap but for a host that breaks
 * its duties, keeps its invariants, and does the same in both builds. The unoptimised one overwrites
 * freed memory, so that nothing can go on with it unnoticed.
 *
 * @module
 */
import { buildWasm } from "../../../scripts/build_wasm.ts";
import { Coverage } from "../engine/coverage.ts";
import { instrumentWasm } from "../engine/instrument_wasm.ts";
import type { Target } from "../engine/target.ts";
import type { Prng } from "../../oracle/prng.ts";
import { TableInstance } from "../table/instance.ts";
import { runSequence } from "../table/run.ts";
import { STEP } from "../table/steps.ts";

const committed = new URL("../../../wasm/lock_table.wasm", import.meta.url);

/** Steps of the instrumented code: far more than a sequence needs, and no loop without end. */
const STEPS = 50_000_000;

let builds: Promise<{ debug: WebAssembly.Module; places: number; release: WebAssembly.Module }>;

async function make() {
  const { binary, places } = instrumentWasm(await buildWasm({ debug: true }));
  return {
    debug: new WebAssembly.Module(binary),
    places,
    release: new WebAssembly.Module(Deno.readFileSync(committed)),
  };
}

const step = (...bytes: number[]) =>
  String.fromCharCode(...bytes, ...new Array(STEP - bytes.length).fill(0));

/** Kind 0: a request; 90: an answer. See table/steps.ts. */
const request = (op: number, rt: number, mode: number, flag = 0, client = 0) =>
  step(0, client, op, rt, mode, flag, 0, 0, 0, 0, 0, 1);
const answer = (result = 0) => step(90, 0, result, 0, 0, 1);
const started = request(3, 2, 0) + answer() + answer();

const seeds = [
  started + request(5, 2, 2) + answer() + request(5, 2, 0) + answer(),
  started + request(5, 3, 2, 1) + answer() + request(5, 3, 1, 0, 1) + step(180, 0),
  started + request(5, 3, 2) + answer(7) + step(198, 0) + answer(),
  started + request(5, 3, 1, 0, 0) + request(5, 3, 1, 0, 1) + answer() + request(5, 3, 2, 0, 1),
  started + request(5, 3, 2, 1) + answer() + request(4, 2, 0, 5) + answer() + answer(),
  started + request(15, 2, 0) + request(16, 2, 0) + request(20, 2, 0),
  request(5, 1, 1) + answer() + answer() + answer() + answer(),
  step(214, 0, 0, 0, 0, 0, 0) + step(220, 0, 0, 1) + step(208, 0, 5, 3, 2, 1),
];

/** Inputs as a daemon hands them in, in any order. */
function generate(random: Prng): string {
  const steps = [random.chance(0.7) ? started : ""];
  for (let count = random.below(40); count > 0; count--) {
    steps.push(
      String.fromCharCode(...Array.from({ length: STEP }, () => random.below(256))),
      random.chance(0.5) ? answer(random.below(25)) : "",
    );
  }
  return steps.join("");
}

export const table: Target = {
  name: "table",
  about: "any records into the lock table, in both builds of it",
  unit: STEP,
  maxLength: 150 * STEP,
  seeds: () => seeds,
  generate,
  async open() {
    const { debug, places, release } = await (builds ??= make());
    const counters = new Uint32Array(places);
    return {
      coverage: new Coverage(counters),
      words: [],
      run(input) {
        const tables = [new TableInstance(debug), new TableInstance(release)];
        tables[0]!.allow(STEPS);
        try {
          runSequence(tables, input);
        } finally {
          counters.set(tables[0]!.counters.subarray(0, places));
        }
      },
    };
  },
};
