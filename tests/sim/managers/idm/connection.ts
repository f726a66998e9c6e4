/**
 * A connection to the manager of a host, as the manager serves it: taking mutexes on most of their
 * drives, renewing them, giving them up.
 *
 * @module
 */
import { Answered } from "../../../../backends/idm/constants.ts";
import { Mode } from "../../../../core/types.ts";
import type { Cluster } from "./cluster.ts";
import {
  blocking,
  BROKEN_VALUE,
  type Drive,
  type Holding,
  type Identity,
  LEASE_MS,
  majority,
  renewing,
} from "./drives.ts";
import type { IdmHost } from "./host.ts";

/** Without a renewal for so long the manager runs the kill command, in its next rounds. */
const OVERDUE_MS = 50_000;
const ROUND_MS = 5000;

export interface Wish {
  key: string;
  resource: string;
  mode: Mode;
  drives: readonly Drive[];
}

export class Connection {
  readonly holdings = new Map<string, Holding>();
  ended = false;
  /** A lease was overdue: it renews nothing any more. */
  #renews = true;
  readonly #overdue = new Map<Holding, () => void>();

  /** @param onOverdue leases could not be renewed in time. */
  constructor(
    private readonly cluster: Cluster,
    private readonly host: IdmHost,
    private readonly identity: Identity,
    private readonly lockspace: string,
    private readonly onOverdue: () => void,
  ) {}

