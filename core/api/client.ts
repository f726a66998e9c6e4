/**
 * A typed client of the HTTP interface. Its types are made from the routes themselves, so client and
 * daemon can not drift apart.
 *
 * @module
 */
import { hc } from "hono/client";
import type { Api } from "./app.ts";
import type { Event, SessionBody } from "./schemas/events.ts";
import type { Problem } from "./schemas/problem.ts";
import type { z } from "@hono/zod-openapi";

export type { Event, EventOf } from "./schemas/events.ts";
export type { Problem } from "./schemas/problem.ts";

/** The daemon answered a call with an error. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** An open session: its transient locks live until it is closed. */
export interface OpenSession {
  id: string;
  /** Number under which its locks are listed. */
  client: number;
  /** Events after the first. */
  events: AsyncIterable<Event>;
  close(): void;
}

export interface ApiClient extends Disposable {
  /** The calls, by path: `client.api.v1.locks.$get({ query: {} })`. */
  api: ReturnType<typeof hc<Api>>;
  /** @throws {ProblemError} */
  openSession(who: z.input<typeof SessionBody>): Promise<OpenSession>;
  /** All changes of state; leaving the loop closes the stream. @throws {ProblemError} */
  events(): AsyncIterable<Event>;
  /** Closes all connections. */
  close(): void;
}

/** A client of the daemon that serves the socket `path`. Connects with the first call. */
export function connectApi(path: string): ApiClient {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  // Nobody is called by this address, but Deno looks up a name although it connects to a socket file.
  const base = "http://127.0.0.1";
  const boundFetch: typeof fetch = (input, init) => fetch(input, { ...init, client });
  const close = () => client.close();
  return {
    api: hc<Api>(base, { fetch: boundFetch }),
    openSession: (who) => openSession(boundFetch, `${base}/v1/sessions`, who),
    events: () => follow(boundFetch, `${base}/v1/events`),
    close,
    [Symbol.dispose]: close,
  };
}

/** The result of a call. @throws {ProblemError} if the daemon answered with an error */
export async function resultOf<Answer extends { ok: boolean; json(): Promise<unknown> }>(
  call: Answer | Promise<Answer>,
): Promise<Awaited<ReturnType<Extract<Answer, { ok: true }>["json"]>>> {
  const answer = await call;
  if (!answer.ok) throw new ProblemError(await answer.json() as Problem);
  return await answer.json() as Awaited<ReturnType<Extract<Answer, { ok: true }>["json"]>>;
}

async function openSession(
  boundFetch: typeof fetch,
  url: string,
  who: z.input<typeof SessionBody>,
): Promise<OpenSession> {
  const abort = new AbortController();
  const response = await checked(boundFetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(who),
    signal: abort.signal,
  }));
  const events = eventsOf(response);
  const { value: first } = await events.next();
  if (first?.event !== "session") {
    throw new Error("The session's stream does not begin with its id");
  }
  return { id: first.id, client: first.client, events, close: () => abort.abort() };
}

async function* follow(boundFetch: typeof fetch, url: string): AsyncGenerator<Event> {
  yield* eventsOf(await checked(boundFetch(url)));
}

async function checked(call: Promise<Response>): Promise<Response> {
  const response = await call;
  if (!response.ok) throw new ProblemError(await response.json());
  return response;
}

/** Splits a stream into events. */
export async function* eventsOf(response: Response): AsyncGenerator<Event> {
  if (!response.body) return;
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}
