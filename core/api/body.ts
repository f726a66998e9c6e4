/**
 * Takes in request bodies: JSON only, bounded in size and in time. What follows sees a request
 * whose body is complete.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { HonoRequest, MiddlewareHandler } from "hono";
import type { ApiEnv } from "./context.ts";
import { apiError } from "./problem.ts";

export interface BodyLimits {
  /** Bytes. */
  bodyMaxBytes: number;
  bodyTimeoutMs: number;
}

/** Where the rest of a body is not read, the connection can not be used again. */
const close = { connection: "close" };

export function takeBody(limits: BodyLimits): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      await complete(c.req, c.env?.body ?? c.req.raw.body, limits);
    }
    await next();
  };
}

/** From now on the body is checked and in memory; no body counts as `{}`. */
async function complete(
  request: HonoRequest,
  body: Uint8Array | AsyncIterable<Uint8Array> | null,
  limits: BodyLimits,
): Promise<void> {
  const { raw } = request;
  const announced = Number(raw.headers.get("content-length") ?? 0);
  if (announced > limits.bodyMaxBytes) throw tooLarge(limits.bodyMaxBytes);
  const type = raw.headers.get("content-type");
  const isJson = type !== null && /^application\/json\s*(;|$)/i.test(type);
  if (type !== null && !isJson) throw unsupported(`The content type is ${JSON.stringify(type)}`);
  const bytes = await readAll(body ?? new Uint8Array(), limits);
  if (bytes.length > 0 && !isJson) throw unsupported("The request has no content-type");
  if (!isJson) request.raw = typed(raw);
  // Hono keeps promises there. Another Request with this body takes several times as long.
  request.bodyCache.json = Promise.resolve(valueOf(bytes));
}

/** The same request, without its body, as JSON. */
function typed({ url, method, signal, headers }: Request): Request {
  const json = new Headers(headers);
  json.set("content-type", "application/json");
  return new Request(url, { method, headers: json, signal });
}

function unsupported(detail: string) {
  return apiError("unsupported-content-type", { detail }, close);
}

function tooLarge(bodyMaxBytes: number) {
  return apiError("body-too-large", { detail: `The limit is ${bodyMaxBytes} bytes` }, close);
}

async function readAll(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  limits: BodyLimits,
): Promise<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (body.length > limits.bodyMaxBytes) throw tooLarge(limits.bodyMaxBytes);
    return body;
  }
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const detail = `The body was not complete within ${limits.bodyTimeoutMs} ms`;
    late.reject(apiError("slow-body", { detail }, close));
  }, limits.bodyTimeoutMs);
  try {
    return await Promise.race([late.promise, gather(body, limits)]);
  } finally {
    clearTimeout(timer);
  }
}

async function gather(
  body: AsyncIterable<Uint8Array>,
  { bodyMaxBytes }: BodyLimits,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      length += piece.length;
      if (length > bodyMaxBytes) break;
      pieces.push(piece);
    }
  } catch {
    throw apiError("cancelled", { detail: "The connection closed within the body" }, close);
  }
  if (length > bodyMaxBytes) throw tooLarge(bodyMaxBytes);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body must be JSON in UTF-8. */
function valueOf(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw apiError("invalid-json", { detail: (error as Error).message });
  }
}
