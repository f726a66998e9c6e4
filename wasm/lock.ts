/** One holder's claim on a resource: transient (a client's) or persistent (nobody's). */
import { Client } from "./client";
import { LOCK, Owned } from "./memory";
import { Resource } from "./resource";

@unmanaged
export class Lock extends Owned {
  /** The owner of a transient lock; null when persistent, or when the owner is gone. */
  client: Client | null = null;
  clientPrev: Lock | null = null;
  clientNext: Lock | null = null;
  prev: Lock | null = null;
  next: Lock | null = null;
  /** Version to write when the lock is released, set by vg_update. */
  version: u32 = 0;
  persistent: bool = false;
  /** The owner is gone; the lock is to be released. */
  orphan: bool = false;
  /** Taken over from a dead daemon: its value block was not read. */
  adopted: bool = false;
  /** Client that was granted the lock; for people only. */
  takenBy: u32 = 0;
  since: f64 = 0;

  constructor(public resource: Resource, public mode: i32) {
    super(LOCK);
  }

  /** Client id as listed: 0 for persistent locks. */
  get clientId(): u32 {
    return this.persistent ? 0 : this.takenBy;
  }
}
