/**
 * The stream of all changes of state.
 *
 * @module
 */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { ApiContext, ApiEnv } from "../context.ts";
import { apiError } from "../problem.ts";
import { Event, NDJSON } from "../schemas/events.ts";
import { problems } from "../schemas/problem.ts";
import { followState, streamEvents } from "../streams.ts";

const events = createRoute({
  method: "get",
  path: "/v1/events",
  operationId: "followEvents",
  summary: "Follow all changes of state",
  description: "A stream of events. It begins with the state now, told as events, up to `sync`; " +
    "then come changes and heartbeats. Changes are collected for a moment: a lock that is taken " +
    "and released within it may not show. A slow reader sees more change at once, never old news.",
  responses: {
    200: { description: "Events, one a line", content: { [NDJSON as string]: { schema: Event } } },
    ...problems(503),
  },
});

export function eventRoutes(api: ApiContext) {
  let open = 0;
  return new OpenAPIHono<ApiEnv>()
    .openapi(events, (c) => {
      if (c.req.raw.method === "HEAD") return new Response(null);
      if (open >= api.limits.eventStreamsMax) {
        throw apiError("too-many-streams", { detail: `${open} event streams are open` });
      }
      open++;
      return streamEvents(
        (closed) => followState(api, closed, { initial: true, wanted: () => true }),
        () => open--,
      );
    });
}
