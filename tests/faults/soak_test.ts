/**
 * A short soak: load, kills, storms of connections and nonsense at the same time for some seconds, then
 * a look at what is left of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { optionsOf, summary } from "./soak.ts";
import { soak } from "./soak_campaign.ts";

Deno.test("a soak leaves nothing wrong and nothing behind", async () => {
  const verdicts = await soak({ minutes: 0.25, seed: 20_600, boutMs: 5000 });
  const text = verdicts.map(summary).join("\n");
  console.log(text);
  for (const { complaints, counts, kills } of verdicts) {
    assertEquals(complaints, [], text);
    assert(
      kills > 0 && counts.get("requests")! > 100 && counts.get("hostile requests")! > 10,
      text,
    );
  }
});

Deno.test("the command line of a soak", () => {
  assertEquals(optionsOf(["--minutes", "3"]), { minutes: 3, seed: 1 });
  assertEquals(optionsOf(["--hours", "3"]), undefined);
});
