/**
 * Makes lock tables for tests, each an instance of its own of the committed build, or of the build
 * that the environment variable `LOCK_TABLE` names.
 *
 * @module
 */
import { Engine } from "../../core/engine.ts";

const committed = new URL("../../wasm/lock_table.wasm", import.meta.url);
const file = Deno.env.get("LOCK_TABLE") || committed;
let module = new WebAssembly.Module(Deno.readFileSync(file));

/** An empty table. `checked`: its invariants are tested after every input. */
export function newEngine({ checked }: { checked: boolean }): Engine {
  return new Engine(module, checked);
}

/** From now on, new tables are instances of this build. */
export function useTable(other: WebAssembly.Module): void {
  module = other;
}
