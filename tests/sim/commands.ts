/**
 * What commands do: activation and deactivation, changes of metadata, reports, starting and stopping,
 * in the order in which LVM asks for locks.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { LockType, Mode, Op, OptionFlag, type Reply } from "../../core/types.ts";
import type { Chance } from "./chance.ts";
import {
  aboutVg,
  lockGl,
  lockLv,
  lockVg,
  startVg,
  startWait,
  stopVg,
  updateVg,
} from "./requests.ts";
import type { Session } from "./session.ts";
import type { Lv, Vg } from "./vgs.ts";

export type Command = (session: Session, vg: Vg, chance: Chance) => Promise<void>;

/** Longest time that a command works with what it has locked, milliseconds. */
const WORK_MS = 400;

const worked = ({ result }: Reply) => result >= 0 || result === -Errno.EALREADY;

/** Takes the VG lock, does something, gives it back. */
async function inVg(session: Session, vg: Vg, mode: Mode, body: () => Promise<void>) {
  if (!worked(await session.ask(lockVg(session, vg, mode)))) return false;
  await body();
  await session.ask(lockVg(session, vg, Mode.un));
  return true;
}

/** Activates an LV. True if it is active then. */
export async function activateLv(session: Session, vg: Vg, lv: Lv, mode: Mode): Promise<boolean> {
  const { host } = session;
  let active = false;
  if (host.isTroubled(lv.uuid) && mode !== host.active.get(lv.uuid)?.mode) return false;
  await inVg(session, vg, Mode.sh, async () => {
    const safe = host.safeCount(vg.name);
    if (mode === Mode.sh) host.weaken(lv.uuid, mode);
    const reply = await session.ask(lockLv(session, vg, lv, mode, true));
    active = worked(reply) && safe === host.safeCount(vg.name);
    if (active) host.activate(vg.name, lv.uuid, mode);
  });
  return active;
}

export async function deactivateLv(session: Session, vg: Vg, lv: Lv): Promise<void> {
  session.host.deactivate(lv.uuid);
  await session.ask(lockLv(session, vg, lv, Mode.un, true));
}

const activate: Command = async (session, vg, chance) => {
  const lv = chance.pick(vg.lvs);
  if (!session.take(lv.uuid)) return;
  const mode = chance.perMille(700) ? Mode.ex : Mode.sh;
  await activateLv(session, vg, lv, mode);
};

const deactivate: Command = async (session, vg, chance) => {
  const active = vg.lvs.filter(({ uuid }) => session.host.active.has(uuid));
  const lv = chance.pick(active.length > 0 ? active : vg.lvs);
  if (!session.take(lv.uuid)) return;
  await inVg(session, vg, Mode.sh, () => deactivateLv(session, vg, lv));
};

/** A change of metadata. */
const change: Command = async (session, vg, chance) => {
  const mode = chance.perMille(200) ? Mode.ex : Mode.sh;
  const global = chance.perMille(500) && worked(await session.ask(lockGl(session, mode)));
  await inVg(session, vg, Mode.ex, async () => {
    await session.pause(chance.below(WORK_MS));
    vg.version++;
    await session.ask(updateVg(session, vg));
    if (chance.perMille(200)) await session.ask(lockVg(session, vg, Mode.sh));
    await session.pause(chance.below(WORK_MS));
  });
  if (global) await session.ask(lockGl(session, Mode.un));
};

const report: Command = async (session, vg, chance) => {
  const global = chance.perMille(500) && worked(await session.ask(lockGl(session, Mode.sh)));
  await inVg(session, vg, Mode.sh, async () => {
    await session.pause(chance.below(WORK_MS));
    if (chance.perMille(200)) await session.ask(lockVg(session, vg, Mode.ex));
    await session.ask(aboutVg(session, vg, Op.queryLock));
  });
  if (global) await session.ask(lockGl(session, Mode.un));
};

