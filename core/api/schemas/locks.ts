/**
 * Schemas of locks: who holds what, who waits for it, and the bodies of the calls that change it.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import {
  AgeSeconds,
  CallQuery,
  HeldMode,
  LockArgs,
  LvName,
  ModeName,
  PvPaths,
  Timestamp,
  TypeName,
  Uuid,
  VgName,
} from "./common.ts";

export const SessionId = z.string().regex(/^[0-9a-f]{32}$/, "Expected the id of a session")
  .openapi({ description: "Id from the first event of POST /v1/sessions" });

export const Client = z.object({
  id: z.int().min(1).openapi({ description: "Number of the client, unique in the daemon's life" }),
  origin: z.enum(["native", "http", "daemon"]).nullable(),
  pid: z.int().min(1).nullable().openapi({ description: "Process id, null if not known" }),
  command: z.string().nullable().openapi({ description: "Command name, null if not known" }),
  connected: z.boolean().openapi({ description: "False when the client is gone" }),
}).openapi("Client");

export const RemoteHost = z.object({
  hostId: z.int(),
  generation: z.int(),
  state: z.string().nullable().openapi({ description: "FREE, LIVE, FAIL, DEAD, UNKNOWN, ERROR" }),
  name: z.string().nullable(),
  heldSince: Timestamp.nullable().openapi({
    description: "About when it took what it holds; null if not known",
  }),
}).openapi("RemoteHost");

export const ResourceRef = z.object({
  type: TypeName,
  vg: z.string().nullable().openapi({ description: "Null for a global lock outside any VG" }),
  lockspace: z.string().openapi({ example: "lvm_vg0" }),
  name: z.string().openapi({ description: "GLLK, VGLK or the LV's UUID" }),
  lvUuid: z.string().nullable(),
}).openapi("ResourceRef");

export const Holder = z.object({
  mode: HeldMode,
  persistent: z.boolean().openapi({ description: "True when it outlives the client that took it" }),
  client: Client.nullable().openapi({
    description: "Who took the lock; null if not known any more",
  }),
  since: Timestamp,
  ageSeconds: AgeSeconds,
}).openapi("Holder");

export const Waiter = z.object({
  op: z.string().openapi({ description: "What is asked for; `lock` for a lock", example: "lock" }),
  mode: ModeName.openapi({ description: "Mode that is wanted" }),
  persistent: z.boolean(),
  client: Client.nullable(),
  since: Timestamp,
  ageSeconds: AgeSeconds,
  blockedBy: RemoteHost.nullable().openapi({ description: "Host that is in the way, if known" }),
}).openapi("Waiter");

export const Resource = ResourceRef.extend({
  mode: ModeName.openapi({ description: "Mode that this host holds in the lock manager" }),
  version: z.int().openapi({ description: "Version number that travels with the lock" }),
  holders: z.array(Holder),
  waiters: z.array(Waiter).openapi({ description: "In the order of arrival" }),
}).openapi("Resource");

export const LockList = z.object({ resources: z.array(Resource) }).openapi("LockList");

export const LockQuery = CallQuery.extend({
  vg: VgName.optional().openapi({ description: "Only what belongs to this VG" }),
  type: TypeName.optional(),
  mode: HeldMode.optional().openapi({ description: "Only what is held in this mode" }),
  client: z.string().regex(/^[1-9][0-9]{0,9}$/, "Expected the number of a client").transform(Number)
    .optional()
    .openapi({ type: "integer", description: "Only what this client holds or waits for" }),
});

const persistent = z.boolean().default(false).openapi({
  description:
    "A persistent lock stays until it is released; a transient one ends with its session",
});
const session = SessionId.optional();

/** One body with the target of the lock and what a call adds to it. */
function lockBody<Extra extends z.ZodRawShape>(extra: Extra) {
  const gl = z.strictObject({ type: z.literal("gl"), persistent, session, ...extra });
  const vg = z.strictObject({ type: z.literal("vg"), vg: VgName, persistent, session, ...extra });
  const lv = z.strictObject({
    type: z.literal("lv"),
    vg: VgName,
    lvUuid: Uuid,
    lvName: LvName.optional(),
    lockArgs: LockArgs.optional(),
    pvPaths: PvPaths.optional(),
    persistent,
    session,
    ...extra,
  });
  return z.discriminatedUnion("type", [gl, vg, lv]).superRefine((body, check) => {
    const { persistent, session } = body as { persistent: boolean; session?: string };
    if (!persistent && session === undefined) {
      check.addIssue({
        code: "custom",
        path: ["session"],
        message: "A transient lock needs a session: open one, or ask for a persistent lock",
      });
    }
  });
}

export const AcquireBody = lockBody({ mode: HeldMode }).openapi("AcquireBody");
export const ConvertBody = lockBody({ mode: HeldMode }).openapi("ConvertBody");
export const ReleaseBody = lockBody({}).openapi("ReleaseBody");

/** The lock that a call is about, in the words of its body. */
export const LockTarget = z.object({
  type: TypeName,
  vg: VgName.nullable(),
  lvUuid: Uuid.nullable(),
  mode: ModeName.openapi({ description: "Mode after the call" }),
  persistent: z.boolean(),
}).openapi("LockTarget");

export const Acquired = LockTarget.extend({
  alreadyHeld: z.boolean().openapi({ description: "True when it was held in this mode before" }),
  covered: z.boolean().openapi({
    description: "True when a persistent lock stands in for it: nothing was recorded for the " +
      "session, and nothing needs to be released",
  }),
}).openapi("Acquired");

export const Converted = LockTarget.extend({
  alreadyHeld: z.boolean().openapi({ description: "True when it was held in this mode before" }),
}).openapi("Converted");

export const Released = LockTarget.openapi("Released");
