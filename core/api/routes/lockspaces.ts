/**
 * Lockspaces: their state, starting and stopping them, and what to do when a VG's storage is lost.
 * Starting what is started and stopping what is stopped succeed, so that callers may repeat them.
 *
 * @module
 */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { Errno } from "../../errno.ts";
import { Op, OptionFlag } from "../../types.ts";
import { perform } from "../calls.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import { startLockspace, stopLockspace } from "../lifecycle.ts";
import { Presenter } from "../present.ts";
import { refusal } from "../refusal.ts";
import { vgRequest } from "../requests.ts";
import { succeeded } from "../results.ts";
import { CallQuery, VgParam } from "../schemas/common.ts";
import {
  Dropped,
  Killed,
  Lockspace,
  LockspaceList,
  NoBody,
  StartBody,
  Started,
  StopBody,
  Stopped,
} from "../schemas/lockspaces.ts";
import { problems } from "../schemas/problem.ts";
import { toBytes } from "../text.ts";
import { treeOf } from "../view.ts";

const request = { query: CallQuery, params: VgParam };
const noBody = { content: { "application/json": { schema: NoBody } } };

const list = createRoute({
  method: "get",
  path: "/v1/lockspaces",
  operationId: "listLockspaces",
  summary: "All lockspaces",
  request: { query: CallQuery },
  responses: {
    200: { description: "All", content: { "application/json": { schema: LockspaceList } } },
    ...problems(),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/lockspaces/{vg}",
  operationId: "getLockspace",
  summary: "The lockspace of one VG",
  request,
  responses: {
    200: { description: "Its state", content: { "application/json": { schema: Lockspace } } },
    ...problems(404),
  },
});

const start = createRoute({
  method: "post",
  path: "/v1/lockspaces/{vg}/start",
  operationId: "startLockspace",
  summary: "Start a VG's lockspace",
  description: "Succeeds with `changed` false if it is started with the same lock type and lock " +
    "args. With `wait` it is answered when the start is done; a deadline that passes before does " +
    "not undo the start.",
  request: {
    ...request,
    body: { required: true, content: { "application/json": { schema: StartBody } } },
  },
  responses: {
    200: { description: "It starts", content: { "application/json": { schema: Started } } },
    ...problems(409, 501, 503, 504),
  },
});

const stop = createRoute({
  method: "post",
  path: "/v1/lockspaces/{vg}/stop",
  operationId: "stopLockspace",
  summary: "Stop a VG's lockspace",
  description: "Answered when it has stopped; succeeds with `changed` false if it is not started.",
  request: { ...request, body: { content: { "application/json": { schema: StopBody } } } },
  responses: {
    200: { description: "It is stopped", content: { "application/json": { schema: Stopped } } },
    ...problems(409, 503, 504),
  },
});

const kill = createRoute({
  method: "post",
  path: "/v1/lockspaces/{vg}/kill",
  operationId: "killLockspace",
  summary: "Grant no more locks in a VG whose lock storage is lost",
  request: { ...request, body: noBody },
  responses: {
    200: { description: "It is killed", content: { "application/json": { schema: Killed } } },
    ...problems(404, 409, 504),
  },
});

const drop = createRoute({
  method: "post",
  path: "/v1/lockspaces/{vg}/drop",
  operationId: "dropLockspace",
  summary: "Forget a lockspace with all its locks",
  description: "Only safe when nothing on this host uses the VG any more.",
  request: { ...request, body: noBody },
  responses: {
    200: { description: "It is dropped", content: { "application/json": { schema: Dropped } } },
    ...problems(404, 409, 504),
  },
});

export function lockspaceRoutes(api: ApiContext) {
  const views = () => treeOf(api.service.inspect());
  const presenter = () => new Presenter(api.service, api.now());
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, (c) => {
      const present = presenter();
      return c.json({ lockspaces: views().map((view) => present.lockspace(view)) }, 200);
    })
    .openapi(get, (c) => {
      const { vg } = c.req.valid("param");
      const view = views().find(({ row }) => row.vgName === toBytes(vg));
      if (!view) throw refusal(api, 0, vgRequest(Op.vgStatus, vg), { result: -Errno.ENOLS });
      return c.json(presenter().lockspace(view), 200);
    })
    .openapi(start, async (c) => {
      const { vg } = c.req.valid("param");
      const { deadlineMs } = c.req.valid("query");
      return c.json(await startLockspace(api, c, vg, c.req.valid("json"), deadlineMs), 200);
    })
    .openapi(stop, async (c) => {
      const { vg } = c.req.valid("param");
      const flags = c.req.valid("json").force ? OptionFlag.force : 0;
      const request = vgRequest(Op.stop, vg, flags);
      return c.json(await stopLockspace(api, c, vg, request, c.req.valid("query").deadlineMs), 200);
    })
    .openapi(kill, async (c) => {
      const { vg } = c.req.valid("param");
      await demand(api, c, vgRequest(Op.killVg, vg), c.req.valid("query").deadlineMs);
      return c.json({ vg, killed: true as const }, 200);
    })
    .openapi(drop, async (c) => {
      const { vg } = c.req.valid("param");
      await demand(api, c, vgRequest(Op.dropVg, vg), c.req.valid("query").deadlineMs);
      return c.json({ vg, dropped: true as const }, 200);
    });
}

async function demand(
  api: ApiContext,
  c: Parameters<typeof perform>[1],
  request: ReturnType<typeof vgRequest>,
  deadlineMs: number | undefined,
): Promise<void> {
  const reply = await perform(api, c, { request, deadlineMs });
  if (!succeeded(reply.result)) throw refusal(api, 0, request, reply);
}