/** An LV is used for a moment, without being active. */
const borrow: Command = async (session, vg, chance) => {
  const lv = chance.pick(vg.lvs);
  const mode = chance.perMille(500) ? Mode.ex : Mode.sh;
  if (session.host.isTroubled(lv.uuid)) return;
  if (!worked(await session.ask(lockLv(session, vg, lv, mode, false)))) return;
  await session.pause(chance.below(WORK_MS));
  if (chance.perMille(200)) {
    const other = mode === Mode.ex ? Mode.sh : Mode.ex;
    await session.ask(lockLv(session, vg, lv, other, false));
  }
  await session.ask(lockLv(session, vg, lv, Mode.un, false));
};

export const start: Command = async (session, vg, chance) => {
  const flags = chance.perMille(500) ? OptionFlag.wait : 0;
  await session.ask(startVg(session, vg, flags));
  if (chance.perMille(500)) await session.ask(startWait);
};

const stop: Command = async (session, vg, chance) => {
  await session.ask(stopVg(session, vg, chance.perMille(200)));
  if (chance.perMille(700)) await start(session, vg, chance);
};

/** Stopping and starting at the same time, without waiting for answers. */
const race: Command = async (session, vg, chance) => {
  for (let left = chance.between(2, 5); left > 0; left--) {
    const about = chance.perMille(500) ? startVg(session, vg) : stopVg(session, vg);
    session.send(about, () => {});
    if (chance.perMille(300)) await session.pause(chance.below(20));
  }
  await session.ask(startVg(session, vg, OptionFlag.wait));
};

const stopAll: Command = async (session, vg, chance) => {
  await session.ask({ op: Op.stopAll });
  await start(session, vg, chance);
};

/** Somebody thinks that the VG is lost. */
const drop: Command = async (session, vg, chance) => {
  await session.ask(aboutVg(session, vg, Op.killVg));
  await session.pause(chance.below(WORK_MS));
  await session.ask(aboutVg(session, vg, Op.dropVg));
  await start(session, vg, chance);
};

/** Waits for a lock, and thinks better of it. */
const hesitate: Command = async (session, vg, chance) => {
  const lv = chance.pick(vg.lvs);
  if (session.host.isTroubled(lv.uuid)) return;
  const persistent = chance.perMille(300) && session.take(lv.uuid);
  const about = chance.perMille(500)
    ? lockVg(session, vg, Mode.ex)
    : lockLv(session, vg, lv, Mode.ex, persistent);
  let reply: Reply | undefined;
  const asked = session.send(about, (found) => reply = found);
  await session.pause(chance.below(50));
  session.cancel(asked);
  for (let waits = 0; reply === undefined && waits < 300; waits++) await session.pause(1000);
  if (reply === undefined || !worked(reply)) return;
  if (persistent) session.host.deactivate(lv.uuid);
  await session.ask({ ...about, mode: Mode.un });
};

/** Many requests at once, as a session of the HTTP API may send them. */
const pipeline: Command = async (session, vg, chance) => {
  for (let left = chance.between(2, 6); left > 0; left--) {
    const mode = chance.pick([Mode.sh, Mode.ex, Mode.un, Mode.sh]);
    session.send(lockVg(session, vg, mode), () => {});
  }
  await session.pause(chance.below(WORK_MS));
};

const administer: Command = async (session, vg) => {
  await session.ask(aboutVg(session, vg, Op.busy));
  if (session.world.kind !== LockType.sanlock) return;
  await session.ask(aboutVg(session, vg, Op.findFreeLock));
};

/** With how often each happens. */
const mix: [number, string, Command][] = [
  [30, "activate", activate],
  [18, "deactivate", deactivate],
  [14, "change", change],
  [12, "report", report],
  [6, "borrow", borrow],
  [6, "start", start],
  [3, "stop", stop],
  [2, "race", race],
  [1, "stopall", stopAll],
  [1, "drop", drop],
  [3, "hesitate", hesitate],
  [3, "pipeline", pipeline],
  [1, "administer", administer],
];
const total = mix.reduce((sum, [weight]) => sum + weight, 0);

export function pickCommand(chance: Chance): [string, Command] {
  let left = chance.below(total);
  for (const [weight, name, command] of mix) {
    left -= weight;
    if (left < 0) return [name, command];
  }
  throw new Error("weights are summed up wrongly");
}
