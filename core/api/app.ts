/**
 * The HTTP interface of the daemon: versioned JSON under /v1. This file puts the routes together
 * and turns whatever goes wrong into problem details.
 *
 * @module
 */
import { type Hook, OpenAPIHono, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { LockService } from "../service.ts";
import { takeBody } from "./body.ts";
import { type ApiContext, type ApiEnv, type ApiOptions, createContext } from "./context.ts";
import { ApiError, apiError, problemResponse } from "./problem.ts";
import { eventRoutes } from "./routes/events.ts";
import { lockspaceRoutes } from "./routes/lockspaces.ts";
import { lockRoutes } from "./routes/locks.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { statusRoutes } from "./routes/status.ts";
import type { FieldProblem } from "./schemas/problem.ts";

export type { ApiLimits, ApiOptions } from "./context.ts";

/** The type from which the typed client is made. */
export type Api = ReturnType<typeof createApi>;

/** Makes the application. It listens nowhere: see server.ts. */
export function createApi(service: LockService, options: ApiOptions = {}) {
  const api = createContext(service, options);
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  app.use(takeBody(api.limits));
  app.onError((error) => problemResponse(asApiError(api, error)));
  app.notFound((c) => problemResponse(noSuchRoute(app, c)));
  return app
    .route("/", statusRoutes(api))
    .route("/", lockspaceRoutes(api))
    .route("/", lockRoutes(api))
    .route("/", sessionRoutes(api))
    .route("/", eventRoutes(api))
    .doc31("/v1/openapi.json", {
      openapi: "3.1.0",
      info: {
        title: "lvmlockd",
        version: "1",
        description: "State and control of LVM's lock daemon, over a Unix socket. Errors are " +
          "RFC 9457 problem details with a stable `code`.",
        license: { name: "MIT" },
      },
    });
}

// The hook is the same for every route, so it can not know their types.
// deno-lint-ignore no-explicit-any
const refuseInvalid: Hook<any, ApiEnv, any, void> = (result) => {
  if (!result.success) throw invalidRequest(result.target, result.error.issues);
};

function invalidRequest(target: string, issues: readonly z.core.$ZodIssue[]): ApiError {
  const place = target === "json" ? "body" : target === "param" ? "path" : "query";
  const errors = issues.map((issue): z.infer<typeof FieldProblem> => {
    const path = issue.path.map(String);
    const field = place === "body" ? path.map((key) => `/${key}`).join("") : path.join(".");
    return { in: place, field, message: issue.message };
  });
  const detail = errors.map(({ field, message }) =>
    `${[place, field].join(" ").trimEnd()}: ${message}`
  ).join("; ");
  return apiError("invalid-request", { detail, errors });
}

function asApiError(api: ApiContext, error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return apiError("bad-request", { detail: error.message });
  }
  api.report(error);
  return apiError("internal-error", { detail: "The daemon's log says more" });
}

function noSuchRoute(app: OpenAPIHono<ApiEnv>, c: Context<ApiEnv>): ApiError {
  const allowed = ["GET", "POST"].filter((method) =>
    app.router.match(method, c.req.path)[0].some(([[, route]]) => route.method === method)
  );
  const detail = `${c.req.method} ${c.req.path.slice(0, 200)}`;
  if (allowed.length === 0) return apiError("no-such-route", { detail });
  return apiError("method-not-allowed", { detail }, { allow: allowed.join(", ") });
}
