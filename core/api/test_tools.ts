/**
 * What the tests of the HTTP interface share: calling the application in process, reading streams,
 * and waiting for a state rather than for a time.
 *
 * @module
 */
import { type Api, type ApiOptions, createApi } from "./app.ts";
import type { Event, EventOf } from "./schemas/events.ts";
import { Problem } from "./schemas/problem.ts";
import { TestService } from "./test_service.ts";

export const lvUuid = "r03T0f-4xM8-rPIV-8XqI-hwv3-h8Y7-xRWjMr";
export const startBody = { lockType: "dlm", lockArgs: "1.0.0:test" };

export interface Answer {
  status: number;
  // Each test states the shape that it expects by what it compares with.
  // deno-lint-ignore no-explicit-any
  body: any;
  headers: Headers;
}

export class TestApi {
  readonly service = new TestService();
  readonly app: Api;

  constructor(options: ApiOptions = {}) {
    const limits = { coalesceMs: 0, ...options.limits };
    const report = (error: unknown) => {
      throw error;
    };
    this.app = createApi(this.service, {
      now: () => this.service.nowMs,
      report,
      ...options,
      limits,
    });
  }

  async get(path: string): Promise<Answer> {
    return await answerOf(await this.app.request(path));
  }

  async post(path: string, body: unknown = {}, init: RequestInit = {}): Promise<Answer> {
    return await answerOf(await this.send(path, body, init));
  }

  /** Posts without looking at the answer. */
  async send(path: string, body: unknown = {}, init: RequestInit = {}): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return await this.app.request(path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      ...init,
    });
  }

  /** Starts VGs without waiting for anything. */
  async start(...vgs: string[]): Promise<void> {
    for (const vg of vgs) {
      const { status } = await this.post(`/v1/lockspaces/${vg}/start`, startBody);
      expect(status, 200);
      this.service.joined(vg);
    }
  }

  async session(who: unknown = { command: "backup", pid: 77 }): Promise<TestSession> {
    const events = new EventReader(await this.send("/v1/sessions", who));
    const first = await events.next();
    if (first.event !== "session") throw new Error("Expected the session event");
    return { id: first.id, client: first.client, events };
  }

  /** Resolves as soon as `condition` holds; checked after each change of the service. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.service.onChange(() => condition() && resolve());
    await promise;
    stop();
  }

  /** Resolves when a call has begun to wait for a change of state. */
  async listening(): Promise<void> {
    while (this.service.listeners === 0) await this.get("/v1/status");
  }

  /** Number of requests that wait for locks. */
  get waiting(): number {
    return this.service.inspect().filter(({ kind }) => kind === "action").length;
  }

  get locks(): number {
    return this.service.inspect().filter(({ kind }) => kind === "lock").length;
  }
}

export interface TestSession {
  id: string;
  client: number;
  events: EventReader;
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** Reads a stream of events one by one. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #lines: string[] = [];

  constructor(response: Response) {
    expect(response.status, 200);
    expect(response.headers.get("content-type"), "application/x-ndjson");
    this.#reader = response.body!.getReader();
  }

  /** The next event; fails at the end of the stream. */
  async next(): Promise<Event> {
    while (this.#lines.length < 2) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The stream has ended");
      const text = (this.#lines.pop() ?? "") + this.#decoder.decode(value, { stream: true });
      this.#lines.push(...text.split("\n"));
    }
    return JSON.parse(this.#lines.shift()!);
  }

  /** Skips events until one of that kind. */
  async nextOf<Kind extends Event["event"]>(kind: Kind): Promise<EventOf<Kind>> {
    for (;;) {
      const event = await this.next();
      if (event.event === kind) return event as EventOf<Kind>;
    }
  }

  /** Reads to the end. */
  async rest(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** Checks that an answer is a problem of that kind and returns it. */
export function assertProblem({ status, body, headers }: Answer, wanted: number, code: string) {
  expect(`${status} ${body.code}`, `${wanted} ${code}`, body.detail);
  expect(headers.get("content-type"), "application/problem+json");
  expect(body.status, wanted);
  return Problem.strict().parse(body);
}

function expect(actual: unknown, wanted: unknown, because = ""): void {
  if (actual !== wanted) throw new Error(`Expected ${wanted}, got ${actual}: ${because}`);
}
