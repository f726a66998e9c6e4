/**
 * Locks: who holds what and who waits for it; acquiring, converting and releasing.
 *
 * @module
 */
import { createRoute, OpenAPIHono, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Errno } from "../../errno.ts";
import { type ClientId, Mode, type Reply } from "../../types.ts";
import { perform } from "../calls.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import { heldMode } from "../deadline.ts";
import { answerWith, lockListing, type Wanted } from "../lock_listing.ts";
import type { ResourceJson } from "../present.ts";
import { refusal } from "../refusal.ts";
import { type LockBody, lockRequest } from "../requests.ts";
import { alreadyHeld, succeeded } from "../results.ts";
import { CallQuery } from "../schemas/common.ts";
import {
  AcquireBody,
  Acquired,
  ConvertBody,
  Converted,
  LockList,
  LockQuery,
  ReleaseBody,
  Released,
} from "../schemas/locks.ts";
import { problems } from "../schemas/problem.ts";

const list = createRoute({
  method: "get",
  path: "/v1/locks",
  operationId: "listLocks",
  summary: "Who holds which lock, since when, and who waits for it",
  description: "Everything that is held or waited for on this host. Filters combine.",
  request: { query: LockQuery },
  responses: {
    200: { description: "The locks", content: { "application/json": { schema: LockList } } },
    ...problems(),
  },
});

const acquire = createRoute({
  method: "post",
  path: "/v1/locks",
  operationId: "acquireLock",
  summary: "Acquire a lock, waiting for it if need be",
  description: "Waits until holders on this host release the lock; a holder on another host is " +
    "answered with 409 EAGAIN. A lock that the caller holds in another mode is converted. With " +
    "504, or when the caller closes the connection, the lock is not held.",
  request: {
    query: CallQuery,
    body: { required: true, content: { "application/json": { schema: AcquireBody } } },
  },
  responses: {
    200: { description: "It is held", content: { "application/json": { schema: Acquired } } },
    ...problems(404, 409, 410, 503, 504),
  },
});

const convert = createRoute({
  method: "post",
  path: "/v1/locks/convert",
  operationId: "convertLock",
  summary: "Change the mode of a lock that is held",
  description: "Never waits for other holders. If it fails, the lock is held as before.",
  request: {
    query: CallQuery,
    body: { required: true, content: { "application/json": { schema: ConvertBody } } },
  },
  responses: {
    200: {
      description: "It is held in that mode",
      content: { "application/json": { schema: Converted } },
    },
    ...problems(404, 409, 410, 503, 504),
  },
});

const release = createRoute({
  method: "post",
  path: "/v1/locks/release",
  operationId: "releaseLock",
  summary: "Release a lock",
  description: "A persistent lock can be released by anyone, a transient one with its session.",
  request: {
    query: CallQuery,
    body: { required: true, content: { "application/json": { schema: ReleaseBody } } },
  },
  responses: {
    200: { description: "It is released", content: { "application/json": { schema: Released } } },
    ...problems(404, 409, 410, 503, 504),
  },
});

export function lockRoutes(api: ApiContext) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const pieces = await lockListing(api, wantedBy(c.req.valid("query")));
      // Typed answers are made from objects; this one exists as text only.
      return answerWith(pieces) as never;
    })
    .openapi(acquire, async (c) => {
      const body = c.req.valid("json");
      const call = callOf(api, body, body.mode);
      const { reply, isOwn } = await carryOut(api, c, call, c.req.valid("query").deadlineMs);
      return c.json({
        ...targetOf(body, body.mode),
        alreadyHeld: alreadyHeld(reply.result),
        covered: !body.persistent && !isOwn,
      }, 200);
    })
    .openapi(convert, async (c) => {
      const body = c.req.valid("json");
      const call = callOf(api, body, body.mode);
      if (heldMode(api.service, call.client, call.request) === undefined) {
        throw refusal(api, call.client, call.request, { result: -Errno.ENOENT });
      }
      const { reply } = await carryOut(api, c, call, c.req.valid("query").deadlineMs);
      return c.json({
        ...targetOf(body, body.mode),
        alreadyHeld: alreadyHeld(reply.result),
      }, 200);
    })
    .openapi(release, async (c) => {
      const body = c.req.valid("json");
      await carryOut(api, c, callOf(api, body, "un"), c.req.valid("query").deadlineMs);
      return c.json(targetOf(body, "un"), 200);
    });
}

function callOf(api: ApiContext, body: LockBody, mode: "un" | "sh" | "ex") {
  const session = body.session === undefined ? undefined : api.sessions.get(body.session);
  return { request: lockRequest(body, mode), session, client: session?.client.id ?? 0 };
}

/** `isOwn`: the session has a lock of its own now. */
async function carryOut(
  api: ApiContext,
  c: Context<ApiEnv>,
  call: ReturnType<typeof callOf>,
  deadlineMs: number | undefined,
): Promise<{ reply: Reply; isOwn: boolean }> {
  const reply = await perform(api, c, { ...call, deadlineMs });
  if (!succeeded(reply.result)) throw refusal(api, call.client, call.request, reply);
  const isOwn = call.request.mode !== Mode.un && call.session !== undefined &&
    call.session.owned.note(call.client, call.request);
  return { reply, isOwn };
}

function targetOf(body: LockBody, mode: "un" | "sh" | "ex") {
  return {
    type: body.type,
    vg: body.type === "gl" ? null : body.vg,
    lvUuid: body.type === "lv" ? body.lvUuid : null,
    mode,
    persistent: body.persistent,
  };
}

type Filter = z.output<typeof LockQuery>;

function wantedBy(filter: Filter): Wanted {
  const involves = ({ holders, waiters }: ResourceJson, client: ClientId) =>
    [...holders, ...waiters].some((one) => one.client?.id === client);
  return (resource) =>
    (filter.vg === undefined || resource.vg === filter.vg) &&
    (filter.type === undefined || resource.type === filter.type) &&
    (filter.mode === undefined || resource.holders.some(({ mode }) => mode === filter.mode)) &&
    (filter.client === undefined || involves(resource, filter.client));
}
