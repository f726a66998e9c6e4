/**
 * Tests of how the test runner reads the outcome of a group and sums up.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { packagesOf } from "./packages.ts";
import { blocksOf, countsIn, type Group, groups, judge, summary } from "./test_all.ts";

Deno.test("counts are read from deno test and from our own programs", () => {
  const cases: [string, number, number][] = [
    ["ok | 12 passed | 0 failed (31ms)", 12, 0],
    ["\x1b[32mok\x1b[0m | 12 passed | 0 failed \x1b[38;5;245m(31ms)\x1b[0m\n", 12, 0],
    ["FAILED | 3 passed (5 steps) | 2 failed (1s)\n\nerror: Test failed\n", 3, 2],
    ["ok | 1 passed (1 step) | 0 failed | 2 ignored (1s)", 1, 2],
    ["ok | 1 passed | 0 failed | 2 filtered out (1s)", 1, 0],
    ["seed 1\n300 passed, 0 failed\n", 300, 0],
    ["1 passed, 1 failed\n7 passed, 4 failed", 7, 4],
  ];
  for (const [output, passed, failed] of cases) {
    assertEquals(countsIn(output), { passed, failed }, output);
  }
  assertEquals(countsIn("error: No test modules found"), undefined);
  assertEquals(countsIn("nothing passed, nothing failed"), undefined);
});

Deno.test("a group passes only if it exits well and its tests ran", () => {
  const tests: Group = { name: "tests", args: [], counts: true };
  const check: Group = { name: "check", args: [], counts: false };
  assertEquals(judge(check, true, "7 passed, 2 failed"), { passed: 1, failed: 0 });
  assertEquals(judge(check, false, ""), { passed: 0, failed: 1 });
  assertEquals(judge(tests, true, "7 passed, 0 failed"), { passed: 7, failed: 0 });
  assertEquals(judge(tests, false, "7 passed, 2 failed"), { passed: 7, failed: 2 });
  assertEquals(judge(tests, false, "7 passed, 0 failed"), { passed: 7, failed: 1 });
  assertEquals(judge(tests, true, "7 passed, 2 failed"), { passed: 7, failed: 2 });
  assertEquals(judge(tests, true, "0 passed, 0 failed"), { passed: 0, failed: 1 });
  assertEquals(judge(tests, true, "done"), { passed: 0, failed: 1 });
  assertEquals(judge(tests, false, "error: No test modules found"), { passed: 0, failed: 1 });
});

Deno.test("the summary ends with the sums", () => {
  const text = summary([
    { name: "lint", passed: 1, failed: 0, seconds: 0.51 },
    { name: "unit", passed: 40, failed: 2, seconds: 12 },
  ]);
  assertEquals(text.split("\n"), [
    "group        result         passed   failed  seconds",
    "lint         ok                  1        0      0.5",
    "unit         FAILED             40        2     12.0",
    "",
    "41 passed, 2 failed",
  ]);
});

Deno.test("a group that runs a folder finds tests in it, and its packages are listed", () => {
  const folders = groups.flatMap(({ name, args }) =>
    args.filter((arg) => arg.startsWith("tests/")).map((folder) => [name, folder] as const)
  );
  assert(folders.length >= 4);
  for (const [name, folder] of folders) {
    const files = [...Deno.readDirSync(new URL(`../${folder}`, import.meta.url))];
    assert(files.some((file) => file.name.endsWith("_test.ts")), folder);
    assert(name in packagesOf, name);
  }
});

Deno.test("neighbours with lanes run at the same time, all others alone", () => {
  const group = (name: string, lane?: number): Group => (
    { name, args: [], counts: true, ...lane === undefined ? {} : { lane } }
  );
  const all = [group("a"), group("b", 1), group("c", 2), group("d", 1), group("e"), group("f", 1)];
  const names = blocksOf(all).map((block) => block.map(({ name }) => name).join(""));
  assertEquals(names, ["a", "bcd", "e", "f"]);
});
