/**
 * A client: whatever death the host can observe. It owns its unanswered requests and its transient
 * locks, both in lists of its own, so that its end costs only what it held.
 */
import { Action, ActionQueue } from "./action";
import { Lock } from "./lock";
import { CLIENT } from "./memory";
import { Numbered } from "./number_index";

@unmanaged
export class Client extends Numbered {
  actions: Action | null = null;
  actionCount: i32 = 0;
  locks: Lock | null = null;
  lockCount: i32 = 0;
  /** Result of the last join that failed after this client's start was answered. */
  startResult: i32 = 0;

  constructor(id: u32) {
    super(CLIENT, id);
  }

  addAction(action: Action): void {
    action.client = this;
    action.clientNext = this.actions;
    const first = this.actions;
    if (first != null) first.clientPrev = action;
    this.actions = action;
    this.actionCount++;
  }

  removeAction(action: Action): void {
    const prev = action.clientPrev;
    const next = action.clientNext;
    if (prev == null) this.actions = next;
    else prev.clientNext = next;
    if (next != null) next.clientPrev = prev;
    action.clientPrev = null;
    action.clientNext = null;
    action.client = null;
    this.actionCount--;
  }

  /** Does a request of the client stand in the queue? */
  waitsIn(queue: ActionQueue): bool {
    for (let next = this.actions; next != null;) {
      const action = next;
      next = action.clientNext;
      if (action.queue == queue) return true;
    }
    return false;
  }

  addLock(lock: Lock): void {
    lock.client = this;
    lock.clientNext = this.locks;
    const first = this.locks;
    if (first != null) first.clientPrev = lock;
    this.locks = lock;
    this.lockCount++;
  }

  removeLock(lock: Lock): void {
    const prev = lock.clientPrev;
    const next = lock.clientNext;
    if (prev == null) this.locks = next;
    else prev.clientNext = next;
    if (next != null) next.clientPrev = prev;
    lock.clientPrev = null;
    lock.clientNext = null;
    lock.client = null;
    this.lockCount--;
  }
}
