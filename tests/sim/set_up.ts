/**
 * The beginning of a run, without faults: daemons start, the first host makes the VGs and their LVs,
 * all hosts start them.
 *
 * @module
 */
import { LockType, OptionFlag, type Reply } from "../../core/types.ts";
import type { Command } from "./commands.ts";
import type { Nemesis } from "./nemesis.ts";
import { initLv, initVg, startVg } from "./requests.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

export function setUp(world: World, nemesis: Nemesis, limitMs: number): void {
  const first = world.host(1);
  for (const host of world.hosts) host.startDaemon();
  const [anyVg] = world.vgs;
  let left = world.vgs.length;
  const create: Command = async (session) => {
    for (const vg of world.vgs) {
      vg.args = expect(session, "init_vg", await session.ask(initVg(session, vg))).vgArgs;
    }
    for (const vg of world.vgs) {
      nemesis.run(first, "create LVs", createLvs, vg, world.chance.fork());
    }
  };
  const createLvs: Command = async (session, vg) => {
    const wait = OptionFlag.wait;
    expect(session, "start_vg", await session.ask(startVg(session, vg, wait)));
    for (const lv of vg.lvs) {
      if (world.kind !== LockType.sanlock) continue;
      lv.args = expect(session, "init_lv", await session.ask(initLv(session, vg, lv))).lvArgs;
    }
    left--;
  };
  nemesis.run(first, "create VGs", create, anyVg!, world.chance.fork());
  if (!world.runUntil(limitMs, () => left === 0)) {
    world.object("liveness", "the VGs cannot be made");
  }
  for (const host of world.hosts) {
    if (host === first) continue;
    for (const vg of world.vgs) nemesis.run(host, "start", startIt, vg, world.chance.fork());
  }
}

const startIt: Command = async (session, vg) => {
  await session.ask(startVg(session, vg, OptionFlag.wait));
};

function expect(session: Session, what: string, reply: Reply): Reply {
  if (reply.result < 0) session.world.object("liveness", `${what} is answered ${reply.result}`);
  return reply;
}
