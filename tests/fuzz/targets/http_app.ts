/**
 * The HTTP interface as an application: requests that are handed in, several in a row.
 *
 * @module
 */
import { NDJSON } from "../../../core/api/schemas/events.ts";
import { Problem, PROBLEM_JSON } from "../../../core/api/schemas/problem.ts";
import { abortedSoon, TestDaemon } from "../engine/daemon.ts";
import { loadProgram } from "../engine/program.ts";
import { demand, type Subject, type Target } from "../engine/target.ts";
import { demandCleanPrototypes } from "../engine/text_target.ts";
import { LV_UUID } from "./requests.ts";

/** Between two requests of an input. */
const NEXT = "\x1e";
const MOST_REQUESTS = 6;
/** Stands for the id of the session that was opened last. */
const SESSION = "$S";
const NO_SESSION = "0".repeat(32);
/** The modules whose places count. */
export const paths = ["core/api/"];
/** Steps that an input may cost, besides those for its length. */
const STEPS = 5_000_000;

const json = (method: string, path: string, body: unknown = {}) =>
  `${method} /v1/${path} application/json\n${JSON.stringify(body)}`;
export const vg1 = { lockType: "dlm", lockArgs: "1.0.0:test" };
export const lv = { type: "lv", vg: "vg1", lvUuid: LV_UUID, persistent: true };
const lockLv = json("POST", "locks", { ...lv, mode: "ex" });
const start = json("POST", "lockspaces/vg1/start?deadlineMs=500", vg1);

const open = json("POST", "sessions", { command: "fuzz", pid: 3 });
const ownVg = { type: "vg", vg: "vg1", session: SESSION };
const lockVg = (mode: string) => json("POST", "locks?deadlineMs=3", { ...ownVg, mode });

const calls = [
  "GET /v1/status",
  "GET /v1/openapi.json",
  "GET /v1/events?deadlineMs=4",
  "GET /v1/locks?vg=vg1&type=lv",
  [start, lockLv, json("POST", "locks/convert", { ...lv, mode: "sh" })].join(NEXT),
  [start, lockLv, json("POST", "locks/release", lv), "GET /v1/lockspaces/vg1"].join(NEXT),
  [start, json("POST", "locks", { type: "gl", mode: "sh" }), "GET /v1/locks"].join(NEXT),
  [start, json("POST", "lockspaces/vg1/stop", { force: true })].join(NEXT),
  [start, json("POST", "lockspaces/vg1/kill"), json("POST", "lockspaces/vg1/drop")].join(NEXT),
  open,
  [start, open, lockVg("ex"), open, lockVg("sh"), "GET /v1/locks"].join(NEXT),
  [
    start,
    open,
    lockVg("sh"),
    open,
    lockVg("sh"),
    json("POST", "locks/convert?deadlineMs=3", { ...ownVg, mode: "ex" }),
  ]
    .join(NEXT),
  [
    start,
    open,
    json("POST", "locks", { type: "gl", session: SESSION, mode: "sh" }),
    "GET /v1/events",
  ]
    .join(NEXT),
  [start, lockLv, json("POST", "lockspaces/vg1/stop"), json("POST", "lockspaces/vg1/drop")].join(
    NEXT,
  ),
  [
    start,
    lockLv,
    open,
    json("POST", "locks?deadlineMs=3", { ...lv, mode: "sh", persistent: false, session: SESSION }),
  ]
    .join(NEXT),
  'PUT /v1/locks text/plain\n{"a":[1,2,{"b":null}]}',
  'POST /v1/locks application/json; charset=x\n{"__proto__":{"x":1},"type":"vg"}',
];

