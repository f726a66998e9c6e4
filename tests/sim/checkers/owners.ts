/**
 * A client that is gone owns nothing: its transient locks are being released, or will be soon after an
 * attempt that failed.
 *
 * @module
 */
import type { MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";
import { UnderWay } from "./under_way.ts";

export const owners: MakeChecker = (_scene, object) => {
  const closed = new Map<SimDaemon, Set<number>>();
  const underWay = new UnderWay();
  /** Resources whose last release failed: it is tried again after a pause. */
  const failing = new UnderWay();
  const isReleased = (daemon: SimDaemon, lockspace: string, resource: string) =>
    underWay.has(daemon, lockspace, resource) || failing.has(daemon, lockspace, resource);
  return {
    name: "owners",
    called(call) {
      underWay.begin(call);
      failing.end(call);
    },
    answered(call, { result }) {
      underWay.end(call);
      if (call.name === "unlock" && result < 0) failing.begin(call);
    },
    clientClosed(daemon, client) {
      const known = closed.get(daemon);
      if (known === undefined) closed.set(daemon, new Set([client]));
      else known.add(client);
    },
    daemonDied(daemon) {
      underWay.forget(daemon);
      failing.forget(daemon);
      closed.delete(daemon);
    },
    look(daemon, view) {
      const gone = closed.get(daemon);
      if (gone === undefined) return;
      const { number } = daemon.host;
      for (const { row: lockspace, resources } of view) {
        if (lockspace.state !== "running") continue;
        for (const { row, locks } of resources) {
          const what = `${lockspace.name}/${row.name} on host ${number}`;
          const left = locks.find(({ persistent, clientId }) => !persistent && gone.has(clientId));
          if (left !== undefined && !isReleased(daemon, lockspace.name, row.name)) {
            object(`client ${left.clientId} is gone and has ${what}`);
          }
        }
      }
    },
  };
};
