/** Tests of what a lock manager knows about lockspaces and other hosts. @module */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Errno } from "../errno.ts";
import { type LockspaceOutlook, Op, type Owner } from "../types.ts";
import { presentRemoteHost } from "./outlook.ts";
import { Lockspace, LockspaceList } from "./schemas/lockspaces.ts";
import { LockList } from "./schemas/locks.ts";
import { noOwner } from "./test_service.ts";
import { assertProblem, startBody, TestApi } from "./test_tools.ts";

const vgLock = { type: "vg", vg: "vg0", mode: "ex" } as const;
const owner: Owner = { ...noOwner, hostId: 2, generation: 5 };

function hostsAt(nowMs: number): LockspaceOutlook["hosts"] {
  const host = { generation: 5, state: "LIVE", self: false, lastSeenMs: nowMs - 12_500 };
  return [
    { ...host, hostId: 1, name: "node1", self: true },
    { ...host, hostId: 2, name: "node2", state: "FAIL" },
    { ...host, hostId: 3, name: "", state: "UNKNOWN", lastSeenMs: 0 },
  ];
}

/** An interface to a daemon with one VG, about which `outlook` is known. */
async function apiWith(outlook: (nowMs: number) => LockspaceOutlook): Promise<TestApi> {
  const api = new TestApi({ limits: { cancelGraceMs: 0 } });
  await api.start("vg0");
  api.service.outlooks.set("lvm_vg0", outlook(api.service.nowMs));
  return api;
}

Deno.test("of a lockspace about which nothing is known there is nothing to show", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const { body } = await api.get("/v1/lockspaces/vg0");
  assertEquals(Lockspace.strict().parse(body), body);
  assertEquals([body.joining, body.lease, body.hosts], [null, null, []]);
});

Deno.test("hosts are listed with their last sign of life", async () => {
  const api = await apiWith((nowMs) => ({ hosts: hostsAt(nowMs) }));
  const { body } = await api.get("/v1/lockspaces");
  assertEquals(LockspaceList.strict().parse(body), body);
  const seen = { lastSeen: "2027-01-15T07:59:47.500Z", lastSeenSeconds: 12.5 };
  const host = { generation: 5, state: "LIVE", self: false, ...seen };
  assertEquals(body.lockspaces[0].hosts, [
    { ...host, hostId: 1, name: "node1", self: true },
    { ...host, hostId: 2, name: "node2", state: "FAIL" },
    { ...host, hostId: 3, name: null, state: "UNKNOWN", lastSeen: null, lastSeenSeconds: null },
  ]);
});

Deno.test("a join tells what it waits for and how long that may take", async () => {
  const api = await apiWith((nowMs) => ({
    joining: { note: "joining as host 1", sinceMs: nowMs - 5000, longestMs: 60_000 },
    hosts: [],
  }));
  const joining = async () => (await api.get("/v1/lockspaces/vg0")).body.joining;
  assertEquals(await joining(), {
    note: "joining as host 1",
    since: "2027-01-15T07:59:55.000Z",
    ageSeconds: 5,
    remainingSeconds: 55,
  });
  api.service.nowMs += 90_000;
  assertEquals((await joining()).remainingSeconds, 0);
  api.service.outlooks.set("lvm_vg0", {
    joining: { note: "joining", sinceMs: api.service.nowMs, longestMs: 0 },
    hosts: [],
  });
  assertEquals((await joining()).remainingSeconds, null);
});

Deno.test("a lease tells when it expires", async () => {
  const lease = { state: "late", note: "not renewed for 60 s" } as const;
  const api = await apiWith((nowMs) => ({
    lease: { ...lease, renewedMs: nowMs - 60_000, expiresMs: nowMs + 20_000 },
    hosts: [],
  }));
  const shown = async () => (await api.get("/v1/lockspaces/vg0")).body.lease;
  assertEquals(await shown(), {
    ...lease,
    renewed: "2027-01-15T07:59:00.000Z",
    expires: "2027-01-15T08:00:20.000Z",
    remainingSeconds: 20,
  });
  api.service.outlooks.set("lvm_vg0", {
    lease: { ...lease, state: "lost", renewedMs: 0, expiresMs: 0 },
    hosts: [],
  });
  const unknown = { renewed: null, expires: null, remainingSeconds: null };
  assertEquals(await shown(), { ...lease, state: "lost", ...unknown });
});

