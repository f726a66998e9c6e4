/**
 * A request that has not been answered yet, or a piece of work the table gave itself. It stands in
 * its client's list and in at most one queue.
 */
import { Bytes, EMPTY, retireBytes } from "./bytes";
import { Client } from "./client";
import { Lockspace } from "./lockspace";
import { ACTION, Owned, QUEUE, retire } from "./memory";
import { Resource } from "./resource";
import { EX, F_ADOPT, F_ADOPT_ONLY, OP_LOCK, SH } from "./vocabulary";

@unmanaged
export class Action extends Owned {
  /** Null when nobody waits for the answer: internal work, or the client is gone. */
  client: Client | null = null;
  /** Stays when the client goes; 0 for internal work. */
  clientId: u32 = 0;
  request: u32 = 0;
  op: i32 = 0;
  rt: i32 = 0;
  mode: i32 = 0;
  flags: i32 = 0;
  lockType: i32 = 0;
  version: u32 = 0;
  maxRetries: i32 = 0;
  retries: i32 = 0;
  lmResult: i32 = 0;
  replyFlags: i32 = 0;
  since: f64 = 0;
  lvArgs: Bytes = EMPTY;
  ownerHost: u32 = 0;
  ownerGeneration: u32 = 0;
  ownerTimestamp: u32 = 0;
  ownerName: Bytes = EMPTY;
  ownerState: Bytes = EMPTY;
  prevGeneration: u32 = 0;

  resource: Resource | null = null;
  lockspace: Lockspace | null = null;
  queue: ActionQueue | null = null;
  prev: Action | null = null;
  next: Action | null = null;
  clientPrev: Action | null = null;
  clientNext: Action | null = null;
  /** A lock manager call for this action is under way; it keeps its place in the queue. */
  inFlight: bool = false;
  /** A call under way refers to it, so that it cannot be given back before the answer. */
  inCall: bool = false;
  /** Cancelled while a call was under way: it must not start to wait for anything else. */
  givenUp: bool = false;
  /** Timer after which a refused lock is tried again; 0 when it is not waiting for one. */
  timer: i32 = 0;

  constructor() {
    super(ACTION);
  }

  has(flag: i32): bool {
    return (this.flags & flag) != 0;
  }

  get persistent(): bool {
    return (this.flags & 1) != 0;
  }

  /** Takes over what a daemon that died has held. */
  get adopts(): bool {
    return this.has(F_ADOPT | F_ADOPT_ONLY);
  }

  /** Asks for a lock, as most requests do. */
  get locks(): bool {
    return this.op == OP_LOCK && (this.mode == SH || this.mode == EX);
  }

  /** Gives the action back. It must be in no list. */
  close(): void {
    retireBytes(this.lvArgs);
    retireBytes(this.ownerName);
    retireBytes(this.ownerState);
    retire<Action>(this);
  }
}

/** Actions in order of arrival. */
@unmanaged
export class ActionQueue extends Owned {
  first: Action | null = null;
  last: Action | null = null;
  size: i32 = 0;
  /** How many of them do something else than ask for a lock. */
  others: i32 = 0;

  constructor() {
    super(QUEUE);
  }

  append(action: Action): void {
    assert(action.queue == null, "an action stands in one queue only");
    action.queue = this;
    action.prev = this.last;
    action.next = null;
    const last = this.last;
    if (last == null) this.first = action;
    else last.next = action;
    this.last = action;
    this.size++;
    if (!action.locks) this.others++;
  }

  remove(action: Action): void {
    assert(action.queue == this, "an action is removed from the queue it stands in");
    const prev = action.prev;
    const next = action.next;
    if (prev == null) this.first = next;
    else prev.next = next;
    if (next == null) this.last = prev;
    else next.prev = prev;
    action.prev = null;
    action.next = null;
    action.queue = null;
    this.size--;
    if (!action.locks) this.others--;
  }

  /** Gives the queue back. */
  close(): void {
    assert(this.size == 0, "a queue is empty when it is given back");
    retire<ActionQueue>(this);
  }
}
