/**
 * What the daemon promises its lock manager: one call at a time for a resource, none before the join is
 * done, none after the leave has begun.
 *
 * @module
 */
import type { Call, MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";
import { UnderWay } from "./under_way.ts";

type State = "prepared" | "joining" | "joined" | "leaving" | "left";

export const calls: MakeChecker = (_scene, object) => {
  const underWay = new UnderWay();
  const states = new Map<SimDaemon, Map<number, State>>();
  const stateOf = ({ daemon, id }: Call) => states.get(daemon)?.get(id);
  const set = ({ daemon, id }: Call, state: State) => {
    const known = states.get(daemon);
    if (known === undefined) states.set(daemon, new Map([[id, state]]));
    else known.set(id, state);
  };
  const expect = (call: Call, ...allowed: (State | undefined)[]) => {
    const state = stateOf(call);
    if (allowed.includes(state)) return;
    const { name, lockspace, resource, daemon } = call;
    const about = `${name} ${lockspace} ${resource}`;
    object(`host ${daemon.host.number} calls ${about} while the lockspace is ${state}`);
  };
  return {
    name: "calls",
    called(call) {
      switch (call.name) {
        case "prepare":
          expect(call, undefined);
          return set(call, "prepared");
        case "join":
          expect(call, "prepared");
          return set(call, "joining");
        case "leave":
          expect(call, "joined");
          return set(call, "leaving");
      }
      expect(call, "joined");
      if (underWay.begin(call)) return;
      const { name, lockspace, resource, daemon } = call;
      object(
        `host ${daemon.host.number} calls ${name} ${lockspace}/${resource} during another call`,
      );
    },
    answered(call, { result }) {
      underWay.end(call);
      if (call.name === "join" && result >= 0) set(call, "joined");
      if (call.name === "leave") set(call, result < 0 ? "joined" : "left");
    },
    daemonDied(daemon) {
      underWay.forget(daemon);
      states.delete(daemon);
    },
  };
};
