/** Tests of the text of a long listing of locks. */
import { assertEquals } from "@std/assert";
import { LockList } from "./schemas/locks.ts";
import { answerWith, lockListing } from "./lock_listing.ts";
import { TestApi } from "./test_tools.ts";

const uuidOf = (n: number) => `listed-0000-0000-0000-0000-0000-${String(n).padStart(6, "0")}`;

/** Numbers around those where a new piece begins. */
for (const held of [0, 1, 127, 128, 129, 300]) {
  Deno.test(`${held} locks are listed whole`, async () => {
    const api = new TestApi();
    await api.start("vg0");
    for (let n = 0; n < held; n++) {
      const lv = { type: "lv", vg: "vg0", lvUuid: uuidOf(n), mode: "ex", persistent: true };
      assertEquals((await api.post("/v1/locks", lv)).status, 200);
    }
    const response = await api.app.request("/v1/locks");
    assertEquals(response.headers.get("content-type"), "application/json");
    assertEquals(response.headers.has("transfer-encoding"), held >= 128);
    const body = await response.json();
    assertEquals(LockList.parse(body), body);
    const uuids = body.resources.map(({ lvUuid }: { lvUuid: string }) => lvUuid);
    assertEquals(uuids.toSorted(), Array.from({ length: held }, (_, n) => uuidOf(n)));
  });
}

Deno.test("nothing is in the text that is not wanted", async () => {
  const api = new TestApi();
  await api.start("vg0");
  for (let n = 0; n < 200; n++) {
    const lv = { type: "lv", vg: "vg0", lvUuid: uuidOf(n), mode: "ex", persistent: true };
    await api.post("/v1/locks", lv);
  }
  const context = { service: api.service, now: () => 0 };
  const last = await lockListing(context, ({ lvUuid }) => lvUuid === uuidOf(199));
  const { resources } = await answerWith(last).json();
  assertEquals(resources.map(({ lvUuid }: { lvUuid: string }) => lvUuid), [uuidOf(199)]);
  assertEquals(await answerWith(await lockListing(context, () => false)).json(), { resources: [] });
});
