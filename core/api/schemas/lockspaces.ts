/**
 * Schemas of lockspaces: a VG's locking domain, its state, and starting and stopping it.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { lockspaceStates } from "../../types.ts";
import { AgeSeconds, LockArgs, LockTypeName, PvPaths, Timestamp, Uuid, VgName } from "./common.ts";
import { Waiter } from "./locks.ts";

const RemainingSeconds = z.number().min(0).nullable();

export const Joining = z.object({
  note: z.string().openapi({ description: "What is waited for" }),
  since: Timestamp,
  ageSeconds: AgeSeconds,
  remainingSeconds: RemainingSeconds.openapi({
    description: "Seconds that it may still take at most; null if not known",
  }),
}).openapi("Joining");

export const Lease = z.object({
  state: z.enum(["healthy", "late", "lost"]).openapi({
    description: "late: it was not renewed in time, the locks are still held; lost: they are not",
  }),
  note: z.string().openapi({ description: "The same in a sentence" }),
  renewed: Timestamp.nullable(),
  expires: Timestamp.nullable().openapi({
    description: "When this host's locks are lost unless the lease is renewed before",
  }),
  remainingSeconds: RemainingSeconds.openapi({ description: "Seconds until it expires" }),
}).openapi("Lease");

export const LockspaceHost = z.object({
  hostId: z.int(),
  name: z.string().nullable(),
  generation: z.int(),
  state: z.string().openapi({ description: "LIVE, FAIL, DEAD, FREE or UNKNOWN" }),
  self: z.boolean().openapi({ description: "True for this host" }),
  lastSeen: Timestamp.nullable().openapi({
    description: "Its last sign of life; null if not known",
  }),
  lastSeenSeconds: AgeSeconds.nullable(),
}).openapi("LockspaceHost");

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
  joining: Joining.nullable().openapi({
    description: "What the lock manager does while the lockspace starts; null if it does not tell",
  }),
  lease: Lease.nullable().openapi({
    description: "The lease by which this host proves that it is alive; null where there is none",
  }),
  hosts: z.array(LockspaceHost).openapi({
    description: "The hosts in it as far as the lock manager tells, this one among them",
  }),
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
