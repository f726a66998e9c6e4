/**
 * What the backend needs of the IDM lock manager's library, without its pointers. Every call answers
 * what the library answers (`Answered`), and never throws; on a connection that has ended it answers
 * `notConnected`.
 *
 * @module
 */
import type { IlmMode } from "./constants.ts";

/** 64 bytes that name a mutex on every drive. */
export type LockId = Uint8Array<ArrayBuffer>;

/** What a mutex is asked for: the mode, the drives that vote about it, and its lease. */
export interface LockWish {
  mode: IlmMode;
  /** Paths as byte strings. */
  drives: readonly string[];
  leaseMs: number;
}

/**
 * A connection to the manager; a mutex belongs to the connection that took it. Its calls are made one
 * after the other, in the order in which they come.
 */
export interface IlmConnection {
  /** Waits up to five seconds for other hosts. */
  lock(id: LockId, wish: LockWish): Promise<number>;
  unlock(id: LockId): Promise<number>;
  convert(id: LockId, mode: IlmMode): Promise<number>;
  /** The value is written to the drives when the mutex is unlocked. */
  writeValue(id: LockId, value: bigint): Promise<number>;
  /** `value` 0 if it was not read. */
  readValue(id: LockId): Promise<{ result: number; value: bigint }>;
  /** Hosts that hold a mutex: others, and whether this one does. */
  hostCount(id: LockId, wish: LockWish): Promise<{ result: number; others: number; self: boolean }>;
  /** What the manager runs when it cannot renew leases any more. */
  setKillPath(path: string, args: string): Promise<number>;
  /** Has the manager gone, or closed the connection? Looks at it now. */
  readonly ended: boolean;
  /** Resolves once the manager has gone or closed the connection; never if it is closed here. */
  readonly onEnd: Promise<void>;
  /** The end of this process comes: `onEnd` is of no interest any more. */
  stopWatching(): void;
  /** Mutexes must have been unlocked, or they stay until their leases run out. Never fails. */
  close(): Promise<void>;
}

export interface IlmLibrary {
  /** @returns a connection, or a negative answer. */
  connect(): Promise<IlmConnection | number>;
}
