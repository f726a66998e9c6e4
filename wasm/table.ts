/** The state of the lock table outside any one lockspace, and how things in it are looked up. */
import { Action, ActionQueue } from "./action";
import { Bytes, copyOf, EMPTY, retireBytes } from "./bytes";
import { Client } from "./client";
import { Lockspace } from "./lockspace";
import { MAX_CLIENTS } from "./limits";
import { TIMER } from "./memory";
import { NameIndex } from "./name_index";
import { Numbered, NumberIndex } from "./number_index";
import { Resource } from "./resource";
import { LM_TYPE_NONE } from "./vocabulary";

@unmanaged
export class Table {
  /** `--test`: no lock manager is asked what is running. */
  test: bool = false;
  /** Bit 1 << type for each lock type that this daemon can serve. */
  supported: i32 = 0;
  /** Lock types whose manager keeps state of its own for a resource without a lock. */
  forgets: i32 = 0;

  /** Lock type of the global lock. */
  glType: i32 = LM_TYPE_NONE;
  /** Chosen by option; requests and an empty table do not change it. */
  glSticky: bool = false;
  /** Name of the sanlock lockspace that holds the enabled global lock; empty if unknown. */
  glSanlock: Bytes = EMPTY;
  /** More than one enabled sanlock global lock was seen. */
  glDuplicate: bool = false;
  /** The VG with the global lock was removed; until another is enabled. */
  glRemoved: bool = false;

  lockspaces: NameIndex<Lockspace> = new NameIndex<Lockspace>();
  firstLockspace: Lockspace | null = null;
  lastLockspace: Lockspace | null = null;
  lastLockspaceId: i32 = 0;
  clients: NumberIndex<Client> = new NumberIndex<Client>();

  /** start_wait and stop_all requests that wait. */
  startWaiters: ActionQueue = new ActionQueue();
  stopWaiters: ActionQueue = new ActionQueue();
  /** A lock or a lockspace went away since the last look at who waits for that. */
  changed: bool = false;
  shuttingDown: bool = false;
  /** A request came: what was there before cannot be restored any more. */
  served: bool = false;
  /** Host clock of the input being handled. */
  now: f64 = 0;
  timers: NumberIndex<Timer> = new NumberIndex<Timer>();
  lastTimer: i32 = 0;

  client(id: u32): Client | null {
    return this.clients.find(id);
  }

  /** The client, made on its first request; null past the bound. */
  clientFor(id: u32): Client | null {
    const known = this.clients.find(id);
    if (known != null) return known;
    if (this.clients.size >= MAX_CLIENTS) return null;
    const client = new Client(id);
    this.clients.add(client);
    return client;
  }

  addLockspace(lockspace: Lockspace): void {
    lockspace.prev = this.lastLockspace;
    const last = this.lastLockspace;
    if (last == null) this.firstLockspace = lockspace;
    else last.next = lockspace;
    this.lastLockspace = lockspace;
    this.lockspaces.add(lockspace);
  }

  removeLockspace(lockspace: Lockspace): void {
    const prev = lockspace.prev;
    const next = lockspace.next;
    if (prev == null) this.firstLockspace = next;
    else prev.next = next;
    if (next == null) this.lastLockspace = prev;
    else next.prev = prev;
    this.lockspaces.remove(lockspace);
    if (this.lockspaces.size == 0 && !this.glSticky) this.glType = LM_TYPE_NONE;
  }

  /** Notes a copy of the name; none if the length is 0. */
  setGlSanlock(name: usize, length: i32): void {
    retireBytes(this.glSanlock);
    this.glSanlock = copyOf(name, length);
  }

  supports(lockType: i32): bool {
    return lockType > 0 && (this.supported & (1 << lockType)) != 0;
  }
}

/** What a timer was armed for: an action that waits to be tried again, or a resource's orphans. */
@unmanaged
export class Timer extends Numbered {
  constructor(id: u32, public action: Action | null, public resource: Resource | null) {
    super(TIMER, id);
  }
}

export const table: Table = new Table();
