/**
 * What every route works with: the daemon, the open sessions, the feed of changes, and the limits.
 *
 * @module
 */
import type { Context } from "hono";
import { logger } from "../log.ts";
import type { LockService } from "../service.ts";
import { StateFeed } from "./feed.ts";
import { DEADLINE_DEFAULT_MS } from "./schemas/common.ts";
import { Sessions } from "./sessions.ts";

/** Times are in milliseconds. */
export interface ApiLimits {
  /** Time of a call that does not say. */
  deadlineMs: number;
  /** Time that a cancelled request may take to be confirmed. */
  cancelGraceMs: number;
  /** Longest body, bytes. */
  bodyMaxBytes: number;
  /** Time in which a body must have arrived. */
  bodyTimeoutMs: number;
  /** Time between two heartbeats of a stream. */
  heartbeatMs: number;
  /** Changes are collected for at least this long before they are told. */
  coalesceMs: number;
  sessionsMax: number;
  eventStreamsMax: number;
}

export const defaultLimits: Readonly<ApiLimits> = Object.freeze({
  deadlineMs: DEADLINE_DEFAULT_MS,
  cancelGraceMs: 50,
  bodyMaxBytes: 65_536,
  bodyTimeoutMs: 10_000,
  heartbeatMs: 5_000,
  coalesceMs: 25,
  sessionsMax: 1024,
  eventStreamsMax: 64,
});

export interface ApiOptions {
  limits?: Partial<ApiLimits>;
  /** Ends all sessions, streams and waiting calls when it is aborted. */
  shutdown?: AbortSignal;
  /** Told of errors that are the daemon's own. Default: the log is. */
  report?: (error: unknown) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface ApiContext {
  service: LockService;
  limits: ApiLimits;
  shutdown: AbortSignal;
  report: (error: unknown) => void;
  now: () => number;
  sessions: Sessions;
  feed: StateFeed;
}

/** What the server hands in with each request. */
export interface Bindings {
  /** Resolves when the answer was passed on, rejects when the caller was gone before. */
  delivered?: Promise<void>;
  /** Aborted when the caller goes away; else the request's own signal says so. */
  gone?: AbortSignal;
  /**
   * The body, whole or as it arrives, where the request has it not: a stream of its own costs much.
   */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
}
export interface ApiEnv {
  Bindings: Bindings;
}

/** Aborted when the caller goes away. */
export function goneOf(c: Context<ApiEnv>): AbortSignal {
  const bindings: Bindings | undefined = c.env;
  return bindings?.gone ?? c.req.raw.signal;
}

/** Tells the log of an error that is the daemon's own. */
export function reportToLog(error: unknown): void {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  logger("api").error(`error in the HTTP interface: ${text}`);
}

export function createContext(service: LockService, options: ApiOptions): ApiContext {
  const limits = { ...defaultLimits, ...options.limits };
  const report = options.report ?? reportToLog;
  const feed = new StateFeed(service, limits.coalesceMs, report);
  return {
    service,
    limits,
    shutdown: options.shutdown ?? new AbortController().signal,
    report,
    now: options.now ?? Date.now,
    sessions: new Sessions(service, feed, limits.sessionsMax),
    feed,
  };
}
