/**
 * What a cluster's lock manager is to the harness: a program on every host that the daemons use, and
 * sometimes a network between the hosts.
 *
 * @module
 */
import type { DaemonKind } from "../daemon.ts";
import type { Guest } from "../guest.ts";

export type LockManagerKind = "none" | "sanlock" | "dlm" | "idm";

/** What the hosts of one cluster need on this machine while they run. */
export interface Surroundings extends AsyncDisposable {
  /** Arguments for the kernel of a host, such as its network device. */
  kernelArguments(hostId: number): string[];
  /** Assignments for the daemon's environment, separated by blanks. */
  environment?: string;
}

export interface LockManager {
  /** What a daemon must be told to use it. */
  daemonArguments: Record<DaemonKind, string>;
  /** Prepares a cluster of this many hosts before they boot; its files go to `directory`. */
  prepare(directory: string, hosts: number): Promise<Surroundings>;
  /** Starts it on a host that has booted, and waits until it can be used. */
  start(guest: Guest, hostId: number): Promise<void>;
}

/** A lock manager that works through the shared disks, or not at all, needs nothing around it. */
export const noSurroundings: Surroundings = {
  kernelArguments: () => [],
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
