/**
 * The requests that LVM commands send, as far as a simulation needs them.
 *
 * @module
 */
import { LockType, Mode, Op, OptionFlag, type Request, ResourceType } from "../../core/types.ts";
import type { Session } from "./session.ts";
import type { Lv, Vg } from "./vgs.ts";

type About = Partial<Request>;

const ofVg = (session: Session, { name, uuid, args }: Vg): About => ({
  resourceType: ResourceType.vg,
  lockType: session.world.kind,
  vgName: name,
  vgUuid: uuid,
  vgArgs: args,
});

export function initVg(session: Session, vg: Vg): About {
  const isSanlock = session.world.kind === LockType.sanlock;
  return { ...ofVg(session, vg), op: Op.init, vgArgs: isSanlock ? "lvmlock" : "" };
}

export function initLv(session: Session, vg: Vg, { uuid }: Lv): About {
  const name = uuid.slice(0, 6);
  return {
    ...ofVg(session, vg),
    op: Op.init,
    resourceType: ResourceType.lv,
    lvName: name,
    lvUuid: uuid,
  };
}

export function startVg(session: Session, vg: Vg, flags = 0): About {
  const { hostId } = session.host;
  return { ...ofVg(session, vg), op: Op.start, flags, hostId, pvPaths: vg.pvPaths };
}

export const startWait: About = { op: Op.startWait };

export function stopVg(session: Session, vg: Vg, force = false): About {
  return { ...ofVg(session, vg), op: Op.stop, flags: force ? OptionFlag.force : 0 };
}

export function aboutVg(session: Session, vg: Vg, op: Op): About {
  return { ...ofVg(session, vg), op };
}

export function lockGl(session: Session, mode: Mode): About {
  const lockType = session.world.kind;
  return { op: Op.lock, resourceType: ResourceType.gl, lockType, mode };
}

export function lockVg(session: Session, vg: Vg, mode: Mode): About {
  return { ...ofVg(session, vg), op: Op.lock, mode };
}

export function updateVg(session: Session, vg: Vg): About {
  return { ...ofVg(session, vg), op: Op.update, version: vg.version };
}

export function lockLv(session: Session, vg: Vg, lv: Lv, mode: Mode, persistent: boolean): About {
  return {
    ...ofVg(session, vg),
    op: Op.lock,
    resourceType: ResourceType.lv,
    mode,
    flags: persistent ? OptionFlag.persistent : 0,
    lvName: lv.uuid.slice(0, 6),
    lvUuid: lv.uuid,
    lvArgs: lv.args,
    pvPaths: vg.pvPaths,
  };
}
