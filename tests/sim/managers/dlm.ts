/**
 * The DLM, simulated: lockspaces of a cluster whose nodes agree on every lock at once. A node that
 * fails, or does not reach the others, is fenced before its locks are free; until then its
 * lockspaces stand still.
 *
 * Not simulated: partitions of several nodes, lockspaces that are left behind the daemon's back.
 *
 * @module
 */
import type { LockManager } from "../../../backends/lock_manager.ts";
import { LockType } from "../../../core/types.ts";
import type { HeldLock, ManagerFaults, SimulatedManager, Surroundings } from "../manager.ts";
import { Cluster, type DlmOptions } from "./dlm/cluster.ts";
import { DlmDaemon } from "./dlm/daemon.ts";
import { isOrphan } from "./dlm/space.ts";
import type { DlmHost } from "./dlm/host.ts";
import { withoutFaults } from "./shared.ts";

const GONE = "dlm_controld is gone: other nodes may take what this host has locked";

export class SimulatedDlm implements SimulatedManager {
  readonly type = LockType.dlm;
  readonly #cluster: Cluster;
  readonly #daemons = new Map<number, DlmDaemon>();

  constructor(around: Surroundings, options: DlmOptions = {}) {
    this.#cluster = new Cluster(around, options);
  }

  get faults(): ManagerFaults {
    return this.#cluster.faults;
  }

  set faults(faults: ManagerFaults) {
    this.#cluster.faults = faults;
  }

  connect(number: number): LockManager & Pick<DlmDaemon, "recorder"> {
    const daemon = new DlmDaemon(this.#cluster, this.#cluster.hosts.of(number));
    this.#daemons.set(number, daemon);
    this.#cluster.look();
    return daemon;
  }

  daemonDied(number: number): void {
    this.#daemons.get(number)?.died();
  }

  hostDied(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.up) return;
    host.die();
    this.#cluster.nodeFailed(host);
  }

  hostBooted(number: number): void {
    const host = this.#cluster.hosts.of(number);
    host.up = true;
    host.managed = true;
    this.#cluster.look();
  }

  hostPaused(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.up) return;
    host.paused = true;
    this.#cluster.look();
  }

  hostResumed(number: number): void {
    const host = this.#cluster.hosts.of(number);
    if (!host.paused) return;
    host.resume();
    this.#cluster.look();
  }

  /** From the other nodes. */
  cutOff(number: number, cut: boolean): void {
    this.#cluster.hosts.of(number).cut = cut;
    this.#cluster.look();
  }

  /** dlm_controld ends. The node has to be reset before it can be used again. */
  managerDied(number: number): void {
    const host = this.#cluster.hosts.of(number);
    host.managed = false;
    this.#daemons.get(number)?.loseAll(GONE);
    this.#cluster.look();
  }

  /** It refuses while the kernel has lockspaces left behind. */
  managerStarted(number: number): void {
    const host = this.#cluster.hosts.of(number);
    for (const { members } of this.#cluster.spaces.values()) if (members.has(number)) return;
    host.managed = true;
    this.#cluster.look();
  }

  *held(): Generator<HeldLock> {
    for (const { name, resources } of this.#cluster.spaces.values()) {
      for (const resource of resources.values()) {
        for (const lock of resource.locks) {
          const { member, mode } = lock;
          const orphan = isOrphan(lock) || member.life !== member.host.life;
          const host = member.host.number;
          yield { host, lockspace: name, resource: resource.name, mode, orphan };
        }
      }
    }
  }

  heal(): void {
    this.faults = withoutFaults();
    for (const host of this.#cluster.hosts.all()) host.cut = false;
    this.#cluster.look();
    for (const host of this.#cluster.hosts.all()) this.#repair(host);
  }

  /** Where dlm_controld is gone, an operator restarts the node if its kernel has lockspaces. */
  #repair(host: DlmHost): void {
    if (!host.up || host.managed) return;
    this.managerStarted(host.number);
    if (host.managed) return;
    const why = "an operator restarts the node: its lockspaces are of no use any more";
    this.#cluster.around.resetHost(host.number, why);
  }
}
