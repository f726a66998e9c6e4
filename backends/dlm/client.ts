/**
 * What the backend needs of the DLM's two libraries, without their pointers: locks of one lockspace,
 * lockspaces, and dlm_controld's services for LVM.
 *
 * @module
 */
import type { DlmMode } from "./constants.ts";
import type { PendingChange } from "./structs.ts";

/** One lock as the library reports it: the result of the last request and the value block. */
export interface LockState {
  /** 0 when granted, a positive errno when refused, `IN_PROGRESS` when no request was completed. */
  readonly status: number;
  /** The kernel's number for the lock; 0 while there is none. */
  readonly lkid: number;
  /** `StatusFlag` bits. */
  readonly flags: number;
  /**
   * The library's copy of the value block: read from where a request writes it, written to by the
   * completion of most requests. `undefined` for locks without one.
   */
  readonly value: Uint8Array | undefined;
}

/** An open lockspace. Its calls are made one after the other, in the order in which they come. */
export interface DlmHandle {
  /** A lock of a resource that nothing was asked for yet. It stays in memory until `drop`. */
  makeLock(name: string, withValue: boolean): LockState;
  /**
   * A new lock or a conversion; waits for its completion.
   * @param flags `LockFlag` bits; a conversion has `convert`.
   * @returns 0 if it was granted, -1 if not: then `status` says why, `IN_PROGRESS` that it was not
   * even asked for.
   */
  lock(lock: LockState, mode: DlmMode, flags: number): Promise<number>;
  /**
   * Takes over a lock that a dead process of this host left behind.
   * @returns 0 or a positive errno: ENOENT if there is none, EAGAIN if it has another mode.
   */
  adopt(lock: LockState, mode: DlmMode, flags: number): Promise<number>;
  /** Gives the lock up altogether. It must be in mode NL, or the value block is damaged. */
  unlock(lock: LockState): Promise<number>;
  /** The memory of a lock that the kernel does not know (any more) is free. */
  drop(lock: LockState): void;
  /** Gives the handle back, for a lockspace that is gone. It is of no use afterwards. */
  close(): Promise<number>;
  /** Leaves the lockspace whatever is locked in it. The handle is of no use afterwards. */
  release(): Promise<number>;
}

export interface KernelVersion {
  major: number;
  minor: number;
  patch: number;
}

/** libdlm. Names of lockspaces are byte strings of at most 63 bytes. */
export interface DlmLibrary {
  /**
   * Version of the kernel's interface; undefined if it cannot be told. Comes before anything else.
   * Only to be called when the control device is there: the library waits ten seconds for it.
   */
  kernelVersion(): Promise<KernelVersion | undefined>;
  /** Makes a lockspace that this host is not in and joins it. May take as long as it likes. */
  create(name: string): Promise<DlmHandle | undefined>;
  /** Opens a lockspace that this host is in. */
  open(name: string): Promise<DlmHandle | undefined>;
}

/** libdlmcontrol: what dlm_controld does for LVM. Results below 0 are failures. */
export interface ControlLibrary {
  /** Has all other nodes run a command. */
  runStart(command: string): Promise<{ result: number; uuid: string }>;
  /** @param flags `RunCheck` bits. @returns status: `RunStatus` bits, 0 for an unknown uuid. */
  runCheck(uuid: string, flags: number): Promise<{ result: number; status: number }>;
  /** The change of membership that a lockspace waits for; undefined if that is not known. */
  pendingChange(lockspaceName: string): Promise<PendingChange | undefined>;
}
