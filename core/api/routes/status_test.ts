/** Tests of status and health. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Errno } from "../../errno.ts";
import { Op } from "../../types.ts";
import { Health, Status } from "../schemas/status.ts";
import { assertProblem, TestApi } from "../test_tools.ts";

Deno.test("status tells what the daemon is", async () => {
  const api = new TestApi();
  await api.start("vg0");
  const session = await api.session();
  const { status, body } = await api.get("/v1/status");
  assertEquals(status, 200);
  assertEquals(Status.strict().parse(body), body);
  assertEquals(body.lockManagers[0].type, "dlm");
  assertEquals(body.started, "2027-01-15T07:59:55.000Z");
  assertEquals(body.uptimeSeconds, 5);
  const { lockspaces, sessions, clients } = body.counts;
  assertEquals({ lockspaces, sessions, clients }, { lockspaces: 1, sessions: 1, clients: 1 });
  await session.events.close();
});

Deno.test("health is good when table and lock manager answer", async () => {
  const api = new TestApi();
  const { status, body } = await api.get("/v1/healthz");
  assertEquals(status, 200);
  assertEquals(Health.strict().parse(body), body);
  assertEquals([body.table.ok, body.lockManager.ok], [true, true]);
  assertEquals([...api.service.clients()], []);
});

Deno.test("health is bad without a lock manager", async () => {
  const api = new TestApi();
  api.service.refuse.set(Op.runningLm, { result: -Errno.ENOLCK });
  const problem = assertProblem(await api.get("/v1/healthz"), 503, "unhealthy");
  assertStringIncludes(problem.detail, "ENOLCK");
});

Deno.test("health is bad when the table does not answer", async () => {
  const api = new TestApi({ limits: { cancelGraceMs: 0 } });
  api.service.holdBack = true;
  const answer = await api.get("/v1/healthz?deadlineMs=1");
  const problem = assertProblem(answer, 503, "unhealthy");
  assertStringIncludes(problem.detail, "Lock table: no answer in time");
  api.service.proceed();
  await api.until(() => [...api.service.clients()].length === 0);
});
