/**
 * IDM, simulated: mutexes in drives that all hosts share, held on most of them by leases that the
 * manager of each host renews in virtual time. Nothing resets a host: who loses its leases has ten
 * seconds to let go, after the kill command was run.
 *
 * Not simulated: tables of mutexes that are full, several paths to a drive.
 *
 * @module
 */
import type { LockManager } from "../../../backends/lock_manager.ts";
import { LockType } from "../../../core/types.ts";
import type { HeldLock, ManagerFaults, SimulatedManager, Surroundings } from "../manager.ts";
import { Cluster, type IdmOptions } from "./idm/cluster.ts";
import { IdmDaemon } from "./idm/daemon.ts";
import { blocking, type Holding } from "./idm/drives.ts";
import { Records } from "./idm/records.ts";
import { withoutFaults } from "./shared.ts";

export class SimulatedIdm implements SimulatedManager {
  readonly type = LockType.idm;
  readonly #cluster: Cluster;
  readonly #daemons = new Map<number, IdmDaemon>();

  constructor(around: Surroundings, options: IdmOptions = {}) {
    this.#cluster = new Cluster(around, options);
  }

  get faults(): ManagerFaults {
    return this.#cluster.faults;
  }

  set faults(faults: ManagerFaults) {
    this.#cluster.faults = faults;
  }

  connect(number: number): LockManager & Pick<IdmDaemon, "recorder"> {
    const daemon = new IdmDaemon(this.#cluster, this.#cluster.hosts.of(number));
    this.#daemons.set(number, daemon);
    return daemon;
  }

  daemonDied(number: number): void {
    this.#daemons.get(number)?.died();
  }

  hostDied(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.up) return;
    host.die();
    host.loseConnections();
  }

  hostBooted(number: number): void {
    const host = this.#cluster.hosts.of(number);
    host.up = true;
    host.managed = true;
    host.records = new Records();
  }

  hostPaused(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.up) return;
    host.paused = true;
    host.look();
  }

  hostResumed(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.paused) return;
    host.resume();
    host.look();
  }

  /** From the drives. */
  cutOff(number: number, cut: boolean): void {
    this.#cluster.hosts.of(number).cut = cut;
    this.#cluster.look();
  }

  driveFails(path: string, failing: boolean): void {
    this.#cluster.drive(path).failing = failing;
    this.#cluster.look();
  }

  managerDied(number: number): void {
    const host = this.#cluster.hosts.of(number);
    host.managed = false;
    host.loseConnections();
    this.#daemons.get(number)?.managerGone();
  }

  managerStarted(number: number): void {
    this.#cluster.hosts.of(number).managed = true;
  }

  *held(): Generator<HeldLock> {
    const now = this.#cluster.now();
    const seen = new Set<Holding>();
    for (const drive of this.#cluster.drives.values()) {
      for (const holding of drive.held()) {
        if (seen.has(holding)) continue;
        seen.add(holding);
        const { identity, lockspace, resource, mode, live, drives, endsMs } = holding;
        const kept = drives.filter((each) => each.has(holding)).length;
        if (endsMs < now || kept < blocking(drives.length)) continue;
        yield { host: identity.host, lockspace, resource, mode, orphan: !live };
      }
    }
  }

  heal(): void {
    this.faults = withoutFaults();
    for (const host of this.#cluster.hosts.all()) {
      host.cut = false;
      host.managed = true;
    }
    for (const drive of this.#cluster.drives.values()) drive.failing = false;
    this.#cluster.look();
  }
}
