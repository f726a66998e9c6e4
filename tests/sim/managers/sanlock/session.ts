/**
 * One start of a lockspace by one daemon process: its registered connection to sanlock, and what the
 * backend watches for it.
 *
 * @module
 */
import type { LockManager, LockspaceSpec } from "../../../../backends/lock_manager.ts";
import type { Process } from "../shared.ts";
import type { Disk } from "./disk.ts";
import type { Membership, Token } from "./membership.ts";

export class Session {
  membership: Membership | undefined;
  /** The connection was closed, though the process lives. */
  closed = false;
  /** What this daemon believes to hold, by the resource's name. */
  readonly held = new Map<string, Token>();
  /** Where the search for a free LV lease goes on. */
  freeSlot = 0;
  /** The join under way is not wanted any more. */
  cancel: (() => void) | undefined;
  #expired = false;

  constructor(
    readonly spec: LockspaceSpec,
    readonly hostId: number,
    readonly disk: Disk,
    readonly process: Process,
    private readonly manager: LockManager,
  ) {}

  /** Locks that were taken through it are not orphans. */
  get isOpen(): boolean {
    return !this.closed && !this.process.dead;
  }

  /** The backend looks at the lease of this lockspace from now on. */
  watch(membership: Membership): void {
    this.membership = membership;
    membership.session = this;
  }

  unwatch(): void {
    if (this.membership?.session === this) this.membership.session = undefined;
  }

  get #watches(): boolean {
    return this.isOpen && this.membership?.session === this;
  }

  /** The lease is overdue. Told once for each time. */
  lose(why: string, commandRuns: boolean): void {
    if (this.#expired || !this.#watches) return;
    this.#expired = true;
    this.manager.onLost?.(this.spec, why, commandRuns);
  }

  /** The lockspace is gone. Nothing is watched any more. */
  loseForGood(why: string): void {
    if (!this.#watches) return;
    this.unwatch();
    this.manager.onLost?.(this.spec, why);
  }
}
