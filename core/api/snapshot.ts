/**
 * The state of all locks at one moment, keyed so that two moments can be compared, and the events
 * that lead from one to the other.
 *
 * @module
 */
import { inSlices } from "../os/slices.ts";
import type { LockService } from "../service.ts";
import { type ActionRow, type InspectRow, type LockRow, type LockspaceRow, Op } from "../types.ts";
import {
  type HolderJson,
  Presenter,
  presentRef,
  type ResourceRefJson,
  type WaiterJson,
} from "./present.ts";
import type { ChangeEvent, EventOf } from "./schemas/events.ts";
import { fromBytes, fromBytesOrNull } from "./text.ts";

export interface Held {
  resource: ResourceRefJson;
  holder: Omit<HolderJson, "ageSeconds">;
}
interface Waiting {
  resource: ResourceRefJson | null;
  lockspace: string;
  waiter: Omit<WaiterJson, "ageSeconds">;
}

/** Never changed once it is made, so that streams can share it. */
export interface Snapshot {
  lockspaces: ReadonlyMap<string, LockspaceRow>;
  locks: ReadonlyMap<string, Held>;
  waits: ReadonlyMap<string, Waiting>;
}

export const emptySnapshot: Snapshot = {
  lockspaces: new Map(),
  locks: new Map(),
  waits: new Map(),
};

/** Rows looked at before the clock is. */
const ROWS_A_LOOK = 64;

/** Made in slices. `atMoment` is called at the moment that it shows. */
export function takeSnapshot(service: LockService, atMoment?: () => void): Promise<Snapshot> {
  return service.listing((rows) => snapshotOf(rows, service), atMoment);
}

async function snapshotOf(rows: Iterable<InspectRow>, service: LockService): Promise<Snapshot> {
  const presenter = new Presenter(service, 0);
  const lockspaces = new Map<string, LockspaceRow>();
  const locks = new Map<string, Held>();
  const waits = new Map<string, Waiting>();
  const addWait = (row: ActionRow, { name }: LockspaceRow, resource: ResourceRefJson | null) => {
    // What the end of a client leaves to do is no request that anybody waits for.
    if (row.op === Op.close) return;
    const { ageSeconds: _, ...waiter } = presenter.waiter(row, name);
    const lockspace = fromBytes(name);
    waits.set(`${row.clientId} ${row.requestId}`, { resource, lockspace, waiter });
  };
  let lockspace: LockspaceRow | undefined;
  let resource: ResourceRefJson | null = null;
  await inSlices(rows, ROWS_A_LOOK, (row) => {
    if (row.kind === "lockspace") lockspaces.set(fromBytes(row.name), lockspace = row);
    else if (!lockspace) throw new Error(`Row of a ${row.kind} without a lockspace`);
    else if (row.kind === "resource") resource = presentRef({ row, lockspace });
    else if (row.kind === "action") addWait(row, lockspace, row.resource ? resource : null);
    else if (resource) {
      const { ageSeconds: _, ...holder } = presenter.holder(row);
      locks.set(lockKey(resource, row), { resource, holder });
    }
  });
  return { lockspaces, locks, waits };
}

/** The key of a lock in a snapshot. */
export function lockKey({ lockspace, type, name }: ResourceRefJson, lock: LockRow): string {
  return `${lockspace} ${type} ${name} ${lock.persistent ? "persistent" : lock.clientId}`;
}

/**
 * What changed between two moments, in an order that is never absurd: who gives up comes before who
 * gets, lockspaces come before what is in them and go after it. Made in slices.
 */
export async function changesBetween(
  from: Snapshot,
  to: Snapshot,
  time: string,
): Promise<ChangeEvent[]> {
  const events: ChangeEvent[] = [];
  for (const [name, row] of to.lockspaces) {
    if (!sameLockspace(from.lockspaces.get(name), row)) events.push(lockspaceEvent(row, time));
  }
  await inSlices(from.locks, ROWS_A_LOOK, ([key, held]) => {
    const now = to.locks.get(key);
    if (!now || now.holder.since !== held.holder.since && now.holder.mode === held.holder.mode) {
      events.push({ event: "released", time, ...held });
    }
  });
  await inSlices(from.waits, ROWS_A_LOOK, ([key, waiting]) => {
    if (!to.waits.has(key)) events.push({ event: "wait-ended", time, ...waiting });
  });
  await inSlices(to.locks, ROWS_A_LOOK, ([key, held]) => {
    pushIfGained(events, from.locks.get(key), held, time);
  });
  await inSlices(to.waits, ROWS_A_LOOK, ([key, waiting]) => {
    if (!from.waits.has(key)) events.push({ event: "waiting", time, ...waiting });
  });
  for (const [name, row] of from.lockspaces) {
    if (!to.lockspaces.has(name)) events.push({ ...lockspaceEvent(row, time), state: "gone" });
  }
  return events;
}

function pushIfGained(events: ChangeEvent[], before: Held | undefined, now: Held, time: string) {
  if (before && before.holder.mode !== now.holder.mode) {
    events.push({ event: "converted", time, ...now, previousMode: before.holder.mode });
  } else if (before?.holder.since !== now.holder.since) {
    events.push({ event: "granted", time, ...now });
  }
}

function sameLockspace(a: LockspaceRow | undefined, b: LockspaceRow): boolean {
  return a !== undefined && a.state === b.state && a.killed === b.killed &&
    a.dropped === b.dropped && a.sinceMs === b.sinceMs;
}

function lockspaceEvent(row: LockspaceRow, time: string): EventOf<"lockspace"> {
  return {
    event: "lockspace",
    time,
    vg: fromBytesOrNull(row.vgName),
    lockspace: fromBytes(row.name),
    state: row.state,
    killed: row.killed,
    dropped: row.dropped,
  };
}
