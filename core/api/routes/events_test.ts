/** Tests of the stream of all changes. */
import { assert, assertEquals } from "@std/assert";
import { Event } from "../schemas/events.ts";
import { assertProblem, EventReader, TestApi } from "../test_tools.ts";

const vgLock = { type: "vg", vg: "vg0", persistent: true };

async function follow(api: TestApi): Promise<EventReader> {
  return new EventReader(await api.app.request("/v1/events"));
}

Deno.test("a stream begins with the state, then tells changes", async () => {
  const api = new TestApi();
  await api.start("vg0");
  await api.post("/v1/locks", { ...vgLock, mode: "sh" });
  const events = await follow(api);
  const kinds = [];
  for (let i = 0; i < 3; i++) {
    const event = await events.next();
    assertEquals(Event.parse(event), event);
    kinds.push(event.event);
  }
  assertEquals(kinds, ["lockspace", "granted", "sync"]);
  await api.post("/v1/locks/convert", { ...vgLock, mode: "ex" });
  const converted = await events.next();
  assert(converted.event === "converted");
  assertEquals([converted.previousMode, converted.holder.mode], ["sh", "ex"]);
  await api.post("/v1/locks/release", vgLock);
  assertEquals((await events.next()).event, "released");
  await api.post("/v1/lockspaces/vg0/stop");
  const gone = await events.next();
  assert(gone.event === "lockspace" && gone.state === "gone" && gone.vg === "vg0");
  await events.close();
});

Deno.test("a reader that does not read costs nothing and misses no state", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const events = await follow(api);
  await events.nextOf("sync");
  for (let round = 0; round < 50; round++) {
    await api.post("/v1/locks", { ...vgLock, mode: "ex" });
    await api.post("/v1/locks/release", vgLock);
  }
  await api.post("/v1/locks", { ...vgLock, mode: "sh" });
  let last = await events.next();
  while (last.event !== "granted" || last.holder.mode !== "sh") last = await events.next();
  await events.close();
});

Deno.test("many events come in order and complete", async () => {
  const api = new TestApi();
  const vgs = Array.from({ length: 600 }, (_, i) => `vg${i}`);
  await api.start(...vgs);
  const events = await follow(api);
  for (const vg of vgs) {
    const event = await events.next();
    assert(event.event === "lockspace");
    assertEquals(event.vg, vg);
  }
  assertEquals((await events.next()).event, "sync");
  await events.close();
});

Deno.test("the number of streams is bounded, and asking for the head opens none", async () => {
  const api = new TestApi({ limits: { eventStreamsMax: 1 } });
  for (let i = 0; i < 3; i++) {
    const head = await api.app.request("/v1/events", { method: "HEAD" });
    assertEquals([head.status, head.body], [200, null]);
  }
  const events = await follow(api);
  assertProblem(await api.get("/v1/events"), 503, "too-many-streams");
  await events.close();
  await (await follow(api)).close();
});
