/**
 * What happens on hosts by itself when something went wrong: VGs are started after a boot, another host
 * takes over LVs, the kill command asks the daemon.
 *
 * @module
 */
import { Mode, Op } from "../../core/types.ts";
import { activateLv, type Command } from "./commands.ts";
import { aboutVg, startVg, startWait } from "./requests.ts";

export const killVg: Command = async (session, vg) => {
  await session.ask(aboutVg(session, vg, Op.killVg));
};

export const dropVg: Command = async (session, vg) => {
  await session.ask(aboutVg(session, vg, Op.dropVg));
};

export const bootVg: Command = async (session, vg, chance) => {
  await session.ask(startVg(session, vg));
  await session.ask(startWait);
  const lv = chance.pick(vg.lvs);
  if (session.take(lv.uuid)) await activateLv(session, vg, lv, Mode.ex);
};

/** Tries to get an LV for some minutes. */
export const failOver: Command = async (session, vg, chance) => {
  const lv = chance.pick(vg.lvs);
  let taken = false;
  for (let attempt = 0; attempt < 40 && !session.world.healed; attempt++) {
    taken ||= session.take(lv.uuid);
    if (taken && await activateLv(session, vg, lv, Mode.ex)) return;
    await session.pause(8000);
  }
};
