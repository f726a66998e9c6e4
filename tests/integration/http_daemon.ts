/**
 * A daemon in test mode seen through its HTTP interface: calls of the typed client, and connections
 * that send what they like.
 *
 * @module
 */
import {
  type ApiClient,
  connectApi,
  type Event,
  type EventOf,
  type OpenSession,
  type Problem,
  ProblemError,
  resultOf,
} from "../../core/api/client.ts";
import type { ResourceJson } from "../../core/api/present.ts";
import { type DaemonProcess, Place } from "./daemon.ts";

const encoder = new TextEncoder();

export const dlm = { lockType: "dlm", lockArgs: "1.0.0:test" } as const;
export const lvUuid = "r03T0f-4xM8-rPIV-8XqI-hwv3-h8Y7-xRWjMr";

export class HttpDaemon implements AsyncDisposable {
  private constructor(
    readonly place: Place,
    readonly process: DaemonProcess,
    readonly client: ApiClient,
  ) {}

  static async start(): Promise<HttpDaemon> {
    const place = await Place.open("test");
    const process = await place.start();
    return new HttpDaemon(place, process, connectApi(place.api));
  }

  get calls(): ApiClient["api"]["v1"] {
    return this.client.api.v1;
  }

  async startVg(...vgs: string[]): Promise<void> {
    for (const vg of vgs) {
      const call = { param: { vg }, query: {}, json: { ...dlm, wait: true } };
      await resultOf(this.calls.lockspaces[":vg"].start.$post(call));
    }
  }

  /** All that is held or waited for. */
  async resources(): Promise<ResourceJson[]> {
    return (await resultOf(this.calls.locks.$get({ query: {} }))).resources;
  }

  async healthy(): Promise<boolean> {
    return (await resultOf(this.calls.healthz.$get({ query: {} }))).healthy;
  }

  /** Resolves when the listing fulfils `condition`. Wakes up with each event of the daemon. */
  async until(condition: (resources: ResourceJson[]) => boolean): Promise<void> {
    for await (const { event } of this.client.events()) {
      if (event !== "heartbeat" && condition(await this.resources())) return;
    }
    throw new Error("The daemon has ended");
  }

  async connect(): Promise<Deno.UnixConn> {
    return await Deno.connect({ transport: "unix", path: this.place.api });
  }

  /** Sends text as it is and reads all until the daemon closes. */
  async talk(...parts: (string | Uint8Array)[]): Promise<string> {
    using connection = await this.connect();
    try {
      for (const part of parts) await sendAll(connection, part);
    } catch (error) {
      // The daemon may close before all is sent; what it has said is there to be read.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    for (let text = "";;) {
      const length = await connection.read(buffer).catch((error) => {
        if (error instanceof Deno.errors.ConnectionReset) return null;
        throw error;
      });
      if (length === null) return text;
      text += decoder.decode(buffer.subarray(0, length), { stream: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.place[Symbol.asyncDispose]();
  }
}

async function sendAll(connection: Deno.Conn, part: string | Uint8Array): Promise<void> {
  let bytes = typeof part === "string" ? encoder.encode(part) : part;
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

/** A POST as it goes over the wire, its length announced as said. */
export function posted(path: string, body: string, length = encoder.encode(body).length): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
    `content-length: ${length}\r\nconnection: close\r\n\r\n${body}`;
}

/** The problem that a call fails with. */
export async function problemOf(
  call: Promise<{ ok: boolean; json(): Promise<unknown> }>,
): Promise<Problem> {
  try {
    await resultOf(call);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error("The call did not fail");
}

/** Reads a session's events until one of that kind; the stream can be read on afterwards. */
export async function nextOf<Kind extends Event["event"]>(
  session: OpenSession,
  kind: Kind,
): Promise<EventOf<Kind>> {
  const events = session.events[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`The stream ended without "${kind}"`);
    if (value.event === kind) return value as EventOf<Kind>;
  }
}
