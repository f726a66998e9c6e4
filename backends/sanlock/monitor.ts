/**
 * Watches the leases by which this host proves that it is alive: tells when a renewal is late, before
 * anything is lost, and when sanlock has given a lockspace up or is gone itself.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { logger } from "../../core/log.ts";
import type { LockspaceHost, LockspaceOutlook } from "../../core/types.ts";
import type { HostEntry, SanlockClient } from "./client.ts";
import { HostNames, presentHost } from "./hosts.ts";
import type { SanlockLockspace } from "./lockspace.ts";
import { isOwnShortage } from "./results.ts";
import { DEFAULT_IO_TIMEOUT, lateSeconds, lostSeconds } from "./timing.ts";

const log = logger("sanlock");

type Lease = NonNullable<LockspaceOutlook["lease"]>;

interface Watched {
  readonly lockspace: SanlockLockspace;
  readonly names: HostNames;
  readonly seen: Map<number, { timestamp: number; atMs: number }>;
  /** When sanlock was asked the last time but one: a change seen now happened after it. */
  askedMs: number;
  /** Of the last renewal that is known to have happened, milliseconds of the process. */
  renewed: number;
  /** sanlock has not answered the last question yet. */
  asking: boolean;
  /** Names of hosts are being read. */
  naming: boolean;
  hosts: LockspaceHost[];
  lease?: Lease;
  ioTimeout: number;
  timer?: ReturnType<typeof setTimeout>;
}

export interface MonitorEvents {
  /** The locks in this lockspace are lost. Called once for each. */
  lost(lockspace: SanlockLockspace, why: string): void;
  /** The lease ran out; sanlock runs the kill command, which may fail before it tells us. */
  expired(lockspace: SanlockLockspace, why: string): void;
}

export class Monitor {
  readonly #watched = new Map<number, Watched>();

  constructor(
    private readonly client: () => SanlockClient,
    /** Seconds; 0 for sanlock's own default. */
    private readonly ioTimeout: number,
    private readonly events: MonitorEvents,
  ) {}

  watch(lockspace: SanlockLockspace): void {
    const watched: Watched = {
      lockspace,
      names: new HostNames(),
      seen: new Map(),
      askedMs: performance.now(),
      renewed: performance.now(),
      asking: false,
      naming: false,
      hosts: [],
      ioTimeout: this.ioTimeout || DEFAULT_IO_TIMEOUT,
    };
    this.#watched.set(lockspace.spec.id, watched);
    void this.#look(watched);
    this.#again(watched);
  }

