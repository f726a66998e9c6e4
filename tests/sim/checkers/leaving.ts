/**
 * A lockspace is left when all its locks were given up.
 *
 * @module
 */
import type { MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";

export const leaving: MakeChecker = (scene, object) => {
  /** Resources held, by lockspace. */
  const held = new Map<SimDaemon, Map<number, Set<string>>>();
  const of = (daemon: SimDaemon, id: number) => {
    let all = held.get(daemon);
    if (all === undefined) held.set(daemon, all = new Map());
    let found = all.get(id);
    if (found === undefined) all.set(id, found = new Set());
    return found;
  };
  return {
    name: "leaving",
    called({ daemon, id, name, resource, lockspace, vgName, force }) {
      const locks = of(daemon, id);
      if (name === "unlock") locks.delete(resource);
      if (name !== "leave" || force || scene.isLost(daemon.host.number, vgName)) return;
      const [first] = locks;
      if (first === undefined) return;
      object(`host ${daemon.host.number} leaves ${lockspace} with a lock on ${first}`);
    },
    answered({ daemon, id, name, resource }, { result }) {
      if (result < 0) return;
      if (name === "lock" || name === "convert") of(daemon, id).add(resource);
      if (name === "leave") held.get(daemon)?.delete(id);
    },
    daemonDied(daemon) {
      held.delete(daemon);
    },
  };
};
