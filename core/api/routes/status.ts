/**
 * What the daemon is, and whether it can serve locks now.
 *
 * @module
 */
import { createRoute, OpenAPIHono, type z } from "@hono/zod-openapi";
import { Errno, errnoName, explain } from "../../errno.ts";
import { emptyRequest, Op, type Request, ResourceType } from "../../types.ts";
import { perform } from "../calls.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import { ApiError, apiError } from "../problem.ts";
import { CallQuery } from "../schemas/common.ts";
import { problems } from "../schemas/problem.ts";
import { type Check, Health, Status } from "../schemas/status.ts";
import { fromBytes, fromBytesOrNull } from "../text.ts";
import { lockTypeWord } from "../words.ts";

/** A daemon that does not answer its own question in this time is not healthy, milliseconds. */
const HEALTH_DEADLINE_MS = 1000;

const status = createRoute({
  method: "get",
  path: "/v1/status",
  operationId: "getStatus",
  summary: "What the daemon is and what it serves",
  request: { query: CallQuery },
  responses: {
    200: { description: "The status", content: { "application/json": { schema: Status } } },
    ...problems(),
  },
});

const healthz = createRoute({
  method: "get",
  path: "/v1/healthz",
  operationId: "getHealth",
  summary: "Whether the daemon can serve locks",
  description: "Sends requests through the lock table and asks for the lock manager; answered " +
    "within 1 s at most.",
  request: { query: CallQuery },
  responses: {
    200: { description: "It can", content: { "application/json": { schema: Health } } },
    ...problems(503),
  },
});

/** Any answer will do: the question only has to go through the table and back. */
const tableProbe: Request = {
  ...emptyRequest,
  op: Op.queryLock,
  resourceType: ResourceType.vg,
  vgName: "lvmlockd-health-probe",
};
const lockManagerProbe: Request = { ...emptyRequest, op: Op.runningLm };

export function statusRoutes(api: ApiContext) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(status, (c) => c.json(statusOf(api), 200))
    .openapi(healthz, async (c) => {
      const { deadlineMs = HEALTH_DEADLINE_MS } = c.req.valid("query");
      const limitMs = Math.min(deadlineMs, HEALTH_DEADLINE_MS);
      const probe = (request: Request, working: (result: number) => boolean) =>
        timed(async () => {
          const { result } = await perform(api, c, { request, deadlineMs: limitMs });
          return { ok: working(result), detail: explainProbe(result, working(result)) };
        });
      const [table, lockManager] = await Promise.all([
        probe(tableProbe, () => true),
        probe(lockManagerProbe, (result) => result >= 0 || result === -Errno.EXFULL),
      ]);
      if (table.ok && lockManager.ok) {
        return c.json({ healthy: true as const, table, lockManager }, 200);
      }
      const detail = `Lock table: ${table.detail}; lock manager: ${lockManager.detail}`;
      throw apiError("unhealthy", { detail });
    });
}

function explainProbe(result: number, ok: boolean): string {
  return ok ? "it answers" : `${errnoName(result)}, ${explain(result).meaning.toLowerCase()}`;
}

async function timed(
  probe: () => Promise<{ ok: boolean; detail: string }>,
): Promise<z.infer<typeof Check>> {
  const start = performance.now();
  const outcome = await probe().catch((error) => {
    if (!(error instanceof ApiError)) throw error;
    return { ok: false, detail: "no answer in time" };
  });
  return { ...outcome, milliseconds: performance.now() - start };
}

function statusOf(api: ApiContext): z.infer<typeof Status> {
  const status = api.service.status();
  const { clients, lockspaces, locks, waiting } = status;
  return {
    apiVersion: "v1",
    version: status.version,
    pid: status.pid,
    started: new Date(status.startedMs).toISOString(),
    uptimeSeconds: Math.max(0, api.now() - status.startedMs) / 1000,
    testMode: status.testMode,
    globalLockType: lockTypeWord(status.globalLockType),
    lockManagers: status.lockManagers.map((manager) => ({
      type: lockTypeWord(manager.type),
      provider: manager.provider,
      clusterName: fromBytesOrNull(manager.clusterName),
      protects: manager.protects,
      acrossHosts: manager.acrossHosts,
    })),
    nativeSocket: fromBytes(status.nativeSocket),
    apiSocket: fromBytes(status.apiSocket),
    tableSha256: status.tableSha256,
    counts: { clients, lockspaces, locks, waiting, sessions: api.sessions.size },
  };
}