  #answers(drive: Drive): boolean {
    return this.host.reaches && !drive.failing;
  }

  /** One attempt; the manager goes on trying for five seconds. */
  lock({ key, resource, mode, drives }: Wish): number {
    if (this.ended) return Answered.notConnected;
    if (this.holdings.has(key)) return Answered.heldAlready;
    const holding: Holding = {
      identity: this.identity,
      key,
      lockspace: this.lockspace,
      resource,
      drives,
      taken: new Set(),
      mode,
      value: 0n,
      broken: false,
      endsMs: Infinity,
      live: true,
    };
    let dead = 0;
    for (const drive of drives) {
      if (this.#answers(drive)) this.#takeOn(drive, holding);
      else dead++;
    }
    if (holding.taken.size >= majority(drives.length)) {
      this.holdings.set(key, holding);
      if (!this.#renews) this.#stopRenewing(holding);
      return Answered.done;
    }
    for (const drive of holding.taken) drive.drop(holding);
    return dead >= blocking(drives.length) ? Answered.ioError : Answered.refused;
  }

  #takeOn(drive: Drive, holding: Holding): void {
    const result = drive.take(holding, this.cluster.now());
    if (result === "busy") return;
    holding.taken.add(drive);
    if (result === "broken") holding.broken = true;
  }

  #expired(holding: Holding): boolean {
    const now = this.cluster.now();
    if (holding.endsMs < now) return true;
    let gone = 0;
    for (const drive of holding.taken) if (!drive.has(holding)) gone++;
    return gone > 0 && gone >= blocking(holding.drives.length);
  }

  convert(key: string, mode: Mode): number {
    const holding = this.holdings.get(key);
    if (this.ended) return Answered.notConnected;
    if (holding === undefined) return Answered.refused;
    if (this.#expired(holding)) return Answered.expired;
    if (holding.mode === mode) return Answered.done;
    const good = [...holding.taken].filter((drive) => this.#answers(drive));
    if (mode === Mode.sh) {
      for (const drive of good) drive.lower(holding);
      holding.mode = mode;
      return Answered.done;
    }
    const count = holding.drives.length;
    if (good.length < majority(count)) return Answered.ioError;
    const now = this.cluster.now();
    const raised = good.filter((drive) => drive.raise(holding, now));
    if (raised.length >= majority(count)) {
      holding.mode = mode;
      return Answered.done;
    }
    for (const drive of raised) drive.lower(holding);
    return Answered.refused;
  }

  /** Whatever is answered, the manager forgets it; a drive that was not told keeps it for a lease. */
  unlock(key: string, told = true): number {
    const holding = this.holdings.get(key);
    if (this.ended) return Answered.notConnected;
    if (holding === undefined) return Answered.refused;
    const expired = this.#expired(holding);
    const missed = this.#giveUp(holding, told);
    if (expired) return Answered.expired;
    return missed >= blocking(holding.drives.length) ? Answered.ioError : Answered.done;
  }

  /** @returns how many drives were not told. */
  #giveUp(holding: Holding, told = true): number {
    this.holdings.delete(holding.key);
    let missed = 0;
    for (const drive of holding.taken) {
      if (told && this.#answers(drive)) drive.drop(holding, holding.value);
      else missed++;
    }
    this.#leave(holding);
    this.cluster.freed(holding.key);
    return missed;
  }

  /** Nobody renews it any more. */
  #leave(holding: Holding): void {
    this.#overdue.get(holding)?.();
    this.#overdue.delete(holding);
    holding.live = false;
    holding.endsMs = Math.min(holding.endsMs, this.cluster.now() + LEASE_MS);
  }

  /** Stored in the manager; the drives get it with the release. */
  writeValue(key: string, value: bigint): number {
    const holding = this.holdings.get(key);
    if (this.ended) return Answered.notConnected;
    if (holding === undefined) return Answered.refused;
    holding.value = value;
    return Answered.done;
  }

  /** Undefined if it cannot be read. */
  readValue(key: string): bigint | undefined {
    const holding = this.holdings.get(key);
    if (holding === undefined || this.ended) return undefined;
    let read = 0;
    let value = 0n;
    for (const drive of holding.taken) {
      if (!this.#answers(drive) || !drive.has(holding)) continue;
      read++;
      const here = drive.value(key);
      if (here > value) value = here;
    }
    if (read < majority(holding.drives.length)) return undefined;
    holding.value = holding.broken ? BROKEN_VALUE : value;
    return holding.value;
  }

  /** Other hosts that hold a mutex, and whether this one does. */
  count(wish: Omit<Wish, "mode" | "resource">): { result: number; others: number; self: boolean } {
    const drives = this.holdings.get(wish.key)?.drives ?? wish.drives;
    const good = drives.filter((drive) => this.#answers(drive));
    if (good.length === 0) return { result: Answered.unknown, others: 0, self: false };
    const now = this.cluster.now();
    let others = 0;
    let self = false;
    for (const drive of good) {
      const holders = drive.holders(wish.key, now);
      const own = holders.some(({ identity }) => identity === this.identity);
      self ||= own;
      others = Math.max(others, holders.length - (own ? 1 : 0));
    }
    return { result: 0, others, self };
  }

  /** What can be renewed has changed. */
  look(): void {
    for (const holding of this.holdings.values()) this.#lookAt(holding);
  }

  #lookAt(holding: Holding): void {
    if (!this.#renews) return;
    const now = this.cluster.now();
    // Drives that were missing are asked with each renewal.
    for (const drive of holding.drives) {
      const missing = !holding.taken.has(drive) || !drive.has(holding);
      if (missing && holding.endsMs >= now && this.#answers(drive)) this.#takeOn(drive, holding);
    }
    const good = [...holding.taken].filter((drive) => this.#answers(drive));
    if (good.length < renewing(holding.drives.length)) return this.#silent(holding);
    if (holding.endsMs === Infinity) return;
    const silentSince = holding.endsMs - LEASE_MS;
    if (now >= silentSince + OVERDUE_MS) return this.#fail();
    this.#overdue.get(holding)?.();
    this.#overdue.delete(holding);
    holding.endsMs = Infinity;
  }

  #silent(holding: Holding): void {
    if (holding.endsMs !== Infinity) return;
    const { clock, chance } = this.cluster.around;
    holding.endsMs = clock.now() + LEASE_MS;
    const ms = OVERDUE_MS + chance.below(ROUND_MS);
    // A host that stands still finds out when it goes on.
    const cancel = clock.after(ms, () => this.host.paused || this.#fail());
    this.#overdue.set(holding, cancel);
  }

  /** It renews nothing any more, and says so once. */
  #fail(): void {
    if (!this.#renews || this.ended) return;
    this.#renews = false;
    for (const holding of this.holdings.values()) this.#stopRenewing(holding);
    this.onOverdue();
  }

  #stopRenewing(holding: Holding): void {
    holding.endsMs = Math.min(holding.endsMs, this.cluster.now() + LEASE_MS);
  }

  /**
   * It is closed. The manager gives up what is held on it only if its process has died; otherwise
   * leases run out.
   * @param released the drives are told.
   */
  close(released: boolean): void {
    for (const holding of [...this.holdings.values()]) this.#giveUp(holding, released);
    this.ended = true;
  }
}
