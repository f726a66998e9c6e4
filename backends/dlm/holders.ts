/**
 * Who keeps us from a lock. The DLM does not say; the node that decides about a resource knows, and
 * in a lockspace of two nodes it can only be the other one.
 *
 * @module
 */
import type { Owner } from "../../core/types.ts";
import type { ResourceSpec } from "../lock_manager.ts";
import { DlmMode } from "./constants.ts";
import { type DlmLockspace, lockName } from "./lockspace.ts";
import type { NodeNames } from "./node_names.ts";
import type { SystemFiles } from "./system_files.ts";
import type { DumpedLock, Tools } from "./tools.ts";

export interface Blocker {
  /** Absent when it cannot be told which node it is. */
  owner?: Owner;
  message: string;
}

export interface Witnesses {
  files: SystemFiles;
  tools: Tools;
  names: NodeNames;
}

/** Modes that keep others out. */
const LOCKED = ["CW", "PR", "PW", "EX"];

/** @param exclusive whether the lock was wanted exclusively. */
export async function findBlocker(
  lockspace: DlmLockspace,
  resource: ResourceSpec,
  exclusive: boolean,
  { files, tools, names }: Witnesses,
): Promise<Blocker> {
  const members = files.members(lockspace.name) ?? [];
  const self = files.localNode() ?? 0;
  const [dump] = await Promise.all([tools.locks(lockspace.name), names.learn(members)]);
  const locks = (dump ?? []).filter((lock) => lock.resource === resource.name);
  const what = lockName(lockspace.spec, resource);
  const others = members.filter((node) => node !== self);
  const seen = blockingNode(locks, exclusive);
  const isHere = exclusive && (isLeftHere(lockspace, resource, locks) ||
    (dump === undefined && others.length === 0));
  const node = seen ?? (!isHere && others.length === 1 ? others[0] : undefined);
  if (node !== undefined) {
    return { owner: ownerOf(node, names), message: `${what} is held by ${names.describe(node)}` };
  }
  if (isHere) {
    // Any other is taken over or released as soon as it is in the way.
    const message = `${what} was shared by a daemon of this node when it died: ` +
      "activate the LV shared first, then exclusively";
    return self === 0 ? { message } : { owner: ownerOf(self, names), message };
  }
  return { message: `${what} is held by ${oneOf(others, locks, names)}` };
}

/** Known only when this node decides about the resource. */
function blockingNode(locks: readonly DumpedLock[], exclusive: boolean): number | undefined {
  const blocks = exclusive ? LOCKED : LOCKED.filter((mode) => mode !== "PR");
  return locks.find(({ node, mode }) => node !== 0 && blocks.includes(mode))?.node;
}

/** This node has one lock more than this daemon. */
function isLeftHere(
  lockspace: DlmLockspace,
  { name }: ResourceSpec,
  locks: readonly DumpedLock[],
): boolean {
  const here = locks.filter(({ node, mode }) => node === 0 && LOCKED.includes(mode)).length;
  const mode = lockspace.held.get(name)?.mode ?? DlmMode.nl;
  return here > (mode === DlmMode.nl ? 0 : 1);
}

function oneOf(
  others: readonly number[],
  locks: readonly DumpedLock[],
  names: NodeNames,
): string {
  if (others.length === 0) return "another node";
  const master = locks.find((lock) => lock.master !== 0)?.master;
  const knows = master === undefined ? "" : `; ${names.describe(master)} knows which`;
  return `one of ${others.map((node) => names.describe(node)).join(", ")}${knows}`;
}

/** The DLM knows neither generations nor times. */
function ownerOf(node: number, names: NodeNames): Owner {
  return { hostId: node, generation: 0, timestamp: 0, state: "LIVE", name: names.known(node) };
}
