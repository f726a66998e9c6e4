/**
 * Every request gets one reply, unless its client is gone; nobody who is gone gets one.
 *
 * @module
 */
import type { Asked, MakeChecker } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";

export const replies: MakeChecker = (scene, object) => {
  const closed = new Map<SimDaemon, Set<number>>();
  const open = new Set<Asked>();
  return {
    name: "replies",
    submitted(asked) {
      open.add(asked);
    },
    replied(asked) {
      const { session, client, request, daemon } = asked;
      open.delete(asked);
      const about = `${session.name} (client ${client}, op ${request.op})`;
      if (asked.replies > 1) object(`${about} gets ${asked.replies} replies to one request`);
      if (closed.get(daemon)?.has(client)) object(`${about} gets a reply after its end`);
    },
    clientClosed(daemon, client) {
      const known = closed.get(daemon);
      if (known === undefined) closed.set(daemon, new Set([client]));
      else known.add(client);
    },
    daemonDied(daemon) {
      closed.delete(daemon);
      for (const asked of open) if (asked.daemon === daemon) open.delete(asked);
    },
    end() {
      for (const { daemon, client, session, request } of open) {
        if (closed.get(daemon)?.has(client) || !daemon.alive || !session.alive) continue;
        object(`${session.name} got no reply to op ${request.op} since ${scene.now()}`);
      }
    },
  };
};
