/** The daemon in test mode, end to end through its HTTP interface. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connectApi, resultOf } from "../../core/api/client.ts";
import { exists } from "./daemon.ts";
import { dlm, HttpDaemon, lvUuid, nextOf, posted, problemOf } from "./http_daemon.ts";

const query = {};
const vgLock = { type: "vg", vg: "vg0", mode: "ex" } as const;
const lvLock = { type: "lv", vg: "vg0", lvUuid, mode: "ex", persistent: true } as const;
const { mode: _, ...lvRelease } = lvLock;

Deno.test("the daemon tells its state and its health", async () => {
  await using daemon = await HttpDaemon.start();
  const status = await resultOf(daemon.calls.status.$get({ query }));
  const { api } = daemon.place;
  assertEquals([status.testMode, status.apiSocket], [true, api]);
  assertEquals(Deno.lstatSync(api).mode! & 0o777, 0o600);
  assert(await daemon.healthy());
});

Deno.test("a VG is started once by many, used, and stopped", async () => {
  await using daemon = await HttpDaemon.start();
  const { calls } = daemon;
  const vg0 = calls.lockspaces[":vg"];
  const param = { vg: "vg0" };
  const start = () => vg0.start.$post({ param, query, json: { ...dlm, wait: true } });
  const started = await Promise.all(Array.from({ length: 100 }, () => resultOf(start())));
  assertEquals(started.filter(({ changed }) => changed).length, 1);
  assertEquals(new Set(started.map(({ state }) => state)), new Set(["running"]));
  const lock = await resultOf(calls.locks.$post({ query, json: lvLock }));
  assertEquals([lock.alreadyHeld, lock.covered], [false, false]);
  assertEquals((await resultOf(calls.locks.$post({ query, json: lvLock }))).alreadyHeld, true);
  const refused = await problemOf(vg0.stop.$post({ param, query, json: {} }));
  assertEquals([refused.code, refused.status], ["EBUSY", 409]);
  assertStringIncludes(refused.detail, lvUuid);
  const sh = { ...lvLock, mode: "sh" } as const;
  await resultOf(calls.locks.convert.$post({ query, json: sh }));
  assertEquals((await daemon.resources()).map(({ mode }) => mode), ["sh"]);
  await resultOf(calls.locks.release.$post({ query, json: lvRelease }));
  assertEquals(await daemon.resources(), []);
  const again = await problemOf(calls.locks.release.$post({ query, json: lvRelease }));
  assertEquals([again.code, again.status], ["ENOENT", 404]);
  for (const changed of [true, false]) {
    const stopped = await resultOf(vg0.stop.$post({ param, query, json: {} }));
    assertEquals([stopped.state, stopped.changed], ["stopped", changed]);
  }
});

Deno.test("after a kill no lock is granted, after a drop the VG is gone", async () => {
  await using daemon = await HttpDaemon.start();
  const { calls } = daemon;
  await daemon.startVg("vg0");
  await resultOf(calls.locks.$post({ query, json: lvLock }));
  const vg0 = calls.lockspaces[":vg"];
  const call = { param: { vg: "vg0" }, query, json: {} };
  await resultOf(vg0.kill.$post(call));
  const other = { ...vgLock, persistent: true } as const;
  assertEquals((await problemOf(calls.locks.$post({ query, json: other }))).code, "EVGKILLED");
  await resultOf(vg0.drop.$post(call));
  assertEquals((await problemOf(vg0.$get(call))).code, "ENOLS");
  assertEquals(await daemon.resources(), []);
});

Deno.test("a native client that holds a lock is named, and its end lets others in", async () => {
  await using daemon = await HttpDaemon.start();
  const { calls } = daemon;
  await daemon.startVg("vg0");
  const native = await daemon.place.connect();
  assertEquals(await native.lockVg("vg0", "ex"), 0);
  const [held] = await daemon.resources();
  const { client, persistent, mode } = held!.holders[0]!;
  assertEquals([mode, persistent, held!.type], ["ex", false, "vg"]);
  const { origin, pid, command, connected } = client!;
  assertEquals([origin, pid, command, connected], ["native", Deno.pid, "test", true]);
  const session = await daemon.client.openSession({ command: "waiter", pid: 99 });
  const json = { ...vgLock, session: session.id };
  const late = await problemOf(calls.locks.$post({ query: { deadlineMs: "50" }, json }));
  assertEquals([late.code, late.status], ["ETIMEDOUT", 504]);
  assertMatch(late.detail, new RegExp(`held ex by pid ${Deno.pid} \\(test\\) since `));
  const waiting = resultOf(calls.locks.$post({ query, json }));
  const { waiter } = await nextOf(session, "waiting");
  assertEquals([waiter.client!.pid, waiter.client!.command], [99, "waiter"]);
  native[Symbol.dispose]();
  assertEquals((await waiting).mode, "ex");
  session.close();
  await daemon.until((resources) => resources.length === 0);
});

Deno.test("native clients see what HTTP clients hold, and the other way round", async () => {
  await using daemon = await HttpDaemon.start();
  const { calls } = daemon;
  await daemon.startVg("vg0");
  await resultOf(calls.locks.$post({ query, json: lvLock }));
  using native = await daemon.place.connect();
  assertEquals(await native.lvMode("vg0", lvUuid), "ex");
  assertEquals(await native.lockLv("vg0", lvUuid, "ex"), -114);
  assertEquals(await native.lockLv("vg0", lvUuid, "un"), 0);
  assertEquals(await daemon.resources(), []);
  assertEquals(await native.lockLv("vg0", lvUuid, "sh"), 0);
  await resultOf(calls.locks.release.$post({ query, json: lvRelease }));
  assertEquals(await native.lvMode("vg0", lvUuid), "un");
});

Deno.test("a session's locks end with its connection, whatever else it was doing", async () => {
  await using daemon = await HttpDaemon.start();
  const { calls } = daemon;
  await daemon.startVg("vg0", "vg1");
  const dying = await daemon.client.openSession({ command: "dying" });
  const holder = await daemon.client.openSession({ command: "holder" });
  const on = (vg: string, session: string) => ({ query, json: { ...vgLock, vg, session } });
  await resultOf(calls.locks.$post(on("vg0", dying.id)));
  await resultOf(calls.locks.$post(on("vg1", holder.id)));
  const waiting = calls.locks.$post(on("vg1", dying.id));
  await nextOf(dying, "waiting");
  dying.close();
  assertEquals((await problemOf(waiting)).code, "session-ended");
  await daemon.until((left) => left.every(({ vg, waiters }) => vg === "vg1" && !waiters.length));
  assertEquals((await problemOf(calls.locks.$post(on("vg0", dying.id)))).code, "no-session");
  holder.close();
  await daemon.until((resources) => resources.length === 0);
});

Deno.test("the locks of a process that is killed are released", async () => {
  await using daemon = await HttpDaemon.start();
  await daemon.startVg("vg0");
  const module = new URL("../../core/api/client.ts", import.meta.url);
  const program = `
    import { connectApi, resultOf } from ${JSON.stringify(module)};
    const client = connectApi(${JSON.stringify(daemon.place.api)});
    const { id } = await client.openSession({ command: "victim", pid: Deno.pid });
    const json = { ...${JSON.stringify(vgLock)}, session: id };
    await resultOf(client.api.v1.locks.$post({ query: {}, json }));
    // A stream of events that nobody reads does not keep it from ending.
    setInterval(() => {}, 60_000);`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const args = ["eval", "--quiet", `--config=${config}`, program];
  const child = new Deno.Command(Deno.execPath(), { args }).spawn();
  await daemon.until(([vg]) => vg?.holders[0]?.client?.pid === child.pid);
  child.kill("SIGKILL");
  await child.status;
  await daemon.until((resources) => resources.length === 0);
});

Deno.test("a caller that hangs up while it waits gets no lock", async () => {
  await using daemon = await HttpDaemon.start();
  await daemon.startVg("vg0");
  const session = await daemon.client.openSession({ command: "holder" });
  const json = { ...vgLock, session: session.id };
  await resultOf(daemon.calls.locks.$post({ query, json }));
  const connection = await daemon.connect();
  const body = JSON.stringify({ ...vgLock, persistent: true });
  await connection.write(new TextEncoder().encode(posted("/v1/locks", body)));
  await daemon.until(([vg]) => vg!.waiters.length === 1);
  connection.close();
  await daemon.until(([vg]) => vg!.waiters.length === 0);
  session.close();
  await daemon.until((resources) => resources.length === 0);
});

Deno.test("callers that hang up at any moment leave no lock and no client behind", async () => {
  await using daemon = await HttpDaemon.start();
  await daemon.startVg("vg0");
  const contenders = Array.from({ length: 200 }, async (_, i) => {
    const body = JSON.stringify({ ...vgLock, persistent: true });
    const bytes = new TextEncoder().encode(posted("/v1/locks", body));
    using connection = await daemon.connect();
    await connection.write(bytes.subarray(0, i % 2 ? bytes.length : 2 * i));
  });
  await Promise.all(contenders);
  // One of them may have been granted the lock and may have been told so.
  await daemon.until(([vg]) => !vg || vg.waiters.length === 0);
  for (const { holders } of await daemon.resources()) assertEquals(holders.length, 1);
  const release = { type: "vg", vg: "vg0", persistent: true } as const;
  await daemon.calls.locks.release.$post({ query, json: release });
  assertEquals(await daemon.resources(), []);
  const { counts } = await resultOf(daemon.calls.status.$get({ query }));
  assertEquals([counts.clients, counts.waiting], [0, 0]);
});

Deno.test("events tell what happens, whoever did it", async () => {
  await using daemon = await HttpDaemon.start();
  const kinds: string[] = [];
  for await (const event of daemon.client.events()) {
    kinds.push("state" in event ? `${event.event} ${event.vg} ${event.state}` : event.event);
    if (event.event === "sync") await daemon.startVg("vg0");
    if (kinds.at(-1) === "lockspace vg0 running") {
      await resultOf(daemon.calls.locks.$post({ query, json: lvLock }));
    }
    if (event.event !== "granted") continue;
    assertEquals([event.resource.lvUuid, event.holder.persistent], [lvUuid, true]);
    break;
  }
  assertEquals([kinds[0], kinds.at(-1)], ["sync", "granted"]);
});

Deno.test("what is not a proper request is answered with what is wrong", async () => {
  await using daemon = await HttpDaemon.start();
  const hostile = [
    [posted("/v1/locks", "{"), 400, "invalid-json"],
    [posted("/v1/locks", '{"type":"vg\0"}'), 400, "invalid-json"],
    [posted("/v1/locks", '{"type":"vg","vg":"a\\u0000b"}'), 422, "invalid-request"],
    [posted("/v1/locks", "[".repeat(60_000)), 400, "invalid-json"],
    [posted("/v1/lockspaces/a%00b/start", "{}"), 422, "invalid-request"],
    [posted("/v1/lockspaces/..%2f..%2fetc/start", "{}"), 422, "invalid-request"],
    [posted("/v1/lockspaces/vg0/start\0", "{}"), 400, "bad-request"],
    [posted("/v1/nothing", "{}"), 404, "no-such-route"],
    [posted("/v1/status", "{}"), 405, "method-not-allowed"],
    ['request = "hello"\n\n##\n', 400, "bad-request"],
    [posted("/v1/locks", "{").replace("application/json", "text/plain"), 415, "unsupported-"],
  ] as const;
  for (const [text, status, code] of hostile) {
    const answer = await daemon.talk(text);
    assertStringIncludes(answer, `HTTP/1.1 ${status}`);
    assertStringIncludes(answer, `"code":"${code}`);
  }
  assert(await daemon.healthy());
});

Deno.test("a body of 20 MiB is refused, with and without its length told", async () => {
  await using daemon = await HttpDaemon.start();
  const size = 20 * 1024 * 1024;
  const body = new Uint8Array(size).fill(0x20);
  assertMatch(await daemon.talk(posted("/v1/locks", "", size), body), /^HTTP\/1.1 413 /);
  const head = posted("/v1/locks", "").replace("content-length: 0", "transfer-encoding: chunked");
  const chunk = `${size.toString(16)}\r\n`;
  assertMatch(await daemon.talk(head, chunk, body, "\r\n0\r\n\r\n"), /^HTTP\/1.1 413 /);
  assert(await daemon.healthy());
});

Deno.test("requests that stop arriving are cut off while others are served", async () => {
  await using daemon = await HttpDaemon.start();
  const slowBody = daemon.talk(posted("/v1/locks", "{", 100));
  const slowHead = daemon.talk("GET /v1/status HTTP/1.1\r\nhost: x\r\n");
  assert(await daemon.healthy());
  assertMatch(await slowBody, /^HTTP\/1.1 408 .*"code":"slow-body"/s);
  assertMatch(await slowHead, /^HTTP\/1.1 408 .*"code":"slow-request"/s);
});

Deno.test("SIGTERM ends streams and removes the socket", async () => {
  await using daemon = await HttpDaemon.start();
  await daemon.startVg("vg0");
  const session = await daemon.client.openSession({ command: "idle" });
  const ended = nextOf(session, "end");
  daemon.process.signal("SIGTERM");
  assertEquals((await ended).reason, "The daemon stops");
  assertEquals((await daemon.process.ended()).code, 0);
  assertEquals(exists(daemon.place.api), false);
});

Deno.test("a daemon takes over the socket of one that was killed", async () => {
  await using daemon = await HttpDaemon.start();
  await daemon.process.kill();
  assert(exists(daemon.place.api));
  await daemon.place.start();
  using client = connectApi(daemon.place.api);
  assert((await resultOf(client.api.v1.healthz.$get({ query }))).healthy);
});
