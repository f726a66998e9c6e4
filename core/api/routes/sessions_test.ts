/** Tests of sessions and their streams. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Event } from "../schemas/events.ts";
import { assertProblem, EventReader, lvUuid, TestApi } from "../test_tools.ts";

const vgLock = { type: "vg", vg: "vg0", mode: "ex" };

Deno.test("a session has an id that can not be guessed", async () => {
  const api = new TestApi();
  const [one, two] = [await api.session(), await api.session()];
  for (const { id } of [one, two]) assertMatch(id, /^[0-9a-f]{32}$/);
  assertNotEquals(one.id, two.id);
  assertNotEquals(one.client, two.client);
  await one.events.close();
  await two.events.close();
});

Deno.test("closing the stream releases the transient locks, not the persistent ones", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const { id, events } = await api.session();
  await api.post("/v1/locks", { ...vgLock, session: id });
  const lvLock = { type: "lv", vg: "vg0", lvUuid, mode: "ex", persistent: true, session: id };
  await api.post("/v1/locks", lvLock);
  assertEquals(api.locks, 2);
  await events.close();
  const { body } = await api.get("/v1/locks");
  assertEquals(body.resources.map(({ name }: { name: string }) => name), [lvUuid]);
  assertProblem(await api.post("/v1/locks", { ...vgLock, session: id }), 404, "no-session");
});

Deno.test("a session hears of its own locks and of lockspaces", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const [mine, other] = [await api.session(), await api.session()];
  await api.post("/v1/locks", { ...vgLock, session: other.id });
  const call = api.post("/v1/locks", { ...vgLock, session: mine.id });
  const waiting = await mine.events.next();
  assertEquals(Event.parse(waiting), waiting);
  assert(waiting.event === "waiting" && waiting.waiter.client!.id === mine.client);
  await other.events.close();
  assertEquals((await call).status, 200);
  assertEquals((await mine.events.next()).event, "wait-ended");
  const granted = await mine.events.next();
  assert(granted.event === "granted" && granted.holder.client!.id === mine.client);
  await api.post("/v1/lockspaces/vg0/kill");
  const killed = await mine.events.next();
  assert(killed.event === "lockspace" && killed.killed);
  await mine.events.close();
});

Deno.test("a lock that is lost before any snapshot saw it is told as well", async () => {
  const api = new TestApi({ limits: { coalesceMs: 200 } });
  await api.start("vg0");
  const { id, client, events } = await api.session();
  const session = events.nextOf("released");
  assertEquals((await api.post("/v1/locks", { ...vgLock, session: id })).status, 200);
  assertEquals((await api.post("/v1/lockspaces/vg0/drop")).status, 200);
  const released = await session;
  assertEquals(Event.parse(released), released);
  assert(released.event === "released" && released.holder.client!.id === client);
  assertEquals(released.resource.vg, "vg0");
  await events.close();
});

Deno.test("what happens once a session has its id is told, however long listings take", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const listed = Promise.withResolvers<void>();
  const listing = api.service.listing.bind(api.service);
  api.service.listing = async (use, atMoment) => {
    await listed.promise;
    return await listing(use, atMoment);
  };
  const opened = api.session();
  setTimeout(listed.resolve, 20);
  const { id, events } = await opened;
  await api.post("/v1/locks", { ...vgLock, session: id });
  assertEquals((await events.next()).event, "granted");
  await events.close();
});

Deno.test("heartbeats come between events", async () => {
  const api = new TestApi({ limits: { heartbeatMs: 1 } });
  const { events } = await api.session();
  for (let i = 0; i < 3; i++) assertEquals((await events.next()).event, "heartbeat");
  await events.close();
});

Deno.test("streams end when the daemon stops, and release their locks", async () => {
  const shutdown = new AbortController();
  const api = new TestApi({ shutdown: shutdown.signal });
  await api.start("vg0");
  const { id, events } = await api.session();
  await api.post("/v1/locks", { ...vgLock, session: id });
  shutdown.abort();
  const end = await events.nextOf("end");
  assertEquals(Event.parse(end), end);
  await events.rest();
  assertEquals([api.locks, [...api.service.clients()].length], [0, 0]);
});

Deno.test("a stream that is dropped before it is read ends its session", async () => {
  const api = new TestApi();
  const response = await api.send("/v1/sessions", { command: "x" });
  assertEquals([...api.service.clients()].length, 1);
  await response.body!.cancel();
  assertEquals([...api.service.clients()].length, 0);
});

Deno.test("the number of sessions is bounded", async () => {
  const api = new TestApi({ limits: { sessionsMax: 1 } });
  const { events } = await api.session();
  assertProblem(await api.post("/v1/sessions", { command: "x" }), 503, "too-many-streams");
  await events.close();
  const again = new EventReader(await api.send("/v1/sessions", { command: "x" }));
  await again.close();
});

for (const command of ["", "a\0b", "a\nb", "x".repeat(64), 5]) {
  Deno.test(`command ${JSON.stringify(command).slice(0, 12)} is refused`, async () => {
    const answer = await new TestApi().post("/v1/sessions", { command });
    assertProblem(answer, 422, "invalid-request");
  });
}

for (const pid of [0, -1, 1.5, 4_194_305, "7"]) {
  Deno.test(`pid ${JSON.stringify(pid)} is refused`, async () => {
    const answer = await new TestApi().post("/v1/sessions", { command: "x", pid });
    assertProblem(answer, 422, "invalid-request");
  });
}
