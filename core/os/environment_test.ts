/**
 * What the launcher put into the environment goes; what it renamed is kept for programs of the caller.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { callersVariables, cleanEnvironment } from "./environment.ts";

Deno.test("the launcher's variables go, the caller's are kept aside, others stay", () => {
  const others = Deno.env.toObject();
  const forDeno = Object.keys(others).filter((name) => name.startsWith("DENO_"));
  Deno.env.set("DENO_CACHE_DB_MODE", "disabled");
  Deno.env.set("LVMLOCKD_KEPT_NODE_OPTIONS", "--x=y");
  Deno.env.set("LVMLOCKD_KEPT_DENO_DIR", "/home/me/deno");
  try {
    cleanEnvironment();
    assertEquals(callersVariables(), { NODE_OPTIONS: "--x=y", DENO_DIR: "/home/me/deno" });
    const left = Object.fromEntries(
      Object.entries(others).filter(([name]) => !forDeno.includes(name)),
    );
    assertEquals(Deno.env.toObject(), left);
  } finally {
    for (const name of forDeno) Deno.env.set(name, others[name]!);
  }
});
