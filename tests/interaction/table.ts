/**
 * Makes lock tables for tests, each an instance of its own of the committed build.
 *
 * @module
 */
import { Engine } from "../../core/engine.ts";

const file = new URL("../../wasm/lock_table.wasm", import.meta.url);
const module = new WebAssembly.Module(Deno.readFileSync(file));

/** An empty table. `checked`: its invariants are tested after every input. */
export function newEngine({ checked }: { checked: boolean }): Engine {
  return new Engine(module, checked);
}
