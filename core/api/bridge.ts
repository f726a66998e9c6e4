/**
 * Between Node's HTTP server and the application: makes a `Request` from what arrives, sends the
 * `Response`, and notices when the caller goes away. Node's server is used because it bounds the
 * time and size of headers and says whether an answer was passed on.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bindings } from "./context.ts";
import { NDJSON } from "./schemas/events.ts";

export type Fetch = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** Serves one request. Never rejects; `report` is told of errors that are not the caller's. */
export async function serveRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fetch: Fetch,
  report: (error: unknown) => void,
): Promise<void> {
  const gone = new AbortController();
  const delivered = Promise.withResolvers<void>();
  // Not every call asks, and one that does not must not fail for it.
  delivered.promise.catch(() => {});
  incoming.on("error", () => {});
  outgoing.on("error", () => {});
  outgoing.on("close", () => {
    if (outgoing.writableFinished) return delivered.resolve();
    gone.abort();
    delivered.reject(new Error("The caller closed the connection"));
  });
  try {
    const request = requestOf(incoming, gone.signal);
    const response = await fetch(request, { delivered: delivered.promise });
    await send(response, outgoing, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) report(error);
    outgoing.destroy();
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/" } = incoming;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const hasBody = "content-length" in incoming.headers || "transfer-encoding" in incoming.headers;
  const body = hasBody && method !== "GET" && method !== "HEAD" ? bodyOf(incoming) : null;
  return new Request(addressOf(url), { method, headers, body, signal });
}

/** Only the path counts: there is one server behind a socket, whatever name it was called by. */
function addressOf(url: string): URL {
  const address = new URL("http://lvmlockd");
  const asked = URL.parse(url.startsWith("/") ? `http://lvmlockd${url}` : url);
  address.pathname = asked?.pathname ?? "/*";
  address.search = asked?.search ?? "";
  return address;
}

/** The body as it arrives. What nobody reads stays unread: the connection is closed then. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

async function send(
  response: Response,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return await response.body?.cancel();
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body || response.headers.get("content-type") !== NDJSON) {
    outgoing.end(new Uint8Array(await response.arrayBuffer()));
    return;
  }
  // A stream may stay silent for long: the caller learns now that it is open.
  outgoing.flushHeaders();
  await sendStream(response.body, outgoing, gone);
  outgoing.end();
}

async function sendStream(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  gone.addEventListener("abort", () => reader.cancel());
  for (;;) {
    const { done, value } = await reader.read();
    if (done || gone.aborted) return;
    if (!outgoing.write(value)) await drained(outgoing, gone);
  }
}

/** Waits until the caller has taken what was written, or is gone. */
async function drained(outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const proceed = () => resolve();
  outgoing.once("drain", proceed);
  gone.addEventListener("abort", proceed);
  await promise;
  outgoing.off("drain", proceed);
  gone.removeEventListener("abort", proceed);
}
