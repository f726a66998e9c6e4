/**
 * Tests of the one executable, the same for every way of building it.
 *
 * @module
 */
import { background } from "./background.ts";
import { executables } from "./executables.ts";
import { faultCases } from "./faults.ts";
import { names } from "./names.ts";
import { seclusion } from "./seclusion.ts";

for (const executable of await executables()) {
  names(executable);
  background(executable);
  seclusion(executable);
  faultCases(executable);
}
