/**
 * Serves the HTTP interface on a Unix socket that only its owner can open.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { apiConnections } from "../os/connection_limits.ts";
import { closeOnExec, fileLimit } from "../os/process.ts";
import type { LockService } from "../service.ts";
import { type ApiOptions, createApi } from "./app.ts";
import { serveRequest } from "./bridge.ts";
import { defaultLimits, reportToLog } from "./context.ts";
import { type ApiError, apiError } from "./problem.ts";
import { PROBLEM_JSON } from "./schemas/problem.ts";
import { type FileId, fileIdOf, isStill, takeOver } from "./socket_file.ts";

/** Where the interface is served when nothing else is said, beside the native socket. */
export const DEFAULT_API_SOCKET = "/run/lvm/lvmlockd-api.socket";

/** Bytes of a request line and headers. */
const HEADER_MAX_BYTES = 16_384;
/** Connections that wait to be taken: they have no descriptor yet, and get theirs all at once. */
const BACKLOG_MAX = 511;
/** Connections without a request are kept this long, milliseconds. */
const KEEP_ALIVE_MS = 120_000;
/** Answers on their way when the server stops get this long, milliseconds. */
const LAST_ANSWERS_MS = 1_000;

export interface ServeOptions extends Omit<ApiOptions, "shutdown"> {
  /** Path of the socket. Its directory must exist. */
  path?: string;
  /** An inherited listening socket (socket activation), bound to the path. */
  listenFd?: number;
  /**
   * Time in which the headers of a request must have arrived, milliseconds. Who is late is noticed
   * within twice this time.
   */
  headersTimeoutMs?: number;
}

export interface ApiServer {
  path: string;
  /**
   * Ends streams and sessions, answers what waits with 503, and removes the socket. Resolves when
   * all connections are closed.
   */
  stop(): Promise<void>;
}

/**
 * Serves `service` until it is stopped.
 *
 * @throws {Error} if the socket can not be made, or belongs to someone else
 */
export async function serveApi(
  service: LockService,
  options: ServeOptions = {},
): Promise<ApiServer> {
  const { path = DEFAULT_API_SOCKET, listenFd, headersTimeoutMs = 10_000, ...apiOptions } = options;
  const shutdown = new AbortController();
  const report = options.report ?? reportToLog;
  const api = createApi(service, { ...apiOptions, shutdown: shutdown.signal });
  const bodyTimeoutMs = options.limits?.bodyTimeoutMs ?? defaultLimits.bodyTimeoutMs;
  const server = createServer({
    maxHeaderSize: HEADER_MAX_BYTES,
    headersTimeout: headersTimeoutMs,
    // The application answers slow bodies itself; this is for what it never reads.
    requestTimeout: headersTimeoutMs + 2 * bodyTimeoutMs,
    // It ticks without connections too: more often would wake an idle daemon.
    connectionsCheckingInterval: headersTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requireHostHeader: false, // refused here, in our own words
  }, (incoming, outgoing) => {
    if (lacksHost(incoming)) return answerProblem(outgoing, noHost());
    serveRequest(incoming, outgoing, (request, bindings) => api.fetch(request, bindings), report);
  });
  // The runtime's listener takes no more connections for ever when it has failed once for want of a
  // descriptor, so there must be one for each. More are closed as they come.
  server.maxConnections = apiConnections(fileLimit());
  server.on("clientError", answerClientError);
  server.on("checkExpectation", (_, outgoing) => answerProblem(outgoing, unexpected()));
  if (listenFd === undefined) await takeOver(path);
  const file = await listen(server, path, listenFd);
  closeOnExec(server);
  server.on("error", report);
  return { path, stop: () => stop(server, shutdown, path, file) };
}

/**
 * Listens on `path`, from the first moment on with mode 0600, or on an inherited socket, which has no
 * file of ours.
 */
function listen(server: Server, path: string, fd?: number): Promise<FileId | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<FileId | undefined>();
  const refuse = (error: Error) => {
    reject(new Error(`Cannot listen on "${path}": ${error.message}`, { cause: error }));
  };
  server.once("error", refuse);
  const mask = Deno.umask(0o177);
  try {
    const backlog = Math.min(BACKLOG_MAX, server.maxConnections >> 2);
    server.listen(fd === undefined ? { path, backlog } : { fd }, () => {
      server.off("error", refuse);
      resolve(fd === undefined ? fileIdOf(path) : undefined);
    });
  } finally {
    Deno.umask(mask);
  }
  return promise;
}

async function stop(
  server: Server,
  shutdown: AbortController,
  path: string,
  file: FileId | undefined,
): Promise<void> {
  if (!server.listening) return;
  const closed = Promise.withResolvers<void>();
  const ours = file === undefined || isStill(path, file);
  // Closing removes whatever has the name of the socket. If that is somebody else's, the listener,
  // which nobody can reach any more, is left to the end of the process.
  if (ours) server.close(() => closed.resolve());
  else server.unref();
  shutdown.abort();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  if (ours) await closed.promise;
  clearTimeout(timer);
}

/** Errors before there is a request: headers that are wrong, too long or too slow. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET" || error.code === "EPIPE") {
    socket.destroy();
    return;
  }
  const { problem } = clientProblem(error.code);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\n` +
      `content-type: application/problem+json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** HTTP/1.1 demands the header, although nothing depends on it here. */
function lacksHost({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === "1.1" && headers.host === undefined;
}

function noHost(): ApiError {
  return apiError("bad-request", { detail: "The request has no Host header" });
}

function unexpected(): ApiError {
  const detail = 'The request has an Expect header other than "100-continue"';
  return apiError("expectation-failed", { detail });
}

/** Instead of the application. What the request has of a body is not read. */
function answerProblem(outgoing: ServerResponse, error: ApiError): void {
  const body = JSON.stringify(error.problem);
  outgoing.writeHead(error.problem.status, {
    "content-type": PROBLEM_JSON,
    "content-length": body.length,
    connection: "close",
  });
  outgoing.end(body);
}

function clientProblem(code = "") {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return apiError("slow-request", { detail: "The request did not arrive in time" });
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return apiError("headers-too-large", { detail: `The limit is ${HEADER_MAX_BYTES} bytes` });
  }
  return apiError("bad-request", { detail: `The request is not HTTP/1.1: ${code}` });
}
