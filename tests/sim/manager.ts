/**
 * A simulated lock manager that spans all hosts of a simulated cluster: one object holds the truth
 * (leases on a disk, the lock space of a DLM, mutexes in drives), and each daemon gets the same
 * interface to it that a real backend has.
 *
 * @module
 */
import type { LockManager } from "../../backends/lock_manager.ts";
import type { LockType, Mode } from "../../core/types.ts";
import type { Chance } from "./chance.ts";

/** Virtual time. Milliseconds since the epoch of the simulation; runs only from event to event. */
export interface Clock {
  now(): number;
  /** Calls back after `ms` milliseconds, 0 or more. The returned function calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** How much goes wrong in the manager; parts of a thousand of the calls. All 0 when healed. */
export interface ManagerFaults {
  /** A call takes long: up to `lateMs`. */
  late: number;
  lateMs: number;
  /** A call fails without having done anything. */
  failed: number;
  /** A call was carried out, and its answer says that it was not (timeout, I/O error). */
  doneButFailed: number;
  /** A value block is lost or invalid. */
  valueBlockLost: number;
}

export const noFaults: Readonly<ManagerFaults> = Object.freeze({
  late: 0,
  lateMs: 0,
  failed: 0,
  doneButFailed: 0,
  valueBlockLost: 0,
});

/** A lock as the manager has it. */
export interface HeldLock {
  host: number;
  lockspace: string;
  /** GLLK, VGLK or the LV's UUID. */
  resource: string;
  mode: Mode;
  /** Its daemon is dead; it stays for the next one. */
  orphan: boolean;
}

/** What a manager needs of the world around it. */
export interface Surroundings {
  clock: Clock;
  chance: Chance;
  /**
   * The manager has a host reset, as a watchdog or a fencing device does: everything on it ends at
   * once. Returns when the host is dead.
   */
  resetHost(host: number, why: string): void;
  /**
   * The manager runs the kill command that the daemon registered for a VG, on that host. `onLost` says
   * so too, in its own time.
   */
  killCommand?(host: number, vgName: string): void;
}

export interface SimulatedManager {
  readonly type: LockType;
  faults: ManagerFaults;
  /** Hosts are numbered from 1. A new daemon process on a host that is up connects to the manager. */
  connect(host: number): LockManager;
  /** The daemon process on this host was killed; what it held is orphaned or freed, as the manager does. */
  daemonDied(host: number): void;
  /** The host crashed, or was reset. Calls of its daemon never answer. */
  hostDied(host: number): void;
  /** It is up again, with nothing of before. */
  hostBooted(host: number): void;
  /** The host stands still (a paused virtual machine), and goes on: its own timers are late. */
  hostPaused(host: number): void;
  hostResumed(host: number): void;
  /** The host does not reach the disks, or the other hosts; `false` puts it right. */
  cutOff(host: number, cut: boolean): void;
  /** The manager's own daemon on a host ends; `managerStarted` starts it again, with nothing of before. */
  managerDied?(host: number): void;
  managerStarted?(host: number): void;
  /** sanlock: LVM has renamed a VG, and with it the device of its leases. */
  vgRenamed?(from: string, to: string): void;
  /** idm: a drive does not answer to anybody; `false` puts it right. */
  driveFails?(path: string, failing: boolean): void;
  /** Every lock that counts against other hosts now. For checkers; costs a walk. */
  held(): Iterable<HeldLock>;
  /** Ends all faults: every cut is put right; what waits is finished in bounded time. */
  heal(): void;
}
