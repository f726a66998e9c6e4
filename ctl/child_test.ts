/** Running programs that may not end. @module */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findProgram, runPatiently } from "./child.ts";

const shell = (script: string) => ["/bin/sh", "-c", script];

Deno.test("a program's output is collected, in English and with its exit code", async () => {
  const end = await runPatiently(shell("echo $LC_ALL; cat; echo no >&2; exit 7"), 60_000);
  assertEquals(end, { kind: "exit", code: 7, stdout: "C\n", stderr: "no\n" });
  assertEquals(await runPatiently(shell("kill -9 $$")), { kind: "signal", signal: "SIGKILL" });
});

Deno.test("a program that does not exist exits with the errno", async () => {
  const end = await runPatiently(["/nothing"]);
  assert(end.kind === "exit");
  assertEquals([end.code, end.stdout], [2, ""]);
  assertStringIncludes(end.stderr, "/nothing: ");
});

Deno.test("a program is killed at its limit, and not waited for", async () => {
  const end = await runPatiently(["sleep", "1000"], 1);
  assert(end.kind === "late");
  assertEquals(await end.ended, { kind: "signal", signal: "SIGKILL" });
});

Deno.test("a program is found in the administrators' places, or called by its name", async () => {
  assertEquals(await findProgram("no-such-program"), "no-such-program");
  const found = await findProgram("losetup");
  assert(["/sbin/losetup", "/usr/sbin/losetup"].includes(found), found);
});
