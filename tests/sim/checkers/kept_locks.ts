/**
 * An active LV keeps its lock: it is in the table, or while no daemon serves, with the lock manager for
 * the next one. Nothing else may happen than that the manager says that it is lost, or that a daemon
 * says that it could not adopt it; then it is still with the manager, unless that is idm.
 *
 * @module
 */
import { LockType, Mode } from "../../../core/types.ts";
import type { MakeChecker, Scene, TableView } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";
import type { ActiveLv, Host } from "../host.ts";

export const keptLocks: MakeChecker = (scene, object) => {
  const inManager = ({ number, active }: Host, when: string, uuids?: ReadonlySet<string>) => {
    if (scene.kind === LockType.idm || active.size === 0) return;
    const held = scene.held().filter(({ host }) => host === number);
    for (const lv of active.values()) {
      if (scene.isLost(number, lv.vgName) || (uuids !== undefined && !uuids.has(lv.lvUuid))) {
        continue;
      }
      const found = held.find(({ resource }) => resource === lv.lvUuid);
      if ((found?.mode ?? 0) >= lv.mode) continue;
      object(`${nameOf(lv)} is active on host ${number}, ${when} the manager has no lock for it`);
    }
  };
  /** By host: active LVs that a daemon said it could not adopt. */
  const refusedOn = new Map<number, Set<string>>();
  const refusedOf = (host: number) => {
    const known = refusedOn.get(host) ?? new Set();
    refusedOn.set(host, known);
    return known;
  };
  return {
    name: "kept locks",
    adopted(daemon) {
      const { number, active } = daemon.host;
      const refused = refusedOf(number);
      const view = daemon.view();
      for (const lv of active.values()) if (isLocked(view, lv)) refused.delete(lv.lvUuid);
      for (const lvUuid of troubledIn(daemon)) refused.add(lvUuid);
    },
    believed({ host, session, resource }) {
      if (session === undefined) refusedOn.get(host)?.delete(resource);
    },
    daemonDied(daemon) {
      // It has said what it could not adopt, though it was not done with all VGs.
      if (daemon.settled) return;
      const { number, active } = daemon.host;
      const view = daemon.view();
      for (const lvUuid of troubledIn(daemon)) {
        const lv = active.get(lvUuid);
        if (lv !== undefined && !isLocked(view, lv)) refusedOf(number).add(lvUuid);
      }
    },
    daemonStarted: ({ host }) => inManager(host, "and when the next daemon starts"),
    hostDied({ number }) {
      refusedOn.delete(number);
    },
    look(daemon, view) {
      if (!daemon.settled) return;
      const { host } = daemon;
      const refused = refusedOf(host.number);
      for (const lvUuid of refused) if (!host.active.has(lvUuid)) refused.delete(lvUuid);
      if (refused.size > 0) inManager(host, "it could not be adopted, and", refused);
      for (const lv of host.active.values()) {
        if (refused.has(lv.lvUuid) || isExcused(scene, host, lv)) continue;
        if (isLocked(view, lv)) continue;
        object(`${nameOf(lv)} is active on host ${host.number} without a lock in the table`);
      }
    },
  };
};

function isExcused(scene: Scene, { number }: Host, { vgName }: ActiveLv): boolean {
  return scene.isLost(number, vgName);
}

/** LVs that adoption could not take over, and said so. */
function troubledIn({ report }: SimDaemon): Set<string> {
  return new Set(report?.troubles.flatMap(({ lvUuids }) => lvUuids));
}

function isLocked(view: TableView, { vgName, lvUuid, mode }: ActiveLv): boolean {
  const resources = view.find(({ row }) => row.vgName === vgName)?.resources;
  const locks = resources?.find(({ row }) => row.name === lvUuid)?.locks ?? [];
  return locks.some((lock) => lock.persistent && lock.mode >= mode);
}

const nameOf = ({ vgName, lvUuid, mode }: ActiveLv) =>
  `${vgName}/${lvUuid} (${mode === Mode.ex ? "ex" : "sh"})`;
