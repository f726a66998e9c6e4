/**
 * Turns the flat listing of the lock table into a tree: lockspaces, the resources in them, and for
 * each resource its locks and the requests that wait for it.
 *
 * @module
 */
import type { ActionRow, InspectRow, LockRow, LockspaceRow, ResourceRow } from "../types.ts";

export interface ResourceView {
  row: ResourceRow;
  lockspace: LockspaceRow;
  locks: LockRow[];
  waiters: ActionRow[];
}

export interface LockspaceView {
  row: LockspaceRow;
  resources: ResourceView[];
  /** Requests that wait for the lockspace itself, such as a stop. */
  pending: ActionRow[];
}

/** Rows come in order: a lockspace before what is in it, a resource before its locks and waiters. */
export function treeOf(rows: Iterable<InspectRow>): LockspaceView[] {
  const lockspaces: LockspaceView[] = [];
  let lockspace: LockspaceView | undefined;
  let resource: ResourceView | undefined;
  for (const row of rows) {
    if (row.kind === "lockspace") {
      lockspace = { row, resources: [], pending: [] };
      resource = undefined;
      lockspaces.push(lockspace);
    } else if (row.kind === "resource") {
      if (!lockspace) throw new Error("Resource row without a lockspace");
      resource = { row, lockspace: lockspace.row, locks: [], waiters: [] };
      lockspace.resources.push(resource);
    } else if (row.kind === "lock") {
      resource?.locks.push(row);
    } else {
      (row.resource ? resource?.waiters : lockspace?.pending)?.push(row);
    }
  }
  return lockspaces;
}

/** The resources of all lockspaces one after the other, for listings that are too long for a tree. */
export function* resourcesOf(rows: Iterable<InspectRow>): Generator<ResourceView> {
  let lockspace: LockspaceRow | undefined;
  let resource: ResourceView | undefined;
  for (const row of rows) {
    if (row.kind === "lock") {
      resource?.locks.push(row);
    } else if (row.kind === "action") {
      if (row.resource) resource?.waiters.push(row);
    } else {
      if (resource) yield resource;
      resource = undefined;
      if (row.kind === "lockspace") lockspace = row;
      else if (lockspace) resource = { row, lockspace, locks: [], waiters: [] };
    }
  }
  if (resource) yield resource;
}

/** The lockspace of a VG, by the VG's name as a byte string. */
export function lockspaceOf(rows: Iterable<InspectRow>, vgName: string): LockspaceRow | undefined {
  for (const row of rows) {
    if (row.kind === "lockspace" && row.vgName === vgName) return row;
  }
  return undefined;
}
