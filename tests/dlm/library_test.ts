/**
 * The installed libraries on a host that is in no cluster: what they answer, and that they do so at
 * once. What they do in a cluster is seen in the scenarios with whole hosts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { openControlLibrary, openLockLibrary } from "../../backends/dlm/ffi.ts";
import { loadControl, loadDlm } from "../../backends/dlm/library.ts";

Deno.test("the installed libraries have all functions", () => {
  assertEquals(Object.values(openLockLibrary()).map((symbol) => typeof symbol), [
    ...Array(8).fill("function"),
  ]);
  assertEquals(Object.values(openControlLibrary()).map((symbol) => typeof symbol), [
    ...Array(3).fill("function"),
  ]);
});

Deno.test("a lockspace that this host is not in cannot be opened", async () => {
  const library = loadDlm();
  assert(library === loadDlm());
  assertEquals(await library.open("lvm_of_no_host"), undefined);
});

Deno.test("without dlm_controld nothing is run on other nodes, and nobody waits", async () => {
  const control = loadControl();
  assert(control === loadControl());
  assert((await control.runStart("lvm lvs")).result < 0);
  assert((await control.runCheck("0".repeat(36), 1)).result < 0);
  assertEquals(await control.pendingChange("lvm_of_no_host"), undefined);
});
