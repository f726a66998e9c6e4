/**
 * Takes in request bodies: JSON only, bounded in size and in time. What follows sees a request
 * whose body is complete.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
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
      c.req.raw = await completed(c.req.raw, limits);
    }
    await next();
  };
}

/** The same request with a body that is checked and in memory; no body counts as `{}`. */
async function completed(request: Request, limits: BodyLimits): Promise<Request> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limits.bodyMaxBytes) throw tooLarge(limits);
  const type = request.headers.get("content-type");
  const isJson = type !== null && /^application\/json\s*(;|$)/i.test(type);
  if (type !== null && !isJson) throw unsupported(`The content type is ${JSON.stringify(type)}`);
  const bytes = request.body ? await readAll(request.body, limits) : new Uint8Array();
  if (bytes.length > 0 && !isJson) throw unsupported("The request has no content-type");
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  const { url, method, signal } = request;
  return new Request(url, { method, headers, signal, body: checkedJson(bytes) });
}

function unsupported(detail: string) {
  return apiError("unsupported-content-type", { detail }, close);
}

function tooLarge({ bodyMaxBytes }: BodyLimits) {
  return apiError("body-too-large", { detail: `The limit is ${bodyMaxBytes} bytes` }, close);
}

async function readAll(body: ReadableStream<Uint8Array>, limits: BodyLimits): Promise<Uint8Array> {
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

async function gather(body: ReadableStream<Uint8Array>, limits: BodyLimits): Promise<Uint8Array> {
  const reader = body.getReader();
  const bytes = new Uint8Array(limits.bodyMaxBytes);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw apiError("cancelled", { detail: "The connection closed within the body" }, close);
    });
    if (done) return bytes.subarray(0, length);
    if (length + value.length > limits.bodyMaxBytes) throw tooLarge(limits);
    bytes.set(value, length);
    length += value.length;
  }
}

/** The text of the body, known to be JSON in UTF-8. */
function checkedJson(bytes: Uint8Array): string {
  if (bytes.length === 0) return "{}";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    JSON.parse(text);
    return text;
  } catch (error) {
    throw apiError("invalid-json", { detail: (error as Error).message });
  }
}
