/**
 * Makes requests for the lock table from the bodies of HTTP calls.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../types.ts";
import type { AcquireBody, ReleaseBody } from "./schemas/locks.ts";
import type { StartBody } from "./schemas/lockspaces.ts";
import { toBytes } from "./text.ts";

/** A request about a VG; `flags` are OptionFlag bits. */
export function vgRequest(op: Op, vg: string, flags = 0): Request {
  return { ...emptyRequest, op, resourceType: ResourceType.vg, vgName: toBytes(vg), flags };
}

export function startRequest(vg: string, body: z.infer<typeof StartBody>): Request {
  return {
    ...vgRequest(Op.start, vg, body.wait ? OptionFlag.wait : 0),
    lockType: LockType[body.lockType],
    vgArgs: toBytes(body.lockArgs),
    vgUuid: body.vgUuid ?? "",
    hostId: body.hostId ?? 0,
    pvPaths: (body.pvPaths ?? []).map(toBytes),
  };
}

/** What the bodies of acquire, convert and release have in common. */
export type LockBody = z.infer<typeof AcquireBody> | z.infer<typeof ReleaseBody>;

/** Acquires, converts or (`un`) releases a lock. */
export function lockRequest(body: LockBody, mode: "un" | "sh" | "ex"): Request {
  const request = {
    ...emptyRequest,
    op: Op.lock,
    resourceType: ResourceType[body.type],
    mode: Mode[mode],
    flags: body.persistent ? OptionFlag.persistent : 0,
  };
  if (body.type === "gl") return request;
  if (body.type === "vg") return { ...request, vgName: toBytes(body.vg) };
  return {
    ...request,
    vgName: toBytes(body.vg),
    lvUuid: body.lvUuid,
    lvName: toBytes(body.lvName ?? ""),
    lvArgs: toBytes(body.lockArgs ?? ""),
    pvPaths: (body.pvPaths ?? []).map(toBytes),
  };
}
