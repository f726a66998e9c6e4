/**
 * Schemas of the daemon's own state and health.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LockTypeName, Timestamp } from "./common.ts";

export const LockManager = z.object({
  type: LockTypeName.nullable(),
  provider: z.string().openapi({ description: "embedded, test, or the lock manager's own name" }),
  clusterName: z.string().nullable().openapi({
    description: "Cluster name that a VG's lock args must carry",
  }),
  protects: z.string().openapi({ description: "What its locks protect" }),
  acrossHosts: z.boolean().openapi({ description: "False when its locks hold on this host only" }),
}).openapi("LockManager");

export const Status = z.object({
  apiVersion: z.literal("v1"),
  version: z.string(),
  pid: z.int(),
  started: Timestamp,
  uptimeSeconds: z.number().min(0),
  testMode: z.boolean(),
  globalLockType: LockTypeName.nullable().openapi({
    description: "Kind of lock manager that serves the global lock; null while none is chosen",
  }),
  lockManagers: z.array(LockManager),
  nativeSocket: z.string(),
  apiSocket: z.string(),
  tableSha256: z.string().openapi({ description: "SHA-256 of the lock table's WASM module" }),
  counts: z.object({
    clients: z.int(),
    lockspaces: z.int(),
    locks: z.int(),
    waiting: z.int().openapi({ description: "Requests that have not been answered yet" }),
    sessions: z.int(),
  }),
}).openapi("Status");

export const Check = z.object({
  ok: z.boolean(),
  milliseconds: z.number().min(0).openapi({ description: "Time until the answer" }),
  detail: z.string(),
}).openapi("Check");

export const Health = z.object({
  healthy: z.literal(true),
  table: Check.openapi({ description: "The lock table answers requests" }),
  lockManager: Check.openapi({ description: "A lock manager is running" }),
}).openapi("Health");
