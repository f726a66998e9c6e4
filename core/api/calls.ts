/**
 * Carries out one request of an HTTP call: as a session or as a client of its own, within the
 * call's deadline, and as long as the caller is there to hear the answer.
 *
 * @module
 */
import type { Context } from "hono";
import { Errno } from "../errno.ts";
import type { ClientInfo } from "../service.ts";
import type { Owner, Reply, Request } from "../types.ts";
import { type ApiContext, type ApiEnv, type Bindings, goneOf } from "./context.ts";
import { ask, type GiveUp } from "./deadline.ts";
import { apiError, shuttingDown } from "./problem.ts";
import { timedOut } from "./refusal.ts";
import type { Session } from "./sessions.ts";
import { toBytes } from "./text.ts";

export interface Call {
  request: Request;
  /** Milliseconds; undefined for the default. */
  deadlineMs: number | undefined;
  session?: Session | undefined;
}

/**
 * The table's answer, refusals among them.
 *
 * @throws {ApiError} when the request was given up: `ETIMEDOUT`, `session-ended`, `shutting-down`
 */
export async function perform(
  api: ApiContext,
  c: Context<ApiEnv>,
  { request, deadlineMs = api.limits.deadlineMs, session }: Call,
): Promise<Reply> {
  const client = session?.client ?? openClient(api, c);
  const asking = ask(api.service, client.id, request, {
    deadlineMs,
    graceMs: api.limits.cancelGraceMs,
    signals: signalsOf(api, c, session),
  });
  const outcome = await asking.outcome;
  const created = outcome.kind === "reply" && outcome.reply.created === true;
  const delivered = deliveryOf(c)
    .catch(() => created && api.service.replyFailed(client.id, request));
  if (!session) {
    Promise.all([asking.finished, delivered]).then(() => api.service.closeClient(client.id));
  }
  if (outcome.kind === "reply" && outcome.reply.result !== -Errno.ETIMEDOUT) return outcome.reply;
  const late = outcome.kind === "reply"
    ? { why: "deadline" as const, settled: true, owner: outcome.reply.owner }
    : { ...outcome, why: outcome.kind };
  throw givenUp(api, client, request, deadlineMs, late);
}

/** Whether the answer reached the caller; assumed where no server stands between. */
function deliveryOf(c: Context<ApiEnv>): Promise<void> {
  const bindings: Bindings | undefined = c.env;
  return bindings?.delivered ?? Promise.resolve();
}

function signalsOf(api: ApiContext, c: Context<ApiEnv>, session: Session | undefined) {
  const signals: [Exclude<GiveUp, "deadline">, AbortSignal][] = [
    ["aborted", goneOf(c)],
    ["shutdown", api.shutdown],
  ];
  if (session) signals.push(["session-ended", session.ended]);
  return signals;
}

/** A client for this one call, named after the program that made it. */
function openClient(api: ApiContext, c: Context<ApiEnv>): ClientInfo {
  const agent = (c.req.header("user-agent") ?? "http").replace(/[^!-~].*$/s, "").slice(0, 63);
  return api.service.openClient({ origin: "http", pid: 0, command: toBytes(agent), fd: 0 });
}

function givenUp(
  api: ApiContext,
  client: ClientInfo,
  request: Request,
  deadlineMs: number,
  { why, settled, owner }: { why: GiveUp; settled: boolean; owner?: Owner },
): Error {
  switch (why) {
    case "deadline":
      return timedOut(api, client.id, request, deadlineMs, settled, owner);
    case "aborted":
      return apiError("cancelled", { detail: "The caller closed the connection" });
    case "shutdown":
      return shuttingDown();
    case "session-ended":
      return apiError("session-ended", { detail: `Session of client ${client.id} has ended` });
  }
}
