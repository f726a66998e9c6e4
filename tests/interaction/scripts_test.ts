/**
 * Every script of tests/testdata/ is answered as it says, and together they cover the conformance
 * vectors.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { runScript } from "./script.ts";
import { coveredVectors, notCovered, readScripts, VECTORS } from "./scripts.ts";

const scripts = readScripts();

for (const { name, text } of scripts) {
  Deno.test(`script ${name}`, () => {
    for (const { line, commands, expected, actual } of runScript(text).outcomes) {
      assertEquals(actual, expected, `tests/testdata/${name}:${line}: ${commands.join("; ")}`);
    }
  });
}

Deno.test("every conformance vector is covered by a script, or known not to be", () => {
  const covered = coveredVectors(scripts);
  const missing = [];
  for (let vector = 1; vector <= VECTORS; vector++) {
    if (!covered.has(vector) && !notCovered.has(vector)) missing.push(vector);
  }
  assertEquals(missing, []);
  for (const vector of notCovered.keys()) assert(!covered.has(vector), `${vector} is covered`);
});
