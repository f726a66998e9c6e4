/**
 * One lockspace as one daemon process uses it.
 *
 * @module
 */
import type { LockManager, LockspaceSpec, ValueBlock } from "../../../../backends/lock_manager.ts";
import type { Gate, Process } from "../shared.ts";
import type { Lock, Member, Space } from "./space.ts";

/** The lock that is kept of a resource once it was used. */
export interface Held {
  /** Absent while it is in mode NL. */
  lock: Lock | undefined;
  /** As it was read with the lock; undefined if it was not. */
  block: ValueBlock | undefined;
}

/** Requests pass while the lockspace works, or when it is lost: then there is nothing to wait for. */
export class Session implements Gate {
  /** By the resource's name. */
  readonly held = new Map<string, Held>();
  /** Why its locks are lost; `""` while they are not. */
  lost = "";
  #waiting: (() => void)[] = [];

  constructor(
    readonly spec: LockspaceSpec,
    readonly space: Space,
    readonly member: Member,
    readonly process: Process,
    private readonly manager: LockManager,
  ) {
    space.sessions.add(this);
  }

  /** Locks that were taken through it are not orphans. */
  get isOpen(): boolean {
    return !this.process.dead;
  }

  get isPassable(): boolean {
    return !this.space.stalled || this.lost !== "";
  }

  pass(action: () => void): void {
    if (this.isPassable) return action();
    this.#waiting.push(action);
    // Also for a process that has died: what it asked for is done when the lockspace goes on.
    this.space.sessions.add(this);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** The lockspace may work again. */
  look(): void {
    while (this.isPassable && this.#waiting.length > 0) this.#waiting.shift()!();
  }

  /** The lockspace was left: what still waits is answered. */
  end(): void {
    this.lost ||= "the lockspace was left";
    this.look();
  }

  lose(why: string): void {
    if (this.lost !== "") return;
    this.lost = why;
    this.look();
    if (this.isOpen) this.manager.onLost?.(this.spec, why);
  }
}