  unwatch(lockspace: SanlockLockspace): void {
    clearTimeout(this.#watched.get(lockspace.spec.id)?.timer);
    this.#watched.delete(lockspace.spec.id);
  }

  names(lockspace: SanlockLockspace): HostNames {
    return this.#watched.get(lockspace.spec.id)?.names ?? new HostNames();
  }

  outlook(id: number): Pick<LockspaceOutlook, "lease" | "hosts"> | undefined {
    const watched = this.#watched.get(id);
    if (watched === undefined) return undefined;
    const { hosts, lease } = watched;
    return lease === undefined ? { hosts } : { hosts, lease };
  }

  /** A call said that the connection to sanlock may be broken: is it? */
  async checkDaemon(): Promise<void> {
    const { result } = await this.client().version();
    if (result >= 0 || isOwnShortage(result)) return;
    for (const watched of [...this.#watched.values()]) {
      this.#lose(watched, "the sanlock daemon is gone, and with it the leases of this host");
    }
  }

  stop(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  /** Half a renewal interval: a late renewal is noticed well before it is fatal. */
  #again(watched: Watched): void {
    if (this.#watched.get(watched.lockspace.spec.id) !== watched) return;
    watched.timer = setTimeout(() => {
      // A sanlock that does not answer renews nothing, as far as anybody can tell.
      if (watched.asking) this.#judge(watched);
      else void this.#look(watched);
      this.#again(watched);
    }, watched.ioTimeout * 1000);
    Deno.unrefTimer(watched.timer);
  }

  async #look(watched: Watched): Promise<void> {
    const { lockspace } = watched;
    const askedMs = performance.now();
    watched.asking = true;
    const { result, hosts } = await this.client().getHosts(lockspace.spec.name, 0);
    watched.asking = false;
    if (this.#watched.get(lockspace.spec.id) !== watched) return;
    if (result >= 0) this.#note(watched, hosts);
    watched.askedMs = askedMs;
    if (result < 0 && result !== -Errno.EAGAIN) await this.#checkLockspace(watched);
  }

  #note(watched: Watched, hosts: HostEntry[]): void {
    const { lockspace, names, seen } = watched;
    const own = hosts.find(({ hostId }) => hostId === lockspace.hostId);
    if (own !== undefined) this.#noteRenewal(watched, own);
    watched.hosts = hosts.map((host) => {
      const before = seen.get(host.hostId);
      const atMs = before === undefined
        ? 0
        : before.timestamp === host.timestamp
        ? before.atMs
        : Date.now();
      seen.set(host.hostId, { timestamp: host.timestamp, atMs });
      return presentHost(host, lockspace, names, atMs);
    });
    if (!watched.naming) void this.#findNames(watched, hosts);
  }

  /** Beside the rest: storage that hangs must not keep the lease from being watched. */
  async #findNames(watched: Watched, hosts: HostEntry[]): Promise<void> {
    watched.naming = true;
    const { lockspace, names } = watched;
    for (const { hostId, generation } of hosts) await names.of(lockspace, hostId, generation);
    watched.naming = false;
  }

  #noteRenewal(watched: Watched, own: HostEntry): void {
    watched.ioTimeout = own.ioTimeout || watched.ioTimeout;
    const changed = watched.seen.get(own.hostId)?.timestamp !== own.timestamp;
    // After a pause of this process the last look says nothing about when it was renewed.
    const paused = performance.now() - watched.askedMs > lateSeconds(watched.ioTimeout) * 1000;
    if (changed) watched.renewed = paused ? performance.now() : watched.askedMs;
    this.#judge(watched);
  }

  /** By the time since the last renewal that is known of. */
  #judge(watched: Watched): void {
    const age = (performance.now() - watched.renewed) / 1000;
    const before = watched.lease?.state ?? "healthy";
    const lease = leaseOf(age, watched.ioTimeout);
    watched.lease = lease;
    const vg = watched.lockspace.spec.vgName;
    if (lease.state !== "healthy" && before !== lease.state) log.error(`VG ${vg}: ${lease.note}`);
    if (lease.state === "lost" && before !== "lost") {
      this.events.expired(watched.lockspace, lease.note);
    }
    if (lease.state === "healthy" && before !== "healthy") {
      log.warn(`VG ${vg}: the lease is renewed again`);
    }
  }

  /** sanlock does not know the lockspace, or is not there. */
  async #checkLockspace(watched: Watched): Promise<void> {
    const client = this.client();
    const { result } = await client.version();
    if (result < 0) return await this.checkDaemon();
    const { result: listed, lockspaces } = await client.getLockspaces();
    const name = watched.lockspace.spec.name.slice(0, 48);
    if (listed < 0 || lockspaces.some((lockspace) => lockspace.name === name)) return;
    this.#lose(watched, "sanlock has given the lockspace up");
  }

  #lose(watched: Watched, why: string): void {
    if (this.#watched.get(watched.lockspace.spec.id) !== watched) return;
    this.unwatch(watched.lockspace);
    log.error(`VG ${watched.lockspace.spec.vgName}: locks are lost: ${why}`);
    this.events.lost(watched.lockspace, why);
  }
}

/** @param age seconds since the last renewal. */
function leaseOf(age: number, ioTimeout: number): Lease {
  const renewedMs = Date.now() - age * 1000;
  const expiresMs = renewedMs + lostSeconds(ioTimeout) * 1000;
  const rounded = Math.round(age);
  if (age >= lostSeconds(ioTimeout)) {
    const note = `the lease could not be renewed for ${rounded} s: sanlock gives the locks up`;
    return { state: "lost", renewedMs, expiresMs, note };
  }
  if (age >= lateSeconds(ioTimeout)) {
    const left = Math.max(0, Math.round((expiresMs - Date.now()) / 1000));
    const note = `the lease was not renewed for ${rounded} s: the storage of the leases does not ` +
      `answer; all locks of this host in the VG are lost in ${left} s`;
    return { state: "late", renewedMs, expiresMs, note };
  }
  return { state: "healthy", renewedMs, expiresMs, note: "renewed in time" };
}
