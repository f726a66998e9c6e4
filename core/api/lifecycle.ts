/**
 * Starting and stopping lockspaces so that it may be repeated: whoever asks for what is so already,
 * or is under way, shares its outcome.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Errno } from "../errno.ts";
import { type LockspaceRow, LockType, type Request } from "../types.ts";
import { perform } from "./calls.ts";
import { type ApiContext, type ApiEnv, goneOf } from "./context.ts";
import { apiError, shuttingDown } from "./problem.ts";
import { refusal, timedOut } from "./refusal.ts";
import { startRequest } from "./requests.ts";
import type { StartBody, Started, Stopped } from "./schemas/lockspaces.ts";
import { toBytes } from "./text.ts";
import { lockspaceOf } from "./view.ts";

type Start = z.infer<typeof StartBody>;

/** Starts the lockspace of `vg`. @throws {ApiError} */
export async function startLockspace(
  api: ApiContext,
  c: Context<ApiEnv>,
  vg: string,
  body: Start,
  deadlineMs: number = api.limits.deadlineMs,
): Promise<z.infer<typeof Started>> {
  const request = startRequest(vg, body);
  const endsAt = performance.now() + deadlineMs;
  const reply = await perform(api, c, { request, deadlineMs });
  const current = () => lockspaceOf(api.service.inspect(), toBytes(vg));
  if (reply.result >= 0) {
    const state = body.wait || current()?.state === "running" ? "running" : "starting";
    return { vg, state, changed: true, previousGeneration: reply.prevGeneration || null };
  }
  const underWay = reply.result === -Errno.EEXIST || reply.result === -Errno.ESTARTING;
  let row = underWay ? current() : undefined;
  if (!row || !startedAs(row, body)) throw refusal(api, 0, request, reply);
  if (body.wait && row.state === "starting") {
    const settled = (now: LockspaceRow | undefined) => now?.state !== "starting";
    row = await lockspaceWhen(api, c, request, endsAt - performance.now(), settled);
  }
  if (row?.state === "running" || row?.state === "starting") {
    return { vg, state: row.state, changed: false, previousGeneration: null };
  }
  throw apiError("start-failed", { detail: `The start of VG "${vg}" that was under way failed` });
}

/** Stops the lockspace of `vg`; `request` is the stop. @throws {ApiError} */
export async function stopLockspace(
  api: ApiContext,
  c: Context<ApiEnv>,
  vg: string,
  request: Request,
  deadlineMs: number = api.limits.deadlineMs,
): Promise<z.infer<typeof Stopped>> {
  const endsAt = performance.now() + deadlineMs;
  const { result, ...reply } = await perform(api, c, { request, deadlineMs });
  if (result >= 0) return { vg, state: "stopped", changed: true };
  if (result === -Errno.ESTALE) {
    await lockspaceWhen(api, c, request, endsAt - performance.now(), (now) => now === undefined);
  } else if (result !== -Errno.ENOLS) {
    throw refusal(api, 0, request, { ...reply, result });
  }
  return { vg, state: "stopped", changed: false };
}

/** Is it this VG that runs or starts, with the lock manager that the caller means? */
function startedAs(row: LockspaceRow, body: Start): boolean {
  return !row.killed && !row.dropped && row.lockType === LockType[body.lockType] &&
    row.vgArgs === toBytes(body.lockArgs) &&
    (body.vgUuid === undefined || row.vgUuid === "" || row.vgUuid === body.vgUuid);
}

/** Waits until `done` of the lockspace that `request` is about. @throws {ApiError} `ETIMEDOUT` … */
function lockspaceWhen(
  api: ApiContext,
  c: Context<ApiEnv>,
  request: Request,
  limitMs: number,
  done: (row: LockspaceRow | undefined) => boolean,
): Promise<LockspaceRow | undefined> {
  const waited = Promise.withResolvers<LockspaceRow | undefined>();
  const listening = new AbortController();
  const endOn = (signal: AbortSignal, error: () => Error) => {
    const end = () => waited.reject(error());
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { signal: listening.signal });
  };
  const check = () => {
    const row = lockspaceOf(api.service.inspect(), request.vgName);
    if (done(row)) waited.resolve(row);
  };
  const timer = setTimeout(
    () => waited.reject(timedOut(api, 0, request, Math.round(limitMs), true)),
    Math.max(0, limitMs),
  );
  endOn(
    goneOf(c),
    () => apiError("cancelled", { detail: "The caller closed the connection" }),
  );
  endOn(api.shutdown, shuttingDown);
  const stopListening = api.service.onChange(check);
  check();
  return waited.promise.finally(() => {
    clearTimeout(timer);
    listening.abort();
    stopListening();
  });
}
