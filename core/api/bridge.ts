/**
 * Between Node's HTTP server and the application: makes a `Request` from what arrives, sends the
 * `Response`, and notices when the caller goes away. Node's server is used because it bounds the
 * time and size of headers and says whether an answer was passed on.
 *
 * @module
 */
import { Buffer } from "node:buffer";
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
    // What came in one piece with the headers is here once the parser is done with that piece.
    await undefined;
    const body = bodyOf(incoming);
    const bindings = { delivered: delivered.promise, gone: gone.signal, ...body && { body } };
    const response = await fetch(requestOf(incoming), bindings);
    await send(response, outgoing, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) report(error);
    outgoing.destroy();
  }
}

/** Without its body, see {@link Bindings}. */
function requestOf(incoming: IncomingMessage): Request {
  const { method = "GET", url = "/" } = incoming;
  const headers: [string, string][] = [];
  for (const name of HEADERS) {
    for (const value of incoming.headersDistinct[name] ?? []) headers.push([name, value]);
  }
  return new Request(addressOf(url), { method, headers });
}

/** The headers that the application looks at: to make a `Request` of all of them takes long. */
const HEADERS = ["content-type", "content-length", "user-agent"];

/** Addresses that need no second look. */
const PLAIN = /^(\/\w+)+$/;

/** Only the path counts: there is one server behind a socket, whatever name it was called by. */
function addressOf(url: string): string | URL {
  if (PLAIN.test(url)) return `http://lvmlockd${url}`;
  const address = new URL("http://lvmlockd");
  const asked = URL.parse(url.startsWith("/") ? `http://lvmlockd${url}` : url);
  address.pathname = asked?.pathname ?? "/*";
  address.search = asked?.search ?? "";
  return address;
}

/** What nobody reads of it stays unread: the connection is closed then. */
function bodyOf(incoming: IncomingMessage): Uint8Array | AsyncIterable<Uint8Array> | undefined {
  const { method, headers } = incoming;
  if (method === "GET" || method === "HEAD") return undefined;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    return undefined;
  }
  if (incoming.complete) return all(incoming);
  return incoming.iterator({ destroyOnReturn: false });
}

/** One read takes one piece, and a body that came at once may be in several. */
function all(incoming: IncomingMessage): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let piece; (piece = incoming.read()) !== null;) pieces.push(piece);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

async function send(
  response: Response,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return await response.body?.cancel();
  const headers = Object.fromEntries(response.headers);
  if (!isStream(response)) {
    const text = await response.text();
    // To HEAD it would have to be that of the answer to GET.
    if (outgoing.req.method !== "HEAD") headers["content-length"] = String(Buffer.byteLength(text));
    outgoing.writeHead(response.status, headers);
    outgoing.end(text); // one write for both
    return;
  }
  outgoing.writeHead(response.status, headers);
  // A stream may stay silent for long: the caller learns now that it is open.
  outgoing.flushHeaders();
  if (response.body) await sendStream(response.body, outgoing, gone);
  outgoing.end();
}

/** Is it sent as it is made, or because it is long, piece by piece? */
function isStream({ headers }: Response): boolean {
  return headers.get("content-type") === NDJSON || headers.has("transfer-encoding");
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
