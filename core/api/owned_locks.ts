/**
 * The locks that one session was granted, so that it is told when one is gone, however short it was
 * held: changes are collected for a moment, and what comes and goes within it shows in no snapshot.
 *
 * @module
 */
import type { LockService } from "../service.ts";
import type { ClientId, LockRow, Request } from "../types.ts";
import type { StateFeed } from "./feed.ts";
import { Presenter, presentRef } from "./present.ts";
import type { ChangeEvent } from "./schemas/events.ts";
import { lockKey } from "./snapshot.ts";
import { type ResourceView, treeOf } from "./view.ts";

/** A lock that no snapshot may have seen yet. */
interface Unseen {
  view: ResourceView;
  lock: LockRow;
  /** Snapshots that were begun before it was noted. */
  begun: number;
}

export class OwnedLocks {
  readonly #unseen = new Map<string, Unseen>();

  constructor(private readonly service: LockService, private readonly feed: StateFeed) {}

  /** `client` was just granted what it asked for. Is there a lock of its own? */
  note(client: ClientId, request: Request): boolean {
    let found = false;
    for (const { resources } of treeOf(this.service.inspectResource(request))) {
      for (const view of resources) {
        for (const lock of view.locks.filter(({ clientId }) => clientId === client)) {
          const { begun } = this.feed;
          this.#unseen.set(lockKey(presentRef(view), lock), { view, lock, begun });
          found = true;
        }
      }
    }
    return found;
  }

  /** Those that came and went without any snapshot having seen them, as events. */
  takeLost(time: string): ChangeEvent[] {
    const lost: ChangeEvent[] = [];
    let presenter: Presenter | undefined;
    for (const [key, { begun, view, lock }] of this.#unseen) {
      if (this.feed.done <= begun) continue;
      this.#unseen.delete(key);
      // From now on snapshots tell of it.
      if (this.feed.current.locks.has(key)) continue;
      presenter ??= new Presenter(this.service, 0);
      const { ageSeconds: _, ...holder } = presenter.holder(lock);
      lost.push({ event: "released", time, resource: presentRef(view), holder });
    }
    return lost;
  }
}
