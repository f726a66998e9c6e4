/** Tests of listing, acquiring, converting and releasing locks. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Errno } from "../../errno.ts";
import { Op } from "../../types.ts";
import { Acquired, Converted, LockList, Released } from "../schemas/locks.ts";
import { assertProblem, lvUuid, TestApi } from "../test_tools.ts";

const vgLock = { type: "vg", vg: "vg0" };
const lvLock = { type: "lv", vg: "vg0", lvUuid };

async function startedApi(): Promise<TestApi> {
  const api = new TestApi({ limits: { cancelGraceMs: 0 } });
  await api.start("vg0");
  return api;
}

Deno.test("a persistent lock stays when the call is over", async () => {
  const api = await startedApi();
  const request = { ...lvLock, mode: "ex", persistent: true, lvName: "lv0", lockArgs: "x" };
  const { status, body } = await api.post("/v1/locks", request);
  assertEquals(status, 200);
  assertEquals(Acquired.strict().parse(body), {
    ...lvLock,
    type: "lv",
    mode: "ex",
    persistent: true,
    alreadyHeld: false,
    covered: false,
  });
  assertEquals(api.locks, 1);
  assertEquals([...api.service.clients()], []);
});

Deno.test("a lock held in that mode is a success that says so", async () => {
  const api = await startedApi();
  const request = { ...lvLock, mode: "sh", persistent: true };
  await api.post("/v1/locks", request);
  const { status, body } = await api.post("/v1/locks", request);
  assertEquals([status, body.alreadyHeld], [200, true]);
});

Deno.test("the list tells who holds a lock, since when, and who waits", async () => {
  const api = await startedApi();
  const holder = await api.session({ command: "backup", pid: 77 });
  const waiter = await api.session({ command: "käse" });
  await api.post("/v1/locks", { ...vgLock, mode: "ex", session: holder.id });
  api.service.nowMs += 1500;
  const waiting = api.post("/v1/locks", { ...vgLock, mode: "sh", session: waiter.id });
  await api.until(() => api.waiting === 1);
  api.service.nowMs += 250;
  const { body } = await api.get("/v1/locks");
  assertEquals(LockList.strict().parse(body), body);
  const client = { origin: "http", connected: true };
  assertEquals(body.resources, [{
    type: "vg",
    vg: "vg0",
    lockspace: "lvm_vg0",
    name: "VGLK",
    lvUuid: null,
    mode: "ex",
    version: 7,
    holders: [{
      mode: "ex",
      persistent: false,
      client: { ...client, id: holder.client, pid: 77, command: "backup" },
      since: "2027-01-15T08:00:00.000Z",
      ageSeconds: 1.75,
    }],
    waiters: [{
      op: "lock",
      mode: "sh",
      persistent: false,
      client: { ...client, id: waiter.client, pid: null, command: "käse" },
      since: "2027-01-15T08:00:01.500Z",
      ageSeconds: 0.25,
      blockedBy: null,
    }],
  }]);
  await holder.events.close();
  assertEquals((await waiting).status, 200);
  await waiter.events.close();
});

Deno.test("the taker of a persistent lock is known after it has gone", async () => {
  const api = await startedApi();
  const headers = { "content-type": "application/json", "user-agent": "curl/8.1 (x)" };
  const body = JSON.stringify({ ...lvLock, mode: "ex", persistent: true });
  await api.post("/v1/locks", null, { headers, body });
  const [resource] = (await api.get("/v1/locks")).body.resources;
  const { command, connected } = resource.holders[0].client;
  assertEquals([command, connected], ["curl/8.1", false]);
});

Deno.test("filters of the list combine", async () => {
  const api = await startedApi();
  await api.start("vg1");
  const session = await api.session();
  const mine = { session: session.id };
  await api.post("/v1/locks", { ...vgLock, mode: "sh", ...mine });
  await api.post("/v1/locks", { ...lvLock, mode: "ex", ...mine });
  await api.post("/v1/locks", { type: "vg", vg: "vg1", mode: "ex", persistent: true });
  const names = async (query: string) => {
    const { body } = await api.get(`/v1/locks${query}`);
    return body.resources.map(({ vg, type }: { vg: string; type: string }) => `${vg}/${type}`);
  };
  assertEquals(await names(""), ["vg0/vg", "vg0/lv", "vg1/vg"]);
  assertEquals(await names("?vg=vg0"), ["vg0/vg", "vg0/lv"]);
  assertEquals(await names("?type=vg"), ["vg0/vg", "vg1/vg"]);
  assertEquals(await names("?mode=ex"), ["vg0/lv", "vg1/vg"]);
  assertEquals(await names(`?client=${session.client}`), ["vg0/vg", "vg0/lv"]);
  assertEquals(await names(`?client=${session.client}&mode=ex`), ["vg0/lv"]);
  assertEquals(await names("?vg=vg1&type=lv"), []);
  await session.events.close();
});

Deno.test("a lock that is waited for past the deadline is a 504 that names the holder", async () => {
  const api = await startedApi();
  const holder = await api.session({ command: "backup", pid: 77 });
  const other = await api.session();
  await api.post("/v1/locks", { ...vgLock, mode: "ex", session: holder.id });
  const request = { ...vgLock, mode: "ex", session: other.id };
  const problem = assertProblem(
    await api.post("/v1/locks?deadlineMs=1", request),
    504,
    "ETIMEDOUT",
  );
  assertEquals(problem.result, -Errno.ETIMEDOUT);
  assert(problem.retryable);
  assertMatch(problem.detail, /VG "vg0" in mode ex: not done within 1 ms; held ex by pid 77 /);
  assertMatch(problem.detail, /\(backup\) since 2027-01-15T08:00:00.000Z; it was cancelled$/);
  assertEquals(problem.holders!.map(({ client }) => client!.pid), [77]);
  assertEquals(api.waiting, 0);
  await holder.events.close();
  assertEquals(api.locks, 0);
  await other.events.close();
});

Deno.test("a caller that goes away while it waits gets no lock", async () => {
  const api = await startedApi();
  const holder = await api.session();
  await api.post("/v1/locks", { ...vgLock, mode: "ex", session: holder.id });
  const { signal, abort } = newAbort();
  const request = { ...vgLock, mode: "ex", persistent: true };
  const call = api.post("/v1/locks", request, { signal });
  await api.until(() => api.waiting === 1);
  abort();
  assertProblem(await call, 499, "cancelled");
  assertEquals(api.waiting, 0);
  await holder.events.close();
  assertEquals([api.locks, [...api.service.clients()].length], [0, 0]);
});

Deno.test("a lock that is granted after its caller went away is released", async () => {
  const api = await startedApi();
  const { signal, abort } = newAbort();
  api.service.holdBack = true;
  const call = api.post("/v1/locks", { ...lvLock, mode: "ex", persistent: true }, { signal });
  await api.until(() => [...api.service.clients()].length === 1);
  abort();
  assertProblem(await call, 499, "cancelled");
  api.service.proceed();
  assertEquals(api.locks, 0);
  await api.until(() => [...api.service.clients()].length === 0);
});

Deno.test("a lock that is granted long after the deadline is released", async () => {
  const api = await startedApi();
  const session = await api.session();
  api.service.holdBack = true;
  const request = { ...lvLock, mode: "ex", session: session.id };
  const problem = assertProblem(
    await api.post("/v1/locks?deadlineMs=1", request),
    504,
    "ETIMEDOUT",
  );
  assertStringIncludes(problem.detail, "should the lock be granted, it is released at once");
  api.service.proceed();
  assertEquals(api.locks, 0);
  await session.events.close();
});

Deno.test("the daemon is told when the grant of a persistent lock was not delivered", async () => {
  const api = await startedApi();
  const delivered = Promise.reject(new Error("gone"));
  const request = new Request("http://x/v1/locks", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...lvLock, mode: "ex", persistent: true }),
  });
  const response = await api.app.fetch(request, { delivered });
  await response.body?.cancel();
  await api.until(() => [...api.service.clients()].length === 0);
  assertEquals(api.service.undelivered.map(({ lvUuid }) => lvUuid), [lvUuid]);
});

Deno.test("a transient lock that a persistent one stands in for is called covered", async () => {
  const api = await startedApi();
  await api.post("/v1/locks", { ...lvLock, mode: "ex", persistent: true });
  const session = await api.session();
  const mine = { ...lvLock, session: session.id };
  const { body } = await api.post("/v1/locks", { ...mine, mode: "sh" });
  assertEquals([body.covered, body.alreadyHeld], [true, false]);
  assertProblem(await api.post("/v1/locks/release", mine), 404, "ENOENT");
  await session.events.close();
});

Deno.test("convert changes the mode of a held lock and takes none that is not held", async () => {
  const api = await startedApi();
  const lock = { ...lvLock, persistent: true };
  const missing = await api.post("/v1/locks/convert", { ...lock, mode: "ex" });
  assertProblem(missing, 404, "ENOENT");
  assertEquals(api.locks, 0);
  await api.post("/v1/locks", { ...lock, mode: "sh" });
  const { status, body } = await api.post("/v1/locks/convert", { ...lock, mode: "ex" });
  assertEquals(status, 200);
  assertEquals(Converted.strict().parse(body).mode, "ex");
  const [resource] = (await api.get("/v1/locks")).body.resources;
  assertEquals(resource.holders[0].mode, "ex");
});

Deno.test("a conversion that others stand against is a 409 that names them", async () => {
  const api = await startedApi();
  const one = await api.session({ command: "one", pid: 1 });
  const two = await api.session({ command: "two", pid: 2 });
  for (const { id } of [one, two]) {
    await api.post("/v1/locks", { ...lvLock, mode: "sh", session: id });
  }
  const convert = { ...lvLock, mode: "ex", session: one.id };
  const problem = assertProblem(await api.post("/v1/locks/convert", convert), 409, "EAGAIN");
  assertEquals(problem.holders!.map(({ client }) => client!.command), ["two"]);
  assertStringIncludes(problem.detail, "by pid 2 (two) since");
  await one.events.close();
  await two.events.close();
});

Deno.test("release releases, and what is not held is a 404", async () => {
  const api = await startedApi();
  const lock = { ...vgLock, persistent: true };
  await api.post("/v1/locks", { ...lock, mode: "ex" });
  const { status, body } = await api.post("/v1/locks/release", lock);
  assertEquals(status, 200);
  assertEquals(Released.strict().parse(body).mode, "un");
  assertEquals(api.locks, 0);
  const problem = assertProblem(await api.post("/v1/locks/release", lock), 404, "ENOENT");
  assertStringIncludes(problem.detail, 'Release of VG "vg0"');
});

Deno.test("a lock in a VG that is not started is a 404 that says what to do", async () => {
  const request = { type: "vg", vg: "vgX", mode: "sh", persistent: true };
  const problem = assertProblem(await new TestApi().post("/v1/locks", request), 404, "ENOLS");
  assertStringIncludes(problem.detail, '"vgX"');
  assertStringIncludes(problem.hint, "lockstart");
  assertEquals(problem.result, -210);
});

Deno.test("a refusal names the other host and what the lock manager said", async () => {
  const api = await startedApi();
  const heldSinceMs = api.service.nowMs - 180_000;
  const owner = {
    hostId: 7,
    generation: 3,
    timestamp: 9,
    state: "LIVE",
    name: "node7",
    heldSinceMs,
  };
  api.service.refuse.set(Op.lock, {
    result: -Errno.EAGAIN,
    lmResult: -243,
    owner,
    message: "lease is taken",
  });
  const request = { ...lvLock, mode: "ex", persistent: true };
  const problem = assertProblem(await api.post("/v1/locks", request), 409, "EAGAIN");
  const heldSince = "2027-01-15T07:57:00.000Z";
  const { timestamp: _, heldSinceMs: __, ...host } = owner;
  assertEquals(problem.blockedBy, { ...host, heldSince });
  const held = `held by host 7 (node7), LIVE, since ${heldSince}`;
  for (const part of [held, "-243", "lease is taken", lvUuid]) {
    assertStringIncludes(problem.detail, part);
  }
});

Deno.test("a session that is not open is a 404", async () => {
  const api = await startedApi();
  const request = { ...vgLock, mode: "sh", session: "0".repeat(32) };
  assertProblem(await api.post("/v1/locks", request), 404, "no-session");
});

Deno.test("a call that waits ends with its session", async () => {
  const api = await startedApi();
  const holder = await api.session();
  const other = await api.session();
  await api.post("/v1/locks", { ...vgLock, mode: "ex", session: holder.id });
  const call = api.post("/v1/locks", { ...vgLock, mode: "ex", session: other.id });
  await api.until(() => api.waiting === 1);
  await other.events.close();
  assertProblem(await call, 410, "session-ended");
  await holder.events.close();
  assertEquals(api.locks, 0);
});

Deno.test("a call that waits ends when the daemon stops", async () => {
  const { signal, abort } = newAbort();
  const api = new TestApi({ shutdown: signal });
  await api.start("vg0");
  await api.post("/v1/locks", { ...vgLock, mode: "ex", persistent: true });
  api.service.holdBack = true;
  const release = api.post("/v1/locks/release", { ...vgLock, persistent: true });
  await api.until(() => [...api.service.clients()].length === 1);
  abort();
  assertProblem(await release, 503, "shutting-down");
});

function newAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
