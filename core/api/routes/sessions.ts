/**
 * Sessions: a stream that keeps transient locks alive and tells what happens to them.
 *
 * @module
 */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { ApiContext, ApiEnv } from "../context.ts";
import { type ChangeEvent, Event, NDJSON, SessionBody } from "../schemas/events.ts";
import { problems } from "../schemas/problem.ts";
import type { Session } from "../sessions.ts";
import { followState, streamEvents } from "../streams.ts";

const open = createRoute({
  method: "post",
  path: "/v1/sessions",
  operationId: "openSession",
  summary: "Open a session",
  description: "The answer is a stream of events. The first is `session` with the id that locks " +
    "are acquired with; then come events on the session's own locks and requests, on the state " +
    "of lockspaces, and heartbeats. When the stream is closed, by whatever cause, the session " +
    "ends: its transient locks are released, its waiting requests cancelled.",
  request: { body: { required: true, content: { "application/json": { schema: SessionBody } } } },
  responses: {
    200: { description: "Events, one a line", content: { [NDJSON as string]: { schema: Event } } },
    ...problems(503),
  },
});

export function sessionRoutes(api: ApiContext) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(open, (c) => {
      const { command, pid = 0 } = c.req.valid("json");
      const session = api.sessions.open(command, pid);
      return streamEvents((closed) => sessionEvents(api, session, closed), session.end);
    });
}

async function* sessionEvents(
  api: ApiContext,
  { id, client, owned }: Session,
  closed: AbortSignal,
): AsyncGenerator<Event[]> {
  const heartbeatSeconds = api.limits.heartbeatMs / 1000;
  const time = new Date(api.now()).toISOString();
  const wanted = (event: ChangeEvent) => clientOf(event) === client.id;
  yield* followState(api, closed, {
    initial: false,
    first: { event: "session", time, id, client: client.id, heartbeatSeconds },
    wanted: (event) => event.event === "lockspace" || wanted(event),
    others: (time) => owned.takeLost(time),
  });
}

function clientOf(event: ChangeEvent): number | undefined {
  if ("holder" in event) return event.holder.client?.id;
  return "waiter" in event ? event.waiter.client?.id : undefined;
}
