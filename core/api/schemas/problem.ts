/**
 * Schema of errors: RFC 9457 problem details, with what a program needs to act on them.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { Holder, RemoteHost } from "./locks.ts";

/** The media type of errors. */
export const PROBLEM_JSON = "application/problem+json";

export const FieldProblem = z.object({
  in: z.enum(["body", "query", "path"]),
  field: z.string().openapi({ description: "JSON pointer, or the parameter's name; may be empty" }),
  message: z.string(),
}).openapi("FieldProblem");

export const Problem = z.object({
  type: z.string().openapi({ example: "urn:lvmlockd:problem:ENOLS" }),
  code: z.string().openapi({
    description: "Stable name of the error: an errno name of the native protocol or a word",
    example: "ENOLS",
  }),
  title: z.string().openapi({ description: "What the code means" }),
  status: z.int(),
  detail: z.string().openapi({ description: "What was wrong this time, by name" }),
  hint: z.string().openapi({ description: "What to do next" }),
  retryable: z.boolean().openapi({ description: "True when the same request may succeed later" }),
  result: z.int().openapi({
    description: "Result of the native protocol, a negative errno; 0 if there was none",
  }),
  instance: z.string().openapi({ description: "Names this one occurrence" }),
  errors: z.array(FieldProblem).optional().openapi({ description: "invalid-request: each field" }),
  holders: z.array(Holder).optional().openapi({ description: "Who is in the way on this host" }),
  blockedBy: RemoteHost.optional().openapi({ description: "The host that is in the way" }),
}).openapi("Problem");

export type Problem = z.infer<typeof Problem>;

const descriptions = {
  404: "Not found: no such lockspace, lock or session",
  409: "The state of locks does not allow it now",
  410: "Gone: the VG was killed or removed, or the session ended",
  501: "This daemon does not serve that lock type",
  503: "The lock manager, or this daemon, can not serve it now",
  504: "The deadline passed; the request was cancelled",
} as const;
type Described = keyof typeof descriptions;

type ProblemResponse = {
  description: string;
  content: { "application/problem+json": { schema: typeof Problem } };
};

function response(description: string): ProblemResponse {
  return { description, content: { [PROBLEM_JSON]: { schema: Problem } } };
}

/** The `responses` of a route that are errors: those named, and the general ones of every route. */
export function problems<Status extends Described>(
  ...statuses: Status[]
): { [S in Status | "4XX" | "5XX"]: ProblemResponse } {
  const named = statuses.map((status) => [status, response(descriptions[status])]);
  return {
    ...Object.fromEntries(named),
    "4XX": response("The request is wrong; see `code` and `errors`"),
    "5XX": response("The daemon could not do it; see `code`"),
  };
}
