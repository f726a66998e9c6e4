/**
 * Tests of the words for results: there are some for each, under the right name.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { constants } from "node:os";
import { codeMeaning, codeName, SystemError } from "./codes.ts";
import { Sanlk } from "./constants.ts";

const all = [...Object.values(SystemError), ...Object.values(Sanlk)];

Deno.test("every result has a name and a sentence of its own", () => {
  assertEquals(new Set(all.map(codeName)).size, all.length);
  assertEquals(new Set(all.map(codeMeaning)).size, all.length);
  for (const result of all) {
    assertMatch(codeMeaning(result), /^[A-Zs][^.]{8,}[^.\s]$/);
    assertNotMatch(codeMeaning(result), /this version does not know/);
  }
});

Deno.test("errnos have the system's names", () => {
  const system: Record<string, number> = constants.errno;
  for (const [name, result] of Object.entries(SystemError)) {
    assertEquals(codeName(result), name);
    if (name in system) assertEquals(result, -system[name]!, name);
  }
  assert("EPIPE" in system && "EINPROGRESS" in system);
});

Deno.test("sanlock's results have the names of its header", () => {
  assertEquals(codeName(-202), "SANLK_AIO_TIMEOUT");
  assertEquals(codeName(-243), "SANLK_ACQUIRE_IDLIVE");
  assertEquals(codeName(-247), "SANLK_ACQUIRE_OWNED_RETRY");
  assertEquals(codeName(-249), "SANLK_ACQUIRE_OWNED_NO_TIMEOUT");
  assertEquals(codeName(-262), "SANLK_HOSTID_BUSY");
});

Deno.test("success and unknown results have words too", () => {
  assertEquals([0, 1, 1048576].map(codeName), ["OK", "OK", "OK"]);
  assertEquals(codeMeaning(0), "Done");
  assertEquals(codeName(-95), "E95");
  assertEquals(codeName(-299), "SANLK_299");
  assertMatch(codeMeaning(-299), /-299/);
});