export const words = [
  "vg1",
  "null",
  "true",
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "?",
  "&",
  "=",
  "/",
  "%00",
  "%ff",
]
  .concat([
    "%2e%2e",
    "\\u0000",
    "\\ud800",
    "-1",
    "1e999",
    "__proto__",
    "constructor",
    NEXT,
    "application/json",
  ])
  .concat([
    "POST",
    "GET",
    "DELETE",
    "/v1/",
    "deadlineMs=1",
    "ex",
    "sh",
    "un",
    "idm",
    "pvPaths",
    "\xc3\xa9",
  ]);

/** An error is a problem with words; nothing is the daemon's own fault. */
function checkAnswer(status: number, type: string | null, body: string): void {
  demand(status !== 500, "HTTP 500", () => body);
  demand(status >= 200 && status < 600, "a status that is none", () => status);
  if (status < 400) return;
  demand(type === PROBLEM_JSON, "an error is no problem+json", () => [status, type]);
  const problem = Problem.safeParse(JSON.parse(body));
  demand(problem.success, "a problem does not fit its schema", () => body);
  const { status: inside, detail, title, hint } = problem.data;
  demand(inside === status, "the status in the problem is another", () => body);
  demand(detail !== "" && title !== "" && hint !== "", "a problem without words", () => body);
}

/** The request of a text; undefined if there can be none such. */
function requestOf(text: string, signal: AbortSignal): Request | undefined {
  const end = text.indexOf("\n");
  const head = end < 0 ? text : text.slice(0, end);
  const [method = "GET", path = "/", ...type] = head.split(" ");
  const bytes = Uint8Array.from(text.slice(head.length + 1), (char) => char.charCodeAt(0));
  const hasBody = method !== "GET" && method !== "HEAD" && end >= 0;
  try {
    return new Request(new URL(`http://lvmlockd/${path.replace(/^\//, "")}`), {
      method,
      signal,
      headers: type.length > 0 ? { "content-type": type.join(" ") } : {},
      ...hasBody && { body: bytes },
    });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What a row of requests has open: streams, and the session of the latest one. */
class Conversation {
  #session = NO_SESSION;
  readonly #streams: ReadableStreamDefaultReader<Uint8Array>[] = [];

  /** With the session's id in it. */
  filled(text: string): string {
    return text.replaceAll(SESSION, this.#session);
  }

  /** The first piece of a stream, which stays open; the whole of anything else. */
  async bodyOf(response: Response): Promise<string> {
    if (response.headers.get("content-type") !== NDJSON) return await response.text();
    const reader = response.body!.getReader();
    this.#streams.push(reader);
    const text = new TextDecoder().decode((await reader.read()).value);
    this.#session = /"id":"([0-9a-f]{32})"/.exec(text)?.[1] ?? this.#session;
    return text;
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) await stream.cancel();
  }
}

export const httpApp: Target = {
  name: "http-app",
  about: "requests to the HTTP application, several in a row",
  seeds: () => calls,
  words,
  maxLength: 2500,
  async open(): Promise<Subject> {
    const program = await loadProgram();
    const daemon = new TestDaemon(program.modules);
    const app = program.modules.api.createApi(daemon.service, {
      report: (error) => daemon.failed(error),
      now: () => 0,
      limits: { coalesceMs: 0 },
    });
    const call = async (conversation: Conversation, text: string) => {
      const { signal, stop } = abortedSoon();
      try {
        const request = requestOf(conversation.filled(text), signal);
        if (request === undefined) return;
        const response = await app.fetch(request, {});
        const { status, headers } = response;
        const body = await conversation.bodyOf(response);
        checkAnswer(status, headers.get("content-type"), body);
      } finally {
        stop();
      }
    };
    return {
      coverage: program.coverageOf(paths),
      words: program.wordsOf(paths),
      async run(input) {
        daemon.renew();
        program.allow(STEPS + 3000 * input.length);
        const conversation = new Conversation();
        for (const text of input.split(NEXT).slice(0, MOST_REQUESTS)) {
          await call(conversation, text);
        }
        await conversation.close();
        program.allow(Infinity);
        daemon.demandHealth();
        demandCleanPrototypes();
      },
    };
  },
};
