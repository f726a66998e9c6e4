/**
 * Errors on their way to the client: an exception that carries RFC 9457 problem details, and the
 * table of errors that the HTTP interface itself finds (those of the lock table are in refusal.ts).
 *
 * @module
 */
import { type Problem, PROBLEM_JSON } from "./schemas/problem.ts";

interface Kind {
  status: number;
  title: string;
  hint: string;
  retryable: boolean;
}

const kind = (
  status: number,
  title: string,
  hint: string,
  retryable = false,
): Kind => ({ status, title, hint, retryable });

const seeDocument = "GET /v1/openapi.json describes every call";

const kinds = {
  "bad-request": kind(400, "The request is not understood", seeDocument),
  "invalid-json": kind(400, "The body is not JSON", "Send one JSON object in UTF-8"),
  "invalid-request": kind(422, "The request does not fit the interface", seeDocument),
  "no-such-route": kind(404, "There is nothing at this address", seeDocument),
  "no-session": kind(404, "There is no such session", "Open one with POST /v1/sessions"),
  "method-not-allowed": kind(405, "This address does not know that method", seeDocument),
  "slow-body": kind(408, "The body did not arrive in time", "Send the body at once", true),
  "slow-request": kind(408, "The request did not arrive in time", "Send it at once", true),
  "expectation-failed": kind(417, "The expectation can not be met", "Leave the Expect header out"),
  "headers-too-large": kind(431, "The headers are too large", "Send less"),
  "body-too-large": kind(413, "The body is too large", "Send less"),
  "unsupported-content-type": kind(
    415,
    "The body's content type is not supported",
    "Send content-type: application/json",
  ),
  "session-ended": kind(
    410,
    "The session ended while the call waited",
    "Its transient locks are released; open a new session and ask again",
  ),
  "cancelled": kind(499, "The caller gave up", "Ask again if it is still wanted", true),
  "too-many-streams": kind(503, "Too many streams are open", "Close some, then try again", true),
  "shutting-down": kind(503, "The daemon is stopping", "Try again when it runs", true),
  "start-failed": kind(503, "The lockspace did not start", "See the daemon's log", true),
  "unhealthy": kind(503, "The daemon can not serve locks", "See `detail`", true),
  "internal-error": kind(500, "The daemon met an error of its own", "See the daemon's log"),
} satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof kinds;
/** What is special about one occurrence. */
export type Occurrence = Pick<Problem, "detail"> & Partial<Problem>;

/** Thrown anywhere in a call to answer it with a problem. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /** `headers` are added to the answer. */
  constructor(
    readonly problem: Problem,
    readonly headers: Record<string, string> = {},
  ) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

/** An error that the HTTP interface itself found. */
export function apiError(
  code: ProblemCode,
  occurrence: Occurrence,
  headers?: Record<string, string>,
): ApiError {
  return new ApiError({ ...fill(code, 0), ...kinds[code], ...occurrence }, headers);
}

/** The daemon stops: the call ends, and so does its connection. */
export function shuttingDown(): ApiError {
  const detail = "The daemon stops; the request was cancelled";
  return apiError("shutting-down", { detail }, { connection: "close" });
}

/** The parts of a problem that follow from its code, with a new `instance`. */
export function fill(code: string, result: number) {
  return {
    type: `urn:lvmlockd:problem:${code}`,
    code,
    result,
    instance: `urn:uuid:${crypto.randomUUID()}`,
  };
}

export function problemResponse({ problem, headers }: ApiError): Response {
  const { type, code, title, status, detail, hint, retryable, result, instance, ...more } = problem;
  const ordered = { type, code, title, status, detail, hint, retryable, result, instance, ...more };
  return new Response(JSON.stringify(ordered), {
    status,
    headers: { "content-type": PROBLEM_JSON, ...headers },
  });
}
