/**
 * One lockspace that this daemon uses, the locks that it has in it, and what becomes of calls when
 * the lockspace is lost.
 *
 * @module
 */
import { ResourceType } from "../../core/types.ts";
import type { LockspaceSpec, ResourceSpec } from "../lock_manager.ts";
import type { DlmHandle, LockState } from "./client.ts";
import type { DlmMode } from "./constants.ts";

/** The lock of one resource. It is in mode NL while nobody here holds it. */
export interface Held {
  readonly state: LockState;
  mode: DlmMode;
  /** The value block as it was read with the lock; undefined if it was not. */
  block: Uint8Array | undefined;
  /** A daemon that died held it, and nobody here has asked for it yet. */
  inherited?: boolean;
}

/** Answer of a call that the DLM will never answer. */
export const LOST = Symbol("lost");

/**
 * Locks of LVs that nobody here uses are kept in mode NL, so many of each lockspace: the next command
 * for the LV needs half as many requests.
 */
const IDLE = 256;

export class DlmLockspace {
  /** By the resource's name. */
  readonly held = new Map<string, Held>();
  /** Those of LVs that nobody uses, the one that has not been used for the longest time first. */
  readonly #idle = new Set<string>();
  readonly #lost = Promise.withResolvers<typeof LOST>();
  /** Why its locks are lost; `""` while they are not. */
  #why = "";
  #isGone = false;
  /** It is being left: that it is gone is no surprise. */
  leaving = false;

  /**
   * @param slowExclusive this kernel returns no current value block with a lock that goes to EX.
   * @param mayBeActive is the LV with this UUID active on this host? True if it cannot be told.
   */
  constructor(
    readonly spec: LockspaceSpec,
    readonly name: string,
    readonly handle: DlmHandle,
    readonly slowExclusive = false,
    readonly mayBeActive: (lvUuid: string) => boolean = () => true,
    private readonly idleLimit = IDLE,
  ) {}

  /** The lock of a resource that is going to be used. */
  use(name: string): Held | undefined {
    this.#idle.delete(name);
    return this.held.get(name);
  }

  /** Nobody uses the lock of an LV any more. Returns the name of one that is to be given up now. */
  rest(name: string): string | undefined {
    this.#idle.delete(name);
    this.#idle.add(name);
    const [oldest] = this.#idle;
    if (this.#idle.size <= this.idleLimit || oldest === undefined) return undefined;
    this.#idle.delete(oldest);
    return oldest;
  }

  get lost(): string {
    return this.#why;
  }

  /** It is lost because the kernel does not have it any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * From now on nothing is asked any more, and nothing waits for an answer.
   * @param isGone the kernel does not have it any more.
   */
  lose(why: string, isGone: boolean): void {
    this.#why = why;
    this.#isGone = isGone;
    this.#lost.resolve(LOST);
    // The kernel must not take it for that of a new lockspace later on.
    if (isGone) void this.handle.close();
  }

  /** Makes a call that the loss of the lockspace ends. */
  async call<T>(native: (handle: DlmHandle) => Promise<T>): Promise<T | typeof LOST> {
    if (this.#why !== "") return LOST;
    return await Promise.race([native(this.handle), this.#lost.promise]);
  }
}

/** Longest name of a lockspace for the kernel's device, bytes; longer ones are cut, on every host. */
const LOCKSPACE_NAME_LENGTH = 63;

export function kernelName(lockspaceName: string): string {
  return lockspaceName.slice(0, LOCKSPACE_NAME_LENGTH);
}

/** Locks of LVs carry no value block. */
export function usesValueBlock({ type }: ResourceSpec): boolean {
  return type !== ResourceType.lv;
}

/** How a lock is called in a message. */
export function lockName({ vgName }: LockspaceSpec, { type, name }: ResourceSpec): string {
  if (type === ResourceType.gl) return "the global lock";
  return type === ResourceType.vg ? `the lock of VG ${vgName}` : `LV ${name} in VG ${vgName}`;
}

/** "VG vg0", or what the lockspace of the global lock is called. */
export function lockspaceTitle({ vgName }: LockspaceSpec): string {
  return vgName === "" ? "the global lock" : `VG ${vgName}`;
}
