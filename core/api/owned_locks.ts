/**
 * The locks that one session was granted, so that it is told when one is gone, however short it was
 * held: changes are collected for a moment, and what comes and goes within it shows in no snapshot.
 *
 * @module
 */
import type { LockService } from "../service.ts";
import type { ClientId, Request } from "../types.ts";
import type { StateFeed } from "./feed.ts";
import { Presenter, presentRef } from "./present.ts";
import type { ChangeEvent } from "./schemas/events.ts";
import { type Held, lockKey } from "./snapshot.ts";
import { treeOf } from "./view.ts";

/** A lock that no snapshot may have seen yet. */
interface Unseen extends Held {
  /** Snapshots made before it was noted. */
  refreshes: number;
}

export class OwnedLocks {
  readonly #unseen = new Map<string, Unseen>();

  constructor(private readonly service: LockService, private readonly feed: StateFeed) {}

  /** `client` was just granted what it asked for. */
  note(client: ClientId, request: Request): void {
    const presenter = new Presenter(this.service, 0);
    for (const { resources } of treeOf(this.service.inspectResource(request))) {
      for (const view of resources) {
        for (const lock of view.locks.filter(({ clientId }) => clientId === client)) {
          const { ageSeconds: _, ...holder } = presenter.holder(lock);
          const resource = presentRef(view);
          const { refreshes } = this.feed;
          this.#unseen.set(lockKey(resource, lock), { resource, holder, refreshes });
        }
      }
    }
  }

  /** Those that came and went without any snapshot having seen them, as events. */
  takeLost(time: string): ChangeEvent[] {
    const lost: ChangeEvent[] = [];
    for (const [key, { refreshes, resource, holder }] of this.#unseen) {
      if (this.feed.refreshes === refreshes) continue;
      this.#unseen.delete(key);
      // From now on snapshots tell of it.
      if (this.feed.current.locks.has(key)) continue;
      lost.push({ event: "released", time, resource, holder });
    }
    return lost;
  }
}
