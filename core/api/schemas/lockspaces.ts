/**
 * Schemas of lockspaces: a VG's locking domain, its state, and starting and stopping it.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { lockspaceStates } from "../../types.ts";
import { AgeSeconds, LockArgs, LockTypeName, PvPaths, Timestamp, Uuid, VgName } from "./common.ts";
import { Waiter } from "./locks.ts";

export const Lockspace = z.object({
  vg: z.string().nullable().openapi({ description: "Null for the global lockspace" }),
  lockspace: z.string().openapi({ example: "lvm_vg0" }),
  vgUuid: z.string().nullable(),
  lockType: LockTypeName.nullable(),
  lockArgs: z.string().nullable(),
  hostId: z.int().nullable().openapi({ description: "This host's id in it; null if it has none" }),
  generation: z.int().nullable().openapi({ description: "How often that host id has joined" }),
  state: z.enum(lockspaceStates),
  killed: z.boolean().openapi({ description: "True when the VG lost its lock storage" }),
  dropped: z.boolean().openapi({ description: "True when it is being dropped" }),
  globalLock: z.boolean().openapi({ description: "True when the global lock is enabled in it" }),
  locks: z.int().openapi({ description: "Locks held in it" }),
  waiting: z.int().openapi({ description: "Requests that wait in it, `pending` among them" }),
  pending: z.array(Waiter).openapi({ description: "Requests that wait for the lockspace itself" }),
  since: Timestamp,
  ageSeconds: AgeSeconds,
}).openapi("Lockspace");

export const LockspaceList = z.object({ lockspaces: z.array(Lockspace) }).openapi("LockspaceList");

export const StartBody = z.strictObject({
  lockType: LockTypeName,
  lockArgs: LockArgs.openapi({
    description: "The VG's lock args: they say which lock manager may serve the VG, so that two " +
      "hosts with different lock managers can not both start it",
  }),
  vgUuid: Uuid.optional(),
  hostId: z.int().min(1).max(2000).optional().openapi({
    description: "sanlock: this host's id, unique among the hosts; default: the daemon's own",
  }),
  pvPaths: PvPaths.optional(),
  wait: z.boolean().default(false).openapi({
    description: "Answer when the start is done, not when it is under way",
  }),
}).openapi("StartBody");

export const StopBody = z.strictObject({
  force: z.boolean().default(false).openapi({
    description: "Stop although LV locks are held. They are gone then: LVs still active here are " +
      "not protected from other hosts any more",
  }),
}).openapi("StopBody");

export const NoBody = z.strictObject({}).openapi("NoBody");

export const Started = z.object({
  vg: VgName,
  state: z.enum(["starting", "running"]),
  changed: z.boolean().openapi({ description: "False when it was started before" }),
  previousGeneration: z.int().nullable().openapi({
    description: "Generation of this host id before the start; null if there was none",
  }),
}).openapi("Started");

export const Stopped = z.object({
  vg: VgName,
  state: z.literal("stopped"),
  changed: z.boolean().openapi({ description: "False when it was not started" }),
}).openapi("Stopped");

export const Killed = z.object({ vg: VgName, killed: z.literal(true) }).openapi("Killed");
export const Dropped = z.object({ vg: VgName, dropped: z.literal(true) }).openapi("Dropped");
