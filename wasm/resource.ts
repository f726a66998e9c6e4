/**
 * The thing locked: the global lock, a VG or an LV. Holds the mode this host has in the lock
 * manager, the local claims on it, and the requests that wait for it.
 */
import { ActionQueue } from "./action";
import { Bytes, copyOfBytes, dataOf, EMPTY, retireBytes, sameBytes } from "./bytes";
import { Call } from "./calls";
import { Client } from "./client";
import { Lock } from "./lock";
import { Lockspace } from "./lockspace";
import { RESOURCE, retire } from "./memory";
import { Named } from "./name_index";
import { EX, RT_GL, RT_LV, RT_VG, SH, UN } from "./vocabulary";

@unmanaged
export class Resource extends Named {
  /** Mode held in the lock manager: un, sh or ex. */
  mode: i32 = UN;
  shCount: i32 = 0;
  version: u32 = 0;
  /** The value block was zero when last read. */
  versionZero: bool = false;
  /** Client of the last lock, unlock or conversion. */
  lastClient: u32 = 0;
  /** Where the LV's lease is, from the last lock request that said so. */
  lvArgs: Bytes = EMPTY;
  /** Claims in the order in which they were granted. */
  locks: Lock | null = null;
  lastLock: Lock | null = null;
  lockCount: i32 = 0;
  /** The one persistent lock, if any. */
  kept: Lock | null = null;
  /** Locks whose owner is gone. */
  orphans: i32 = 0;
  waiting: ActionQueue = new ActionQueue();
  /** The one lock manager call under way for this resource. */
  call: Call | null = null;
  /** Test mode: a pretended holder on another host (un, sh or ex). */
  remote: i32 = UN;
  /** Timer for another attempt at releasing an orphan; 0 when none. */
  timer: i32 = 0;
  listPrev: Resource | null = null;
  listNext: Resource | null = null;

  constructor(public lockspace: Lockspace, public rt: i32, name: Bytes) {
    super(RESOURCE, name);
  }

  /** Gives the resource back. Nobody may hold or want it. */
  close(): void {
    assert(this.lockCount == 0 && this.call == null, "a resource in use is not given back");
    this.waiting.close();
    retireBytes(this.name);
    retireBytes(this.lvArgs);
    retire<Resource>(this);
  }

  /** Notes where the lease is. */
  copyLvArgs(args: Bytes): void {
    if (!sameBytes(this.lvArgs, dataOf(args), args.length)) this.takeLvArgs(copyOfBytes(args));
  }

  /** As `copyLvArgs`; the resource then owns the text. */
  takeLvArgs(args: Bytes): void {
    retireBytes(this.lvArgs);
    this.lvArgs = args;
  }

  /** GL and VG locks carry a value block, LV locks do not. */
  get usesValueBlock(): bool {
    return this.rt == RT_GL || this.rt == RT_VG;
  }

  /** Nothing refers to it and nothing is lost if it goes. Only LVs come and go. */
  get idle(): bool {
    return this.rt == RT_LV && this.mode == UN && this.lockCount == 0 &&
      this.waiting.size == 0 && this.call == null && this.remote == UN;
  }

  /** The transient lock of a client, through whichever list is shorter. */
  transientOf(client: Client | null): Lock | null {
    if (client == null || client.lockCount == 0 || this.lockCount == 0) return null;
    if (client.lockCount < this.lockCount) {
      for (let next = client.locks; next != null;) {
        const lock = next;
        next = lock.clientNext;
        if (lock.resource == this) return lock;
      }
      return null;
    }
    for (let next = this.locks; next != null;) {
      const lock = next;
      next = lock.next;
      if (lock.client == client) return lock;
    }
    return null;
  }

  addLock(lock: Lock): void {
    lock.prev = this.lastLock;
    const last = this.lastLock;
    if (last == null) this.locks = lock;
    else last.next = lock;
    this.lastLock = lock;
    this.lockCount++;
    this.lockspace.lockCount++;
    if (this.rt == RT_LV) this.lockspace.lvLockCount++;
    if (lock.mode == SH) this.shCount++;
    if (lock.persistent) this.kept = lock;
  }

  /** Takes the entry out of every list and gives it back. Does not touch the mode. */
  removeLock(lock: Lock): void {
    const prev = lock.prev;
    const next = lock.next;
    if (prev == null) this.locks = next;
    else prev.next = next;
    if (next == null) this.lastLock = prev;
    else next.prev = prev;
    lock.prev = null;
    lock.next = null;
    this.lockCount--;
    this.lockspace.lockCount--;
    if (this.rt == RT_LV) this.lockspace.lvLockCount--;
    if (lock.mode == SH) this.shCount--;
    if (lock.orphan) this.orphans--;
    if (this.kept == lock) this.kept = null;
    const client = lock.client;
    if (client != null) client.removeLock(lock);
    retire<Lock>(lock);
  }

  /** Version to write to the value block when `lock` is released or converted; 0 is none. */
  versionToWrite(lock: Lock): u32 {
    if (this.mode != EX) return 0;
    if (this.rt == RT_GL) return lock.adopted ? 0 : this.version + 1;
    if (this.rt == RT_VG && lock.version > this.version) return lock.version;
    return 0;
  }

  versionWritten(version: u32): void {
    if (version == 0) return;
    this.version = version;
    this.versionZero = false;
  }
}
