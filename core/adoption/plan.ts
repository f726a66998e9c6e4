/**
 * What to take over of a daemon that died: decided from what the lock managers found left behind,
 * what the adopt file says and which LVs are active. Decides only; nothing is asked or changed here.
 *
 * Differs from the stock daemon in one respect: LVs that are not active are taken over as well. The
 * command that activates one may be under way, and a lock that nobody owns would block every host.
 *
 * @module
 */
import type { LeftBehind } from "../../backends/lock_manager.ts";
import { LockType } from "../types.ts";
import type { ActiveLvs } from "./active_lvs.ts";
import type { AdoptLock, AdoptVg } from "./adopt_file.ts";

export interface Found {
  leftBehind: readonly LeftBehind[];
  /** Lock types whose manager could tell what it has; of others nothing is known. */
  listed: ReadonlySet<LockType>;
  /** VGs of the adopt file. */
  file: readonly AdoptVg[];
  /** `undefined` when it is not known: then every LV counts as active. */
  active: ActiveLvs | undefined;
}

export interface PlannedLock extends AdoptLock {
  /** PVs, where the manager needs them. */
  pvPaths?: string[];
  active: boolean;
  /** For people: `VG/LV` if it is active, else the UUID. */
  name: string;
}

/** A lockspace to join again, and the locks to take over in it, those of active LVs first. */
export interface PlannedVg extends Omit<AdoptVg, "locks"> {
  /** 0 where the manager has none. */
  hostId: number;
  /** PVs, where the manager needs them. */
  pvPaths?: string[];
  locks: PlannedLock[];
}

/** Something that an operator must know. */
export interface Trouble {
  vgName: string;
  /** UUIDs of active LVs whose lock this daemon does not hold because of it. */
  lvUuids: string[];
  text: string;
}

export interface Plan {
  vgs: PlannedVg[];
  /** Types of the lockspaces of the global lock that were left behind. */
  globals: LockType[];
  /** VGs of the file that are not taken over now, with the locks that a later attempt may want. */
  settled: AdoptVg[];
  troubles: Trouble[];
  /** What an operator may want to know. */
  notes: string[];
}

const typeNames = new Map<LockType, string>([
  [LockType.dlm, "the DLM"],
  [LockType.sanlock, "sanlock"],
  [LockType.idm, "the IDM lock manager"],
]);

/** Some names of many, for one line. */
export function someOf(names: readonly string[]): string {
  const shownNames = names.slice(0, 5).map(shown).join(", ");
  return names.length > 5 ? `${shownNames} and ${names.length - 5} more` : shownNames;
}

/** Text of unknown origin, for one line. */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

export function makePlan(found: Found): Plan {
  const plan: Plan = { vgs: [], globals: [], settled: [], troubles: [], notes: [] };
  const rest = new Set(found.file);
  for (const left of found.leftBehind) {
    if (left.vgName === "") {
      plan.globals.push(left.lockType);
      continue;
    }
    const recorded = matching(left, rest);
    if (recorded !== undefined) rest.delete(recorded);
    planVg(plan, left, recorded, found.active);
  }
  for (const vg of rest) planUnknown(plan, vg, found);
  // The first VG that starts chooses the type of the global lock: dlm comes before sanlock.
  plan.vgs.sort((a, b) => a.lockType - b.lockType);
  return plan;
}

/** The VG of the file that the manager means: by UUID if both know it, else the last of its name. */
function matching(left: LeftBehind, file: Iterable<AdoptVg>): AdoptVg | undefined {
  let found: AdoptVg | undefined;
  for (const vg of file) {
    if (vg.lockType !== left.lockType) continue;
    const known = vg.vgUuid !== "" && left.vgUuid !== "";
    if (known ? vg.vgUuid === left.vgUuid : vg.vgName === left.vgName) found = vg;
  }
  return found;
}

/** Where both know something, the manager is right; it may know a long name's beginning only. */
function planVg(
  plan: Plan,
  left: LeftBehind,
  recorded: AdoptVg | undefined,
  active: ActiveLvs | undefined,
): void {
  const vg = {
    vgName: recorded?.vgName ?? left.vgName,
    vgUuid: left.vgUuid || (recorded?.vgUuid ?? ""),
    lockType: left.lockType,
    vgArgs: left.vgArgs || (recorded?.vgArgs ?? ""),
    hostId: left.hostId,
    ...left.pvPaths && { pvPaths: left.pvPaths },
    locks: lockUnion(left.locks, recorded?.locks ?? [], active),
  };
  const needsNoArgs = vg.lockType === LockType.idm;
  if (vg.vgArgs !== "" || needsNoArgs) {
    plan.vgs.push(vg);
    return;
  }
  settle(plan, vg, vg.locks);
  plan.troubles.push({
    vgName: vg.vgName,
    lvUuids: vg.locks.filter(({ active }) => active).map(({ lvUuid }) => lvUuid),
    text: `VG ${shown(vg.vgName)} was left behind by a daemon that died, but neither ` +
      `${typeNames.get(vg.lockType)} nor the adopt file tells its lock args: it is left alone`,
  });
}

function lockUnion(
  fromManager: readonly AdoptLock[],
  fromFile: readonly AdoptLock[],
  active: ActiveLvs | undefined,
): PlannedLock[] {
  const locks = new Map<string, LeftBehind["locks"][number]>(
    fromFile.map((lock) => [lock.lvUuid, lock]),
  );
  for (const lock of fromManager) {
    const lvArgs = lock.lvArgs || (locks.get(lock.lvUuid)?.lvArgs ?? "");
    locks.set(lock.lvUuid, { ...lock, lvArgs });
  }
  const planned = [...locks.values()].map((lock): PlannedLock => ({
    ...lock,
    active: active?.has(lock.lvUuid) ?? true,
    name: active?.get(lock.lvUuid)?.name ?? lock.lvUuid,
  }));
  return [...planned.filter(({ active }) => active), ...planned.filter(({ active }) => !active)];
}

/** In the file, but no manager says that this host is in its lockspace. */
function planUnknown(plan: Plan, vg: AdoptVg, { active, listed }: Found): void {
  const isActive = ({ lvUuid }: AdoptLock) => active?.has(lvUuid) ?? true;
  const running = vg.locks.filter(isActive);
  const manager = typeNames.get(vg.lockType) ?? "a lock manager";
  const name = shown(vg.vgName);
  const wasAsked = listed.has(vg.lockType);
  settle(plan, vg, wasAsked ? running : vg.locks);
  if (running.length === 0) {
    plan.notes.push(
      wasAsked
        ? `VG ${name} of the adopt file is not started any more: nothing to adopt`
        : `VG ${name} of the adopt file needs ${manager}, which cannot be asked now`,
    );
    return;
  }
  const names = someOf(running.map(({ lvUuid }) => active?.get(lvUuid)?.name ?? lvUuid));
  const why = wasAsked
    ? `${manager} does not have its lockspace any more`
    : `${manager} cannot be asked`;
  plan.troubles.push({
    vgName: vg.vgName,
    lvUuids: running.map(({ lvUuid }) => lvUuid),
    text: `VG ${name}: ${why}, but LVs are active: ${names}. They run without protection from ` +
      "other hosts; deactivate them before anything else",
  });
}

function settle(plan: Plan, vg: Omit<AdoptVg, "locks">, locks: readonly AdoptLock[]): void {
  const { vgName, vgUuid, lockType, vgArgs } = vg;
  const kept = locks.map(({ lvUuid, lvArgs, mode }) => ({ lvUuid, lvArgs, mode }));
  plan.settled.push({ vgName, vgUuid, lockType, vgArgs, locks: kept });
}
