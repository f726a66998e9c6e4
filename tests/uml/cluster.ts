/**
 * Hosts with shared disks and a lock manager, each with its daemon: booting all of them, and what a
 * scenario may do to one.
 *
 * @module
 */
import type { DaemonCommand, DaemonKind } from "./daemon.ts";
import { type Disk, makeDisk } from "./guest.ts";
import { Host } from "./host.ts";
import type { LockManager, Surroundings } from "./lock_managers/lock_manager.ts";
import type { Held } from "./slots.ts";

export type HostId = 1 | 2;

export interface ClusterOptions {
  name: string;
  /** An existing directory of this machine; each host has a folder in it, node1 and node2. */
  directory: string;
  lockManager: LockManager;
  /** Which daemon runs on host 1 and, if there are two hosts, on host 2. */
  daemons: readonly DaemonKind[];
  /** How each kind of daemon is started, without what it needs for the lock manager. */
  commands: Record<DaemonKind, DaemonCommand>;
  diskMebibytes: readonly number[];
  /** Every guest is killed after this many milliseconds. */
  limitMs: number;
  /** A slot for each host. */
  slots: Held;
}

export class Cluster implements AsyncDisposable {
  /** Hosts whose slot is given away. */
  readonly #away = new Set<HostId>();

  private constructor(
    private readonly hosts: readonly Host[],
    private readonly surroundings: Surroundings,
    private readonly slots: Held,
  ) {}

  /** Boots every host and starts its lock manager and its daemon. */
  static async boot(options: ClusterOptions): Promise<Cluster> {
    const { directory, lockManager, daemons, slots } = options;
    const disks = await Promise.all(
      options.diskMebibytes.map((size, i) => makeDisk(`${directory}/disk${i}`, size)),
    );
    const surroundings = await lockManager.prepare(directory, daemons.length);
    const hosts = daemons.map((_, i) => makeHost(options, i, disks, surroundings));
    const cluster = new Cluster(hosts, surroundings, slots);
    try {
      await Promise.all(hosts.map((host) => host.boot().then(() => host.start())));
      return cluster;
    } catch (error) {
      cluster.giveUp("another host of the cluster did not start");
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  host(id: HostId): Host {
    const host = this.hosts[id - 1];
    if (!host) throw new Error(`this cluster has no host ${id}`);
    return host;
  }

  /**
   * A host loses power. If it is to stay away for long its place serves other guests until
   * {@link reboot}, which then has to wait for it.
   */
  async crash(id: HostId, absence: "long" | "short" = "short"): Promise<void> {
    await this.host(id).crash();
    if (absence === "short") return;
    this.slots.release(1);
    this.#away.add(id);
  }

  /** A host that has crashed boots; its lock manager and its daemon start. */
  async reboot(id: HostId): Promise<void> {
    if (this.#away.delete(id)) await this.slots.take(1);
    await this.host(id).boot();
    await this.host(id).start();
  }

  /** Kills every guest; whatever waits for one is rejected with `reason`. */
  giveUp(reason: string): void {
    for (const host of this.hosts) host.giveUp(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()));
    await this.surroundings[Symbol.asyncDispose]();
  }
}

function makeHost(
  { directory, lockManager, daemons, commands, limitMs }: ClusterOptions,
  index: number,
  disks: readonly Disk[],
  surroundings: Surroundings,
): Host {
  const id = index + 1;
  const name = `node${id}`;
  Deno.mkdirSync(`${directory}/${name}`);
  const withArguments = (command: DaemonCommand): DaemonCommand => ({
    ...command,
    line: [
      ...surroundings.environment === undefined ? [] : ["env", surroundings.environment],
      command.line,
      lockManager.daemonArguments[command.kind],
    ].join(" "),
  });
  return new Host({
    id,
    lockManager,
    daemon: daemons[index]!,
    commands: { ours: withArguments(commands.ours), stock: withArguments(commands.stock) },
    guest: {
      name,
      directory: `${directory}/${name}`,
      disks: disks.map((disk) => ({ ...disk, shared: true })),
      limitMs,
      kernelArguments: surroundings.kernelArguments(id),
    },
  });
}