Deno.test("a host that is in the way is described as well as it is known", () => {
  const hosts = hostsAt(1_800_000_000_000);
  const remote = { hostId: 2, generation: 5 };
  const shown = (more: Partial<Owner>, known = hosts) =>
    presentRemoteHost({ ...owner, ...more }, known);
  assertEquals(presentRemoteHost(noOwner, hosts), null);
  const fromHosts = { ...remote, state: "FAIL", name: "node2", heldSince: null };
  assertEquals(shown({}), fromHosts);
  assertEquals(shown({ state: "DEAD", name: "n", heldSinceMs: 1000 }), {
    ...remote,
    state: "DEAD",
    name: "n",
    heldSince: "1970-01-01T00:00:01.000Z",
  });
  assertEquals(shown({}, []), { ...remote, state: null, name: null, heldSince: null });
});

Deno.test("who waits for another host is listed with that host", async () => {
  const api = await apiWith((nowMs) => ({ hosts: hostsAt(nowMs) }));
  const [holder, waiter] = [await api.session(), await api.session()];
  await api.post("/v1/locks", { ...vgLock, session: holder.id });
  api.service.owner = owner;
  const waiting = api.post("/v1/locks", { ...vgLock, session: waiter.id });
  await api.until(() => api.waiting === 1);
  const { body } = await api.get("/v1/locks");
  assertEquals(LockList.strict().parse(body), body);
  const { state, name } = body.resources[0].waiters[0].blockedBy;
  assertEquals([state, name], ["FAIL", "node2"]);
  await waiter.events.close();
  await waiting;
  await holder.events.close();
});

Deno.test("a refusal completes what the lock manager said about the other host", async () => {
  const api = await apiWith((nowMs) => ({ hosts: hostsAt(nowMs) }));
  api.service.refuse.set(Op.lock, { result: -Errno.EAGAIN, owner });
  const answer = await api.post("/v1/locks", { ...vgLock, persistent: true });
  const problem = assertProblem(answer, 409, "EAGAIN");
  assertEquals([problem.blockedBy?.name, problem.blockedBy?.state], ["node2", "FAIL"]);
  assertMatch(problem.detail, /; held by host 2 \(node2\), FAIL$/);
});

Deno.test("a deadline that passes while another host holds the lock names that host", async () => {
  const api = await apiWith((nowMs) => ({ hosts: hostsAt(nowMs) }));
  const [holder, waiter] = [await api.session(), await api.session()];
  await api.post("/v1/locks", { ...vgLock, session: holder.id });
  api.service.owner = owner;
  const answer = await api.post("/v1/locks?deadlineMs=1", { ...vgLock, session: waiter.id });
  const problem = assertProblem(answer, 504, "ETIMEDOUT");
  assertEquals(problem.blockedBy?.hostId, 2);
  assertStringIncludes(problem.detail, "; held by host 2 (node2), FAIL; it was cancelled");
  await waiter.events.close();
  await holder.events.close();
});

Deno.test("a start that takes longer than the deadline tells what the join waits for", async () => {
  const api = new TestApi({ limits: { cancelGraceMs: 0 } });
  const joining = { note: "joining as host 1", sinceMs: 1, longestMs: 0 };
  api.service.outlooks.set("lvm_vg0", { joining, hosts: [] });
  const body = { ...startBody, wait: true };
  const answer = await api.post("/v1/lockspaces/vg0/start?deadlineMs=1", body);
  const problem = assertProblem(answer, 504, "ETIMEDOUT");
  assertStringIncludes(problem.detail, "; joining as host 1; it goes on, ");
});
