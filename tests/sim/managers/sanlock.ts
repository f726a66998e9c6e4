/**
 * sanlock, simulated: leases on disks that all hosts share, renewed by each host in virtual time. A
 * host whose renewals do not get through loses its locks, is reset by its watchdog if it does not let
 * go of them, and only then others get them.
 *
 * Not simulated: sector sizes, names longer than sanlock keeps, damaged leases.
 *
 * @module
 */
import type { LockManager } from "../../../backends/lock_manager.ts";
import { LockType } from "../../../core/types.ts";
import type { HeldLock, ManagerFaults, SimulatedManager, Surroundings } from "../manager.ts";
import { Hosts, withoutFaults } from "./shared.ts";
import { Cluster, type SanlockOptions } from "./sanlock/cluster.ts";
import { SanlockDaemon } from "./sanlock/daemon.ts";
import { type Disk, isHeldBy, type Lease } from "./sanlock/disk.ts";
import { SanlockHost } from "./sanlock/host.ts";

export class SimulatedSanlock implements SimulatedManager {
  readonly type = LockType.sanlock;
  readonly #cluster: Cluster;
  readonly #hosts: Hosts<SanlockHost>;
  readonly #daemons = new Map<number, SanlockDaemon>();

  constructor(around: Surroundings, options: SanlockOptions = {}) {
    this.#cluster = new Cluster(around, options);
    this.#hosts = new Hosts((number) => new SanlockHost(number, this.#cluster));
  }

  get faults(): ManagerFaults {
    return this.#cluster.faults;
  }

  set faults(faults: ManagerFaults) {
    this.#cluster.faults = faults;
  }

  connect(host: number): LockManager & Pick<SanlockDaemon, "recorder"> {
    const daemon = new SanlockDaemon(this.#cluster, this.#hosts.of(host));
    this.#daemons.set(host, daemon);
    return daemon;
  }

  daemonDied(host: number): void {
    const { process } = this.#hosts.of(host);
    if (process !== undefined) process.dead = true;
  }

  hostDied(number: number): void {
    const host = this.#hosts.of(number);
    if (!host.up) return;
    host.die();
    host.lose("host");
  }

  hostBooted(number: number): void {
    const host = this.#hosts.of(number);
    host.up = true;
    host.managed = true;
    host.doomed = false;
  }

  hostPaused(number: number): void {
    const host = this.#hosts.of(number);
    if (!host.up) return;
    host.paused = true;
    host.check();
  }

  hostResumed(number: number): void {
    const host = this.#hosts.of(number);
    if (!host.paused) return;
    host.resume();
    host.check();
  }

  /** From the disks. */
  cutOff(number: number, cut: boolean): void {
    const host = this.#hosts.of(number);
    host.cut = cut;
    if (host.up) host.check();
  }

  managerDied(number: number): void {
    const host = this.#hosts.of(number);
    host.managed = false;
    this.#daemons.get(number)?.loseAll();
    host.lose("sanlock");
  }

  /** Nobody starts it while the watchdog is about to reset the host. */
  managerStarted(number: number): void {
    const host = this.#hosts.of(number);
    if (!host.doomed) host.managed = true;
  }

  vgRenamed(from: string, to: string): void {
    this.#cluster.rename(from, to);
  }

  *held(): Generator<HeldLock> {
    for (const disk of this.#cluster.disks.values()) {
      if (!disk.removed) yield* this.#heldOn(disk);
    }
  }

  *#heldOn(disk: Disk): Generator<HeldLock> {
    for (const lease of disk.leases()) {
      if (lease.owners.length > 0) yield* this.#heldIn(disk, lease);
    }
  }

  *#heldIn(disk: Disk, lease: Lease): Generator<HeldLock> {
    const now = this.#cluster.now();
    for (const owner of lease.owners) {
      if (!disk.counts(owner, now)) continue;
      const { host } = disk.delta(owner.hostId);
      const membership = this.#hosts.of(host).memberships.get(disk.lockspace);
      const token = membership?.tokens.get(lease.name);
      const ours = membership !== undefined &&
        isHeldBy(owner, membership.hostId, membership.generation);
      yield {
        host,
        lockspace: disk.lockspace,
        resource: lease.name,
        mode: owner.mode,
        orphan: !(ours && token?.session.isOpen),
      };
    }
  }

  heal(): void {
    this.faults = withoutFaults();
    for (const host of this.#hosts.all()) {
      this.managerStarted(host.number);
      this.cutOff(host.number, false);
    }
  }
}
