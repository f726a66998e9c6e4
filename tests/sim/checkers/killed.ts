/**
 * A VG that was killed gives no locks until it was dropped, whenever they were asked for, and asks the
 * lock manager for none; but a lock held may be weakened, and one that a dead daemon held be adopted.
 * It is another one when it was started anew.
 *
 * @module
 */
import { Mode, Op, ResourceType } from "../../../core/types.ts";
import type { Asked, Call, MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";

interface Dead {
  /** Somebody has been told: replies arrive in the order in which they are made. */
  told: boolean;
  /** Resources whose lock was weakened since. */
  weakened: Set<string>;
}

export const killed: MakeChecker = (_scene, object) => {
  const all = new Map<SimDaemon, Map<string, Dead>>();
  /** Kills under way: another lockspace of the same name may be there when the reply arrives. */
  const asked = new Set<Asked>();
  const find = (daemon: SimDaemon, vgName: string) => all.get(daemon)?.get(vgName);
  const kill = (daemon: SimDaemon, vgName: string, told: boolean) => {
    let known = all.get(daemon);
    if (known === undefined) all.set(daemon, known = new Map());
    const before = known.get(vgName);
    if (before === undefined) known.set(vgName, { told, weakened: new Set() });
    else if (told) before.told = true;
  };
  const forget = (daemon: SimDaemon, vgName: string) => {
    all.get(daemon)?.delete(vgName);
    for (const kill of asked) {
      if (kill.daemon === daemon && kill.request.vgName === vgName) asked.delete(kill);
    }
  };
  const weakens = ({ name, mode }: Call) => name === "convert" && mode === Mode.sh;
  return {
    name: "killed",
    called(call) {
      const { name, daemon, vgName, adopts } = call;
      if (name !== "lock" && name !== "convert") return;
      if (adopts || weakens(call) || find(daemon, vgName) === undefined) return;
      object(`host ${daemon.host.number} asks for a lock in ${vgName}, which was killed`);
    },
    submitted(request) {
      if (request.request.op === Op.killVg) asked.add(request);
    },
    replied(request, { result }) {
      const { daemon, request: { op, vgName, mode, resourceType, lvUuid } } = request;
      if (asked.delete(request) && result === 0) kill(daemon, vgName, true);
      if (op !== Op.lock || (mode !== Mode.sh && mode !== Mode.ex) || result < 0) return;
      const dead = find(daemon, vgName);
      if (dead === undefined || !dead.told) return;
      const resource = resourceType === ResourceType.vg ? "VGLK" : lvUuid;
      if (mode === Mode.sh && dead.weakened.delete(resource)) return;
      object(`host ${daemon.host.number} gets a lock in ${vgName}, which was killed`);
    },
    answered(call, { result }) {
      const { name, daemon, vgName, resource } = call;
      if (result < 0) return;
      if (name === "leave" || name === "join") forget(daemon, vgName);
      if (weakens(call)) find(daemon, vgName)?.weakened.add(resource);
    },
    look(daemon, view) {
      for (const { row } of view) if (row.killed) kill(daemon, row.vgName, false);
    },
    daemonDied(daemon) {
      all.delete(daemon);
      for (const kill of asked) if (kill.daemon === daemon) asked.delete(kill);
    },
  };
};
