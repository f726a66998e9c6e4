/**
 * Proves that the explorer finds defects: each planted one, with the shortest way there.
 *
 * @module
 */
import { assert, assertStringIncludes } from "@std/assert";
import { buildProbe } from "./build.ts";
import { explore, isDefect } from "./explore.ts";
import { mutants } from "./mutants.ts";

const limits = { seconds: 60, depth: 20, bytes: 1e9 };

for (const { name, world, message, mutations } of mutants) {
  Deno.test(`a planted defect is found: ${name}`, async () => {
    const module = await buildProbe(mutations);
    const outcome = explore(module, world, limits);
    assert(isDefect(outcome), "nothing was found");
    assertStringIncludes(outcome.message, message);
    assert(outcome.path.length > 1);
    // It is the shortest way: one step less finds nothing.
    const before = explore(module, world, { ...limits, depth: outcome.path.length - 1 });
    assert(!isDefect(before), "there is a shorter way");
  });
}
