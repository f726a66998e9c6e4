/**
 * Queues hold no more than what living clients wait for, and at most one request that the lock manager
 * works on for a client that is gone.
 *
 * @module
 */
import type { MakeChecker } from "../checker.ts";

export const queues: MakeChecker = (_scene, object) => ({
  name: "queues",
  look(daemon, view) {
    if (!daemon.alive) return; // its clients are gone too
    const { host } = daemon;
    const wanted = new Set<number>();
    for (const session of host.sessions) {
      if (session.daemon !== daemon) continue;
      for (const { id } of session.unanswered) wanted.add(id);
    }
    for (const { row: lockspace, resources } of view) {
      for (const { row, waiting } of resources) {
        const idle = waiting.filter(({ clientId, requestId }) =>
          clientId !== 0 && daemon.service.client(clientId)?.origin !== "daemon" &&
          !daemon.closing.has(clientId) && !wanted.has(requestId)
        );
        // One may be with the lock manager; another was closed in the event under way.
        if (idle.length <= 1) continue;
        const what = `${lockspace.name}/${row.name}`;
        object(`${idle.length} requests that nobody wants wait for ${what} on host ${host.number}`);
      }
    }
  },
});
