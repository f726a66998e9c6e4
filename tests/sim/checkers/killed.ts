/**
 * A VG that was killed gives no locks until it was dropped, unless they were asked for before.
 * It is another one when it was started anew.
 *
 * @module
 */
import { Mode, Op } from "../../../core/types.ts";
import type { Asked, MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";

export const killed: MakeChecker = (_scene, object) => {
  /** Requests handed in since a VG was killed, by daemon and name of the VG. */
  const dead = new Map<SimDaemon, Map<string, Set<Asked>>>();
  const kill = (daemon: SimDaemon, vgName: string) => {
    let known = dead.get(daemon);
    if (known === undefined) dead.set(daemon, known = new Map());
    if (!known.has(vgName)) known.set(vgName, new Set());
  };
  return {
    name: "killed",
    submitted(asked) {
      dead.get(asked.daemon)?.get(asked.request.vgName)?.add(asked);
    },
    replied(asked, { result }) {
      const { daemon, request } = asked;
      const { op, vgName, mode } = request;
      if (op === Op.killVg && result === 0) kill(daemon, vgName);
      if (op !== Op.lock || (mode !== Mode.sh && mode !== Mode.ex)) return;
      if (result < 0 || !dead.get(daemon)?.get(vgName)?.has(asked)) return;
      object(`host ${daemon.host.number} gets a lock in ${vgName}, which was killed`);
    },
    answered({ name, daemon, vgName }, { result }) {
      const isAnother = name === "leave" || name === "join";
      if (isAnother && result >= 0) dead.get(daemon)?.delete(vgName);
    },
    look(daemon, view) {
      for (const { row } of view) if (row.killed) kill(daemon, row.vgName);
    },
    daemonDied(daemon) {
      dead.delete(daemon);
    },
  };
};
