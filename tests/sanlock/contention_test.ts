/**
 * A short contention campaign with crashes and pauses, and one in which clients hold what they were not
 * given: that must be noticed.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { optionsOf, summary } from "./contention.ts";
import { campaign } from "./contention_campaign.ts";

const SEED = 20_000;

Deno.test("two hosts contend for the locks of a VG, and nobody holds what another holds", async () => {
  const verdict = await campaign({
    seed: SEED,
    rounds: 150,
    clientsPerHost: 3,
    lvs: 3,
    faults: { "pause of our daemon": 6, "pause of sanlock": 6, "crash of our daemon": 8 },
  });
  assertEquals(verdict.complaints, [], summary(verdict, SEED));
  const { granted = 0, [-11]: refused = 0 } = verdict.results;
  // There was something to contend for.
  assert(granted > 500 && refused > 100, summary(verdict, SEED));
});

Deno.test("clients that take a refusal for a grant are noticed", async () => {
  const verdict = await campaign({
    ...{ seed: SEED, rounds: 15, clientsPerHost: 3, lvs: 1, faults: {} },
    planted: { believeRefusals: true },
  });
  assert(verdict.complaints.length > 0);
  const text = verdict.complaints.find((complaint) => complaint.includes("was held by two"));
  assertStringIncludes(text ?? verdict.complaints.join("\n"), "asks for ex");
});

Deno.test("the command line of a campaign", () => {
  const options = optionsOf(["--rounds", "50", "--seed", "7", "--host-crashes", "3"]);
  assertEquals([options?.rounds, options?.seed], [50, 7]);
  assertEquals(options?.faults["crash of our daemon"], 2);
  assertEquals(options?.faults["crash of the host, back at once"], 2);
  assertEquals(options?.faults["crash of the host, leases expire"], 1);
  for (const words of ["--rounds x", "--rounds", "--round 5", "5", "--seed -1"]) {
    assertEquals(optionsOf(words.split(" ")), undefined, words);
  }
});
