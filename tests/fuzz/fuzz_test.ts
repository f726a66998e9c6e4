/**
 * Replays every corpus and runs each target for a fixed number of inputs from a fixed seed; and shows
 * that the fuzzer finds what is wrong, by defects that are there on purpose.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { corpusFile, fromLine, readInputs, toLine } from "./engine/corpus.ts";
import { failureOf, fuzz } from "./engine/fuzzer.ts";
import type { Target } from "./engine/target.ts";
import { targets } from "./targets/mod.ts";
import { plantedCost, plantedParser, plantedProtocol, plantedTable } from "./targets/planted.ts";

const SEED = 1;

for (const { target, testRuns } of targets) {
  Deno.test(`${target.name}: ${target.about}`, async () => {
    const subject = await target.open();
    try {
      const corpus = readInputs(corpusFile(target.name));
      const { failures, reached } = await fuzz(target, subject, corpus, SEED, { runs: testRuns });
      const shown = failures.map(({ kind, input, error }) => `${kind}\n${toLine(input)}\n${error}`);
      assertEquals(shown, []);
      assert(reached > 0, "nothing of it was reached");
    } finally {
      await subject.close?.();
    }
  });
}

/** Runs that are enough for each defect; the seeds show that it is no luck. */
const enough = 400_000;
const seeds = [1, 2];

async function findings(target: Target, seed: number, blind = false) {
  const subject = await target.open();
  return { subject, ...await fuzz(target, subject, [], seed, { runs: enough, blind }) };
}

const defects: [Target, string, (input: string) => boolean][] = [
  [plantedParser, "TypeError: planted", (input) => input.startsWith("\x7b\xe9\x7f\x11\xc3")],
  [plantedCost, "TooManySteps", (input) => input.split(",").length > 20],
  [
    plantedProtocol,
    "a request is not answered",
    (input) => input.endsWith("open\nlock\nstop\nlock"),
  ],
  [plantedTable, "a trap", (input) => input === "ABCD"],
];

for (const [target, kind, isCause] of defects) {
  Deno.test(`${target.name} is found: it ${target.about}`, async () => {
    for (const seed of seeds) {
      const { subject, failures } = await findings(target, seed);
      assertEquals(failures.length, 1, `seed ${seed}`);
      const [{ kind: found, input }] = failures as [typeof failures[0] & object];
      assert(found.startsWith(kind), found);
      assert(isCause(input), `made small: ${toLine(input)}`);
      assert(await failureOf(subject, input) !== undefined, "it fails when it is replayed");
    }
  });
}

Deno.test("without coverage the deep defects are not found", async () => {
  for (const target of [plantedParser, plantedTable]) {
    assertEquals((await findings(target, SEED, true)).failures.length, 0, target.name);
  }
});

Deno.test("the same seed takes the same way", async () => {
  const ways = [];
  for (const _ of [1, 2]) {
    const subject = await plantedProtocol.open();
    ways.push(await fuzz(plantedProtocol, subject, [], 3, { runs: 200 }));
  }
  assertEquals(ways[0]!.kept, ways[1]!.kept);
});

Deno.test("inputs in files are read as they were", () => {
  const all = ["", "a", '"\\', "\0\xff\n", "\xff".repeat(9), "plain text\n"];
  for (const input of all) assertEquals(fromLine(toLine(input)), input);
});
