/**
 * A host in a lockspace, as its sanlock daemon has it: the host's lease and its renewal, the locks
 * taken through it, and the end when renewals do not get through.
 *
 * @module
 */
import type { LockspaceSpec, ValueBlock } from "../../../../backends/lock_manager.ts";
import type { Mode } from "../../../../core/types.ts";
import type { Host } from "../shared.ts";
import type { Delta, Disk, Lease, Owner } from "./disk.ts";
import type { Session } from "./session.ts";
import type { Timing } from "./timing.ts";

/** A lock as the sanlock daemon of a host has it. */
export interface Token {
  name: string;
  lease: Lease;
  owner: Owner;
  mode: Mode;
  /** Through whom it was taken; an orphan if that one is not there any more. */
  session: Session;
  /** Taken with its value block: what was read or set. */
  block: ValueBlock | undefined;
  /** The block was set: it is written with the lease. */
  changed: boolean;
}

/** `recovering`: it is being given up, nothing new is taken in it. */
type Phase = "joined" | "leaving" | "recovering" | "gone";

/** How long after the last lock was released a lockspace is given up. */
const CLEARED_MS = 2000;

export class Membership {
  phase: Phase = "joined";
  /** Whose monitor looks at it. */
  session: Session | undefined;
  readonly tokens = new Map<string, Token>();
  /** Releases that could not be written yet. */
  readonly releasing = new Map<string, Token>();
  readonly joinedMs: number;
  #renewedMs: number;
  #timers: (() => void)[] = [];

  constructor(
    readonly host: Host,
    readonly spec: LockspaceSpec,
    readonly hostId: number,
    readonly disk: Disk,
    readonly delta: Delta,
    private readonly timing: Timing,
    private readonly onGone: (membership: Membership) => void,
  ) {
    this.joinedMs = this.#renewedMs = this.#clock.now();
    this.generation = delta.generation;
  }

  readonly generation: number;

  get #clock() {
    return this.host.world.around.clock;
  }

  /** When it was renewed last. */
  get renewedMs(): number {
    if (this.delta.silentSince !== Infinity) return this.delta.silentSince;
    const { renewalMs } = this.timing;
    const passed = this.#clock.now() - this.#renewedMs;
    return this.#renewedMs + Math.floor(passed / renewalMs) * renewalMs;
  }

  /** The host can(not) write its lease, from now on. */
  check(): void {
    if (this.phase === "gone" || this.phase === "recovering") return;
    const overdue = this.#clock.now() >= this.delta.silentSince + this.timing.lostMs;
    if (overdue && !this.host.paused) return this.#expire();
    if (!this.host.reaches) return this.#silent();
    if (this.delta.silentSince === Infinity) return;
    this.#disarm();
    this.delta.silentSince = Infinity;
    this.#renewedMs = this.#clock.now();
    this.host.later(1000, () => this.writeReleases());
  }

  #silent(): void {
    if (this.delta.silentSince !== Infinity) return;
    const renewed = this.renewedMs;
    this.delta.silentSince = renewed;
    const { lostMs, watchdogMs, ioMs } = this.timing;
    const { chance } = this.host.world.around;
    this.#at(renewed + lostMs, () => this.#expire());
    this.#at(renewed + lostMs + chance.between(-ioMs, ioMs), () => this.#notice());
    // The watchdog is a device of its own: it runs on while its host stands still.
    const left = renewed + watchdogMs - this.#clock.now();
    this.#timers.push(this.#clock.after(Math.max(0, left), () => this.#bite()));
  }

  #at(time: number, action: () => void): void {
    const late = Math.max(0, time - this.#clock.now());
    // A host that stands still finds out when it goes on, see check().
    this.#timers.push(this.#clock.after(late, () => this.host.paused || action()));
  }

  #disarm(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }

  #expire(): void {
    if (this.phase !== "joined") return;
    const { spec } = this;
    this.phase = "recovering";
    const own = [...this.tokens.values()].filter((token) => token.session.isOpen);
    if (own.length > 0) this.host.world.around.killCommand?.(this.host.number, spec.vgName);
    if (this.#clock.now() > this.delta.silentSince + this.timing.lostMs) {
      // The host stood still: the daemon's own timer is as late as this one.
      this.host.later(0, () => this.#notice());
    }
    this.cleared();
  }

  /** The daemon sees that the lease is overdue. */
  #notice(): void {
    if (this.phase === "gone" || this.delta.silentSince === Infinity) return;
    this.session?.lose("the lease could not be renewed: sanlock gives the locks up", true);
  }

  /** A lock was released: with the last one the lockspace is given up, if that is under way. */
  cleared(): void {
    if (this.phase !== "recovering" || this.tokens.size > 0) return;
    this.host.later(CLEARED_MS, () => {
      if (this.phase !== "recovering" || this.tokens.size > 0) return;
      const { session } = this;
      this.end();
      const { chance } = this.host.world.around;
      this.host.later(chance.below(this.timing.ioMs), () => {
        session?.loseForGood("sanlock has given the lockspace up");
      });
    });
  }

  #bite(): void {
    if (this.phase === "gone") return;
    const why = `sanlock: the lease in ${this.spec.name} was not renewed`;
    this.host.world.around.resetHost(this.host.number, why);
  }

  /** What could not be written is tried again, soon. */
  retryReleases(): void {
    this.host.later(this.timing.ioMs, () => this.writeReleases());
  }

  writeReleases(): void {
    if (this.phase === "gone" || !this.host.reaches) return;
    for (const token of this.releasing.values()) this.write(token);
    this.releasing.clear();
  }

  /** Takes a lock off the disk. */
  write(token: Token): void {
    const { owners } = token.lease;
    const at = owners.indexOf(token.owner);
    if (at < 0) return; // the lease was rewritten meanwhile
    owners.splice(at, 1);
    this.writeBlock(token);
  }

  /** With the exclusive lock. */
  writeBlock(token: Token): void {
    if (!token.changed) return;
    token.changed = false;
    token.lease.block = token.block!;
  }

  /** It is over on this host; what is on the disk stays. */
  end(): void {
    this.#silentForGood();
    this.#disarm();
    this.#finish();
  }

  /** The sanlock daemon itself is gone: nobody clears the lockspace, so that the watchdog bites. */
  abandon(): void {
    this.#silentForGood();
    this.#disarm();
    const left = this.delta.silentSince + this.timing.watchdogMs - this.#clock.now();
    const { resetHost } = this.host.world.around;
    const { life, number } = this.host;
    this.#clock.after(Math.max(0, left), () => {
      if (this.host.life === life) resetHost(number, "sanlock is gone and its watchdog has fired");
    });
    this.#finish();
  }

  #silentForGood(): void {
    if (this.delta.inUse && this.delta.silentSince === Infinity) {
      this.delta.silentSince = this.renewedMs;
    }
  }

  #finish(): void {
    this.phase = "gone";
    this.onGone(this);
  }

  /** Leaves: the lease says so, if it can be written. */
  leave(): void {
    if (this.host.reaches && this.phase !== "recovering") this.delta.inUse = false;
    this.end();
  }
}
