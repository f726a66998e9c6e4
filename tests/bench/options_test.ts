/** The options of the benchmark. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { readOptions } from "./options.ts";
import { runtimeOptions } from "../../core/program.ts";
import { memoryOptions } from "../../scripts/build/deno_options.ts";
import project from "../../deno.json" with { type: "json" };
import { SetupError } from "./tools.ts";

Deno.test("without options all parts but the longest are measured", () => {
  const options = readOptions([])!;
  assertEquals(options.load, true);
  assertEquals(options.sections.includes("soak"), false);
  assertEquals(options.sections.includes("idle"), true);
  assertEquals(options.pace.rounds, 3);
  assertEquals([options.held, options.stockHeld], [[10_000, 100_000], 20_000]);
});

Deno.test("--only names the parts, --long and --quick set what is not set", () => {
  const only = readOptions(["--only", "soak", "--requests", "1e6"])!;
  assertEquals([only.load, only.sections, only.requests], [false, ["soak"], 1e6]);
  const long = readOptions(["--long", "--pairs", "7"])!;
  assertEquals([long.pace.rounds, long.stockHeld], [7, 100_000]);
  assertEquals(long.held, [1000, 10_000, 50_000, 100_000]);
  const quick = readOptions(["--quick"])!;
  assertEquals([quick.load, quick.sections, quick.pace.seconds], [true, [], 0.4]);
});

Deno.test("what cannot be meant is refused", () => {
  for (
    const args of [
      ["--pairs", "0"],
      ["--held", "many"],
      ["--daemons", "stock,other"],
      ["--only", "load,nothing"],
      ["--requests", ""],
      ["--unknown"],
    ]
  ) assertThrows(() => readOptions(args), SetupError);
});

Deno.test("the daemon is measured as it is run and built", () => {
  assertEquals(memoryOptions, runtimeOptions);
  assertEquals(project.tasks.start.includes(runtimeOptions.join(" ")), true);
});
