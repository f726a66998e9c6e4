/**
 * A short series of kills, and that a lost lock or one too many would be noticed.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Prng } from "../oracle/prng.ts";
import { lvUuid } from "../sanlock/daemon_vg.ts";
import { optionsOf, summary } from "./kills.ts";
import { killCampaign } from "./kills_campaign.ts";
import { differences, Entry, Journal } from "./kills_journal.ts";

const SEED = 20_500;
const KILLS = 25;

Deno.test(`${KILLS} kills with sanlock lose no lock, and grant none twice`, async () => {
  const verdict = await killCampaign({ kills: KILLS, seed: SEED });
  const text = summary(verdict, SEED);
  console.log(text);
  assertEquals(verdict.complaints, [], text);
  const { counts, refused, given } = verdict;
  // There was something to lose.
  assert(counts.held > KILLS && counts.inDoubt > 0 && refused > 0 && given > 0, text);
});

Deno.test("a lock that is lost, changed, or held by nobody's wish is complained of", () => {
  const [kept, lost, changed, doubtful] = [1, 2, 3, 4].map((lv) => new Entry(lv));
  const journal = new Journal([kept!, lost!, changed!, doubtful!]);
  kept!.answered("sh");
  lost!.answered("ex");
  changed!.answered("sh");
  const asked = doubtful!.choose(new Prng(1));
  const complaints = journal.check(
    new Map([[lvUuid(1), "sh"], [lvUuid(3), "ex"], [lvUuid(4), asked], ["stranger", "sh"]]),
  );
  assertEquals(complaints, [
    "LV 2 was ex, asked for undefined, is now un",
    "LV 3 was sh, asked for undefined, is now ex",
    "nobody has asked for stranger sh",
  ]);
  assertEquals(journal.counts, { answered: 0, checked: 4, held: 3, inDoubt: 1, changed: 3 });
});

Deno.test("listings that differ are told", () => {
  const [one, other] = [new Map([["a", "sh"], ["b", "ex"]]), new Map([["a", "ex"], ["b", "ex"]])];
  const found = differences(one as never, other as never, ["the daemon", "sanlock"]);
  assertEquals(found, ["a: the daemon says sh, sanlock ex"]);
});

Deno.test("the command line of a series of kills", () => {
  assertEquals(optionsOf([]), { kills: 1000, seed: 1 });
  assertEquals(optionsOf(["--kills", "5", "--seed", "7"]), { kills: 5, seed: 7 });
  for (const words of ["--kills x", "--kills", "--kill 5", "5", "--seed -1"]) {
    assertEquals(optionsOf(words.split(" ")), undefined, words);
  }
});
