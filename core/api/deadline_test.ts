/** Tests of requests that end in time. */
import { assertEquals } from "@std/assert";
import { Errno } from "../errno.ts";
import { LockType, Mode, type Reply, type Request } from "../types.ts";
import { ask, type AskLimits, heldMode, type Outcome } from "./deadline.ts";
import { lockRequest, startRequest } from "./requests.ts";
import { lvUuid } from "./test_tools.ts";
import { TestService } from "./test_service.ts";

const never: AskLimits = { deadlineMs: 600_000, graceMs: 600_000, signals: [] };
const soon: AskLimits = { deadlineMs: 0, graceMs: 0, signals: [] };

function lock(mode: "un" | "sh" | "ex", persistent = false): Request {
  return lockRequest({ type: "lv", vg: "vg0", lvUuid, persistent }, mode);
}

function startedService() {
  const service = new TestService();
  const open = () => service.openClient({ origin: "http", pid: 0, command: "", fd: 0 }).id;
  const client = open();
  const start = startRequest("vg0", { lockType: "dlm", lockArgs: "x", wait: false });
  service.submit(client, { ...start, lockType: LockType.dlm }, () => {});
  service.joined("vg0");
  return { service, client, other: open() };
}

function resultOf(outcome: Outcome): number | string {
  return outcome.kind === "reply" ? outcome.reply.result : outcome.kind;
}

Deno.test("a request that is answered at once leaves nothing behind", async () => {
  const { service, client } = startedService();
  const { outcome, finished } = ask(service, client, lock("ex"), never);
  await finished;
  assertEquals(resultOf(await outcome), 0);
});

Deno.test("a request that waits is answered when it is granted", async () => {
  const { service, client, other } = startedService();
  service.submit(other, lock("ex"), () => {});
  const { outcome } = ask(service, client, lock("ex"), never);
  service.submit(other, lock("un"), () => {});
  assertEquals(resultOf(await outcome), 0);
  assertEquals(heldMode(service, client, lock("ex")), Mode.ex);
});

Deno.test("a request that waits too long is cancelled", async () => {
  const { service, client, other } = startedService();
  service.submit(other, lock("ex"), () => {});
  const { outcome, finished } = ask(service, client, lock("ex"), soon);
  assertEquals(await outcome, { kind: "deadline", settled: true });
  await finished;
  service.submit(other, lock("un"), () => {});
  assertEquals(heldMode(service, client, lock("ex")), undefined);
});

Deno.test("a grant that comes between the deadline and its confirmation is reported", async () => {
  const { service, client } = startedService();
  service.holdBack = true;
  const cancelled = Promise.withResolvers<void>();
  service.cancel = () => cancelled.resolve();
  const { outcome } = ask(service, client, lock("ex"), { ...soon, graceMs: 600_000 });
  await cancelled.promise;
  service.proceed();
  assertEquals(resultOf(await outcome), 0);
  assertEquals(heldMode(service, client, lock("ex")), Mode.ex);
});

Deno.test("a grant that comes just after its caller went away is released", async () => {
  const { service, client } = startedService();
  service.holdBack = true;
  service.cancel = () => service.proceed();
  const aborted = new AbortController();
  const signals = [["aborted", aborted.signal]] as const;
  const { outcome, finished } = ask(service, client, lock("ex", true), { ...never, signals });
  aborted.abort();
  assertEquals(await outcome, { kind: "aborted", settled: true });
  await finished;
  assertEquals(heldMode(service, client, lock("ex", true)), undefined);
});

Deno.test("a lock that a dead daemon left stays, although its caller went away", async () => {
  const { service, client } = startedService();
  service.holdBack = service.inherits = true;
  service.cancel = () => service.proceed();
  const aborted = new AbortController();
  const signals = [["aborted", aborted.signal]] as const;
  const { finished } = ask(service, client, lock("ex", true), { ...never, signals });
  aborted.abort();
  await finished;
  assertEquals(heldMode(service, client, lock("ex", true)), Mode.ex);
});

Deno.test("a refusal that comes after the deadline is reported as it is", async () => {
  const { service, client } = startedService();
  service.holdBack = true;
  service.cancel = () => {
    service.lockspaces.clear();
    service.proceed();
  };
  const { outcome } = ask(service, client, lock("ex"), { ...soon, graceMs: 600_000 });
  assertEquals(resultOf(await outcome), -Errno.ENOLS);
});

Deno.test("a conversion that comes through too late is turned back", async () => {
  const { service, client } = startedService();
  service.submit(client, lock("sh"), () => {});
  service.holdBack = true;
  const { outcome, finished } = ask(service, client, lock("ex"), soon);
  assertEquals(await outcome, { kind: "deadline", settled: false });
  service.proceed();
  await finished;
  assertEquals(heldMode(service, client, lock("sh")), Mode.sh);
});

Deno.test("a signal that was given before gives up at once", async () => {
  const { service, client, other } = startedService();
  service.submit(other, lock("ex"), () => {});
  const signals = [["aborted", AbortSignal.abort()]] as const;
  const { outcome } = ask(service, client, lock("ex"), { ...never, signals });
  assertEquals(await outcome, { kind: "aborted", settled: true });
});

Deno.test("a session that ends while its cancelled request hangs ends the wait", async () => {
  const { service, client } = startedService();
  service.holdBack = true;
  const [aborted, ended] = [new AbortController(), new AbortController()];
  const signals = [["aborted", aborted.signal], ["session-ended", ended.signal]] as const;
  const { outcome, finished } = ask(service, client, lock("ex"), { ...never, signals });
  aborted.abort();
  ended.abort();
  assertEquals(await outcome, { kind: "session-ended", settled: true });
  await finished;
});

Deno.test("held modes are told apart by persistence and by client", () => {
  const { service, client, other } = startedService();
  const replies: Reply[] = [];
  service.submit(client, lock("sh"), (reply) => replies.push(reply));
  assertEquals(heldMode(service, client, lock("sh")), Mode.sh);
  assertEquals(heldMode(service, other, lock("sh")), undefined);
  assertEquals(heldMode(service, client, lock("sh", true)), undefined);
});
