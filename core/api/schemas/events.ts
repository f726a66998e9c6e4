/**
 * Schemas of the event streams: one JSON object a line (NDJSON).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { lockspaceStates } from "../../types.ts";
import { HeldMode, Timestamp } from "./common.ts";
import { Holder, ResourceRef, SessionId, Waiter } from "./locks.ts";

/** The media type of the streams. */
export const NDJSON = "application/x-ndjson";

export const SessionBody = z.strictObject({
  command: z.string().regex(
    /^[^\p{Cc}]{1,63}$/u,
    "Expected 1 to 63 characters, none of control",
  )
    .openapi({ description: "Name shown to people who ask who holds a lock", example: "backup" }),
  pid: z.int().min(1).max(4_194_304).optional().openapi({
    description: "Process id of the caller",
  }),
}).openapi("SessionBody");

const time = Timestamp;
const EventHolder = Holder.omit({ ageSeconds: true });
const EventWaiter = Waiter.omit({ ageSeconds: true });

export const SessionEvent = z.object({
  event: z.literal("session"),
  time,
  id: SessionId,
  client: z.int().openapi({ description: "Number under which its locks are listed" }),
  heartbeatSeconds: z.number(),
}).openapi("SessionEvent");

export const LockspaceEvent = z.object({
  event: z.literal("lockspace"),
  time,
  vg: z.string().nullable(),
  lockspace: z.string(),
  state: z.enum([...lockspaceStates, "gone"]),
  killed: z.boolean(),
  dropped: z.boolean(),
}).openapi("LockspaceEvent");

export const LockEvent = z.object({
  event: z.enum(["granted", "released"]),
  time,
  resource: ResourceRef,
  holder: EventHolder,
}).openapi("LockEvent");

export const ConvertedEvent = z.object({
  event: z.literal("converted"),
  time,
  resource: ResourceRef,
  holder: EventHolder,
  previousMode: HeldMode,
}).openapi("ConvertedEvent");

export const WaitEvent = z.object({
  event: z.enum(["waiting", "wait-ended"]),
  time,
  resource: ResourceRef.nullable().openapi({ description: "Null when it waits for a lockspace" }),
  lockspace: z.string(),
  waiter: EventWaiter,
}).openapi("WaitEvent");

/** Everything before it is the state when the stream was opened. */
export const SyncEvent = z.object({ event: z.literal("sync"), time }).openapi("SyncEvent");

export const HeartbeatEvent = z.object({ event: z.literal("heartbeat"), time })
  .openapi("HeartbeatEvent");

export const EndEvent = z.object({ event: z.literal("end"), time, reason: z.string() })
  .openapi("EndEvent");

export const Event = z.discriminatedUnion("event", [
  SessionEvent,
  LockspaceEvent,
  LockEvent,
  ConvertedEvent,
  WaitEvent,
  SyncEvent,
  HeartbeatEvent,
  EndEvent,
]).openapi("Event");

export type Event = z.infer<typeof Event>;

/** The events of one kind: `EventOf<"waiting">`. */
export type EventOf<Kind extends Event["event"], Of = Event> = Of extends { event: infer Has }
  ? Kind extends Has ? Of : never
  : never;

/** Events that tell a change of state. */
export type ChangeEvent = EventOf<"lockspace" | "granted" | "released" | "converted" | "waiting">;
