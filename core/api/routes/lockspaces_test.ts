/** Tests of lockspaces: starting, stopping, killing and dropping them. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Errno } from "../../errno.ts";
import { Op } from "../../types.ts";
import { Lockspace, LockspaceList, Started, Stopped } from "../schemas/lockspaces.ts";
import { assertProblem, lvUuid, startBody, TestApi } from "../test_tools.ts";

const waiting = { ...startBody, wait: true };

Deno.test("a start that does not wait is answered at once", async () => {
  const api = new TestApi();
  const vgUuid = lvUuid;
  const body = { ...startBody, vgUuid, hostId: 2000 };
  const answer = await api.post("/v1/lockspaces/vg0/start", body);
  assertEquals(answer.status, 200);
  assertEquals(Started.strict().parse(answer.body), {
    vg: "vg0",
    state: "starting",
    changed: true,
    previousGeneration: null,
  });
  const { row } = api.service.lockspaces.get("vg0")!;
  assertEquals([row.vgUuid, row.vgArgs, row.hostId], [vgUuid, "1.0.0:test", 2000]);
});

Deno.test("a start that waits is answered when it is done", async () => {
  const api = new TestApi();
  const call = api.post("/v1/lockspaces/vg0/start", waiting);
  await api.until(() => api.service.lockspaces.size === 1);
  api.service.joined("vg0");
  const { body } = await call;
  assertEquals([body.state, body.changed], ["running", true]);
});

Deno.test("many starts of one VG share one start", async () => {
  const api = new TestApi();
  const calls = Array.from({ length: 20 }, () => api.post("/v1/lockspaces/vg0/start", waiting));
  const early = await api.post("/v1/lockspaces/vg0/start", startBody);
  assertEquals([early.body.state, early.body.changed], ["starting", false]);
  api.service.joined("vg0");
  const answers = await Promise.all(calls);
  assertEquals(
    answers.map(({ status, body }) => [status, body.state]),
    Array(20).fill([200, "running"]),
  );
  assertEquals(answers.filter(({ body }) => body.changed).length, 1);
  const late = await api.post("/v1/lockspaces/vg0/start", startBody);
  assertEquals([late.body.state, late.body.changed], ["running", false]);
});

Deno.test("a start that fails fails for all who wait for it", async () => {
  const api = new TestApi();
  const first = api.post("/v1/lockspaces/vg0/start", waiting);
  await api.until(() => api.service.lockspaces.size === 1);
  const second = api.post("/v1/lockspaces/vg0/start", waiting);
  await api.listening();
  api.service.joined("vg0", -Errno.EMANAGER);
  assertProblem(await first, 503, "EMANAGER");
  assertProblem(await second, 503, "start-failed");
});

for (
  const [what, other] of [
    ["lock args", { lockType: "dlm", lockArgs: "1.0.0:other" }],
    ["lock type", { lockType: "sanlock", lockArgs: "1.0.0:test" }],
  ] as const
) {
  Deno.test(`a VG that runs with another ${what} is not taken for the same`, async () => {
    const api = new TestApi();
    await api.start("vg0");
    assertProblem(await api.post("/v1/lockspaces/vg0/start", other), 409, "EEXIST");
  });
}

Deno.test("a killed VG is not taken for started", async () => {
  const api = new TestApi();
  await api.start("vg0");
  assertEquals((await api.post("/v1/lockspaces/vg0/kill")).body, { vg: "vg0", killed: true });
  assertProblem(await api.post("/v1/lockspaces/vg0/start", startBody), 409, "EEXIST");
});

Deno.test("lock args and lock type must be given", async () => {
  const answer = await new TestApi().post("/v1/lockspaces/vg0/start", { hostId: 2001 });
  const { errors } = assertProblem(answer, 422, "invalid-request");
  assertEquals(errors!.map(({ field }) => field), ["/lockType", "/lockArgs", "/hostId"]);
});

for (
  const [errno, status, code] of [
    [Errno.EARGS, 422, "EARGS"],
    [Errno.EHOSTID, 422, "EHOSTID"],
    [Errno.EPROTONOSUPPORT, 501, "EPROTONOSUPPORT"],
    [Errno.EMANAGER, 503, "EMANAGER"],
  ] as const
) {
  Deno.test(`a start refused with ${code} is a ${status}`, async () => {
    const api = new TestApi();
    api.service.refuse.set(Op.start, { result: -errno });
    const answer = await api.post("/v1/lockspaces/vg0/start", startBody);
    const problem = assertProblem(answer, status, code);
    assertStringIncludes(problem.detail, 'Start of VG "vg0"');
  });
}

Deno.test("a start that takes longer than the deadline goes on", async () => {
  const api = new TestApi({ limits: { cancelGraceMs: 0 } });
  const answer = await api.post("/v1/lockspaces/vg0/start?deadlineMs=1", waiting);
  const problem = assertProblem(answer, 504, "ETIMEDOUT");
  assertStringIncludes(problem.detail, "GET /v1/lockspaces/vg0");
  assertEquals((await api.get("/v1/lockspaces/vg0")).body.state, "starting");
  const second = await api.post("/v1/lockspaces/vg0/start?deadlineMs=1", waiting);
  assertProblem(second, 504, "ETIMEDOUT");
});

Deno.test("lockspaces are listed with counts, one alone too", async () => {
  const api = new TestApi();
  await api.start("vg0", "vg1");
  await api.post("/v1/locks", { type: "vg", vg: "vg1", mode: "ex", persistent: true });
  const { body } = await api.get("/v1/lockspaces");
  assertEquals(LockspaceList.parse(body), body);
  assertEquals(body.lockspaces.map(({ vg }: { vg: string }) => vg), ["vg0", "vg1"]);
  const one = await api.get("/v1/lockspaces/vg1");
  assertEquals(Lockspace.strict().parse(one.body), body.lockspaces[1]);
  const { state, locks, waiting, lockType, lockArgs } = one.body;
  assertEquals([state, locks, waiting, lockType, lockArgs], ["running", 1, 0, "dlm", "1.0.0:test"]);
  const problem = assertProblem(await api.get("/v1/lockspaces/vg2"), 404, "ENOLS");
  assertStringIncludes(problem.detail, '"vg2"');
});

Deno.test("stop stops, and may be repeated", async () => {
  const api = new TestApi();
  await api.start("vg0");
  for (const changed of [true, false]) {
    const { status, body } = await api.post("/v1/lockspaces/vg0/stop");
    assertEquals(status, 200);
    assertEquals(Stopped.strict().parse(body), { vg: "vg0", state: "stopped", changed });
  }
});

Deno.test("stop is refused while LV locks are held, names them, and can be forced", async () => {
  const api = new TestApi();
  await api.start("vg0");
  await api.post("/v1/locks", { type: "lv", vg: "vg0", lvUuid, mode: "sh", persistent: true });
  const problem = assertProblem(await api.post("/v1/lockspaces/vg0/stop"), 409, "EBUSY");
  assertStringIncludes(problem.detail, `held LV ${lvUuid} sh persistently by`);
  assertEquals((await api.post("/v1/lockspaces/vg0/stop", { force: true })).status, 200);
});

Deno.test("a stop that is under way is waited for", async () => {
  const api = new TestApi();
  await api.start("vg0");
  api.service.lockspaces.get("vg0")!.row.state = "stopping";
  const call = api.post("/v1/lockspaces/vg0/stop");
  await api.listening();
  api.service.joined("vg0", -1);
  const { body } = await call;
  assertEquals([body.state, body.changed], ["stopped", false]);
});

Deno.test("a caller that goes away while a stop is under way is not waited for", async () => {
  const api = new TestApi();
  await api.start("vg0");
  api.service.lockspaces.get("vg0")!.row.state = "stopping";
  const gone = new AbortController();
  const request = new Request("http://x/v1/lockspaces/vg0/stop", { method: "POST" });
  const call = api.app.fetch(request, { gone: gone.signal });
  await api.listening();
  gone.abort();
  const response = await call;
  assertEquals([response.status, api.service.listeners], [499, 0]);
  await response.body?.cancel();
});

Deno.test("after a kill no lock is granted; drop forgets the VG", async () => {
  const api = new TestApi();
  await api.start("vg0");
  await api.post("/v1/lockspaces/vg0/kill");
  assertEquals((await api.get("/v1/lockspaces/vg0")).body.killed, true);
  const lock = { type: "vg", vg: "vg0", mode: "sh", persistent: true };
  assertProblem(await api.post("/v1/locks", lock), 410, "EVGKILLED");
  assertEquals((await api.post("/v1/lockspaces/vg0/drop")).body, { vg: "vg0", dropped: true });
  for (const verb of ["kill", "drop"]) {
    assertProblem(await api.post(`/v1/lockspaces/vg0/${verb}`), 404, "ENOLS");
  }
});
