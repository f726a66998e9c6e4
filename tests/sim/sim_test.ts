/**
 * The simulation of clusters, for a minute: all kinds of lock manager from fixed seeds, the same seed
 * twice, and some defects that have to be found.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { allCheckers } from "./checkers/all.ts";
import { type Kind, kinds } from "./kinds.ts";
import { mutants } from "./mutants/list.ts";
import { findMutants } from "./mutants/main.ts";
import { keptOf, spelled } from "./selection.ts";
import {
  apart,
  simulate,
  type SimulationOptions,
  type SimulationResult,
  usualOptions,
} from "./simulation.ts";

const module = new WebAssembly.Module(
  Deno.readFileSync(new URL("../../wasm/lock_table.wasm", import.meta.url)),
);

/** Fixed seeds of each kind, and how many of them have the table's invariants checked as well. */
const SEEDS = 40;
const CHECKED = 4;

/** Seeds that found something once, with ten faults a minute. */
const FOUND: [Kind, number][] = [
  ["sanlock", 200782],
  ["sanlock", 2000194],
  ["sanlock", 2000902],
  ["dlm", 201067],
  ["dlm", 201247],
  ["dlm", 300746],
  ["dlm", 402374],
  ["idm", 400019],
];

function run(
  kind: Kind,
  seed: number,
  more: Partial<SimulationOptions> = {},
): Promise<SimulationResult> {
  const options = { ...usualOptions, checkers: allCheckers, module, checked: false };
  return apart(() => simulate({ ...options, kind: kinds[kind], seed, ...more }));
}

for (const kind of Object.keys(kinds) as Kind[]) {
  Deno.test(`${kind}: no seed finds anything wrong, and locks do change hands`, async () => {
    let failovers = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await run(kind, seed, { checked: seed <= CHECKED });
      const { violation } = result;
      const again = `deno task sim --kind ${kind} --seed ${seed}`;
      assertEquals(violation, undefined, `${again}: ${violation?.checker}: ${violation?.text}`);
      failovers += result.failovers;
    }
    assert(failovers > SEEDS * 10, `only ${failovers} failovers`);
  });

  Deno.test(`${kind}: the same seed goes the same way, another one another way`, async () => {
    const [one, same, other] = [await run(kind, 7), await run(kind, 7), await run(kind, 8)];
    assertEquals(same.hash, one.hash);
    assertEquals(same.steps, one.steps);
    assert(other.hash !== one.hash, "two seeds have the same effects");
  });
}

Deno.test("what was found once does not come back", async () => {
  for (const [kind, seed] of FOUND) {
    const { violation } = await run(kind, seed, { faultsAMinute: 10 });
    const again = `deno task sim --kind ${kind} --seed ${seed} --faults 10`;
    assertEquals(violation, undefined, `${again}: ${violation?.checker}: ${violation?.text}`);
  }
});

Deno.test("every defect that is planted has its place in the sources", async () => {
  for (const { file, find } of mutants) {
    const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
    assertEquals(text.split(find).length, 2, `${file}: ${find}`);
  }
});

Deno.test("defects are found by the checkers that they are made for", async () => {
  const some = ["exclusion", "kept locks", "liveness", "determinism"];
  const findings = await findMutants(mutants.filter(({ checker }) => some.includes(checker)));
  assertEquals(findings.map(({ checker }) => checker).sort(), [...some].sort());
});

Deno.test("a part of a plan is spelled as numbers", () => {
  const numbers = [0, 1, 2, 5, 7, 8];
  assertEquals(spelled(numbers), "0-2,5,7-8");
  assertEquals(keptOf("0-2,5,7-8", [0, 1, 2, 3, 4, 5, 6, 7, 8]), numbers);
  assertEquals(keptOf(spelled([]), [1, 2]), []);
});
