/**
 * Shows what a lock manager knows about a lockspace as the JSON of the HTTP interface: how its join
 * goes, the lease of this host, and the hosts in it.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type { LockService } from "../service.ts";
import {
  type LockspaceHost,
  type LockspaceOutlook,
  type LockspaceRow,
  Op,
  type Owner,
  type Request,
} from "../types.ts";
import { sinceOf } from "./schemas/common.ts";
import type { RemoteHost } from "./schemas/locks.ts";
import type { Joining, Lease, LockspaceHost as HostSchema } from "./schemas/lockspaces.ts";
import { fromBytesOrNull } from "./text.ts";

export type RemoteHostJson = z.infer<typeof RemoteHost>;
export type JoiningJson = z.infer<typeof Joining>;

export function presentOutlook(outlook: LockspaceOutlook | undefined, nowMs: number) {
  const { joining, lease, hosts = [] } = outlook ?? {};
  return {
    joining: joining ? presentJoining(joining, nowMs) : null,
    lease: lease ? presentLease(lease, nowMs) : null,
    hosts: hosts.map((host) => presentHost(host, nowMs)),
  };
}

type JoiningOutlook = NonNullable<LockspaceOutlook["joining"]>;

function presentJoining({ note, sinceMs, longestMs }: JoiningOutlook, nowMs: number): JoiningJson {
  const remainingSeconds = longestMs === 0 ? null : secondsUntil(sinceMs + longestMs, nowMs);
  return { note, ...sinceOf(sinceMs, nowMs), remainingSeconds };
}

function presentLease(
  { state, note, renewedMs, expiresMs }: NonNullable<LockspaceOutlook["lease"]>,
  nowMs: number,
): z.infer<typeof Lease> {
  return {
    state,
    note,
    renewed: timeOrNull(renewedMs),
    expires: timeOrNull(expiresMs),
    remainingSeconds: expiresMs === 0 ? null : secondsUntil(expiresMs, nowMs),
  };
}

function presentHost(host: LockspaceHost, nowMs: number): z.infer<typeof HostSchema> {
  const { hostId, generation, state, self, lastSeenMs } = host;
  const seen = lastSeenMs === 0 ? undefined : sinceOf(lastSeenMs, nowMs);
  return {
    hostId,
    name: fromBytesOrNull(host.name),
    generation,
    state,
    self,
    lastSeen: seen?.since ?? null,
    lastSeenSeconds: seen?.ageSeconds ?? null,
  };
}

/**
 * Null when the lock manager named no host. What it did not say about the host is taken from
 * `hosts`, those of the lockspace.
 */
export function presentRemoteHost(
  owner: Owner,
  hosts: readonly LockspaceHost[] = [],
): RemoteHostJson | null {
  if (owner.hostId === 0) return null;
  const { hostId, generation, heldSinceMs = 0 } = owner;
  const known = hosts.find((host) => host.hostId === hostId);
  return {
    hostId,
    generation,
    state: fromBytesOrNull(owner.state || known?.state || ""),
    name: fromBytesOrNull(owner.name || known?.name || ""),
    heldSince: timeOrNull(heldSinceMs),
  };
}

/** What is known about the lockspaces that a request is about. */
export function outlooksOf(service: LockService, request: Request): LockspaceOutlook[] {
  const rows = request.op === Op.lock ? service.inspectResource(request) : service.inspect();
  return rows
    .filter((row): row is LockspaceRow => row.kind === "lockspace")
    .filter(({ vgName }) => request.vgName === "" || vgName === request.vgName)
    .flatMap(({ name }) => service.outlook(name) ?? []);
}

/** 0 stands for "not known". */
function timeOrNull(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}

function secondsUntil(ms: number, nowMs: number): number {
  return Math.max(0, ms - nowMs) / 1000;
}
