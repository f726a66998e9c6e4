/**
 * The lock table thinks that it holds only what the lock manager has given to this host.
 *
 * @module
 */
import { LockType } from "../../../core/types.ts";
import type { MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";
import { UnderWay } from "./under_way.ts";

export const granted: MakeChecker = (scene, object) => {
  const underWay = new UnderWay();
  return {
    name: "granted",
    called: (call) => underWay.begin(call),
    answered: (call) => underWay.end(call),
    look(daemon: SimDaemon, view) {
      const host = daemon.host.number;
      // Its mutexes are gone before anybody there is told.
      if (scene.kind === LockType.idm && daemon.host.isDisturbed) return;
      const held = new Map<string, number>();
      for (const lock of scene.held()) {
        if (lock.host === host) held.set(`${lock.lockspace}/${lock.resource}`, lock.mode);
      }
      for (const { row: lockspace, resources } of view) {
        if (lockspace.state !== "running" || scene.isLost(host, lockspace.vgName)) continue;
        if (lockspace.killed) continue;
        for (const { row } of resources) {
          if (row.mode === 0 || underWay.has(daemon, lockspace.name, row.name)) continue;
          const found = held.get(`${lockspace.name}/${row.name}`) ?? 0;
          if (found >= row.mode) continue;
          const what = `${lockspace.name}/${row.name}`;
          object(`the table of host ${host} has ${what} in mode ${row.mode}, the manager ${found}`);
        }
      }
    },
    daemonDied: (daemon) => underWay.forget(daemon),
  };
};
