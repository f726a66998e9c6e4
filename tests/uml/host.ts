/**
 * One host of a cluster: a guest that may crash, boot again or stand still, its lock manager and its
 * daemon, which may be replaced by another kind.
 *
 * @module
 */
import { Daemon, type DaemonCommand, type DaemonKind } from "./daemon.ts";
import { Guest, type GuestOptions } from "./guest.ts";
import type { LockManager } from "./lock_managers/lock_manager.ts";
import { attach, LVM_CONF } from "./storage.ts";

export interface HostOptions {
  /** 1 or 2; the host is called node1 or node2. */
  id: number;
  guest: GuestOptions;
  lockManager: LockManager;
  /** Which daemon it runs unless told otherwise. */
  daemon: DaemonKind;
  /** How each kind is started with this lock manager. */
  commands: Record<DaemonKind, DaemonCommand>;
}

export class Host implements AsyncDisposable {
  #guest: Guest | undefined;
  #daemon: Daemon | undefined;

  constructor(private readonly options: HostOptions) {}

  get id(): number {
    return this.options.id;
  }

  /** Its folder on this machine, /run/shared on the host. */
  get directory(): string {
    return this.options.guest.directory;
  }

  /** Throws while the host is down. */
  get guest(): Guest {
    if (!this.#guest) throw new Error(`host ${this.id} is down`);
    return this.#guest;
  }

  /** The daemon that was started last; throws if none was. */
  get daemon(): Daemon {
    if (!this.#daemon) throw new Error(`host ${this.id} has no daemon`);
    return this.#daemon;
  }

  /** Boots it and starts its lock manager; the daemon has to be started. */
  async boot(): Promise<void> {
    const { id, lockManager } = this.options;
    this.#guest = await Guest.boot(this.options.guest);
    const conf = `local { host_id = ${id} }\n${LVM_CONF}`;
    await this.#guest.run(`hostname node${id}; echo '${conf}' >> /run/lvmconf/lvm.conf`);
    await attach(this.#guest, this.options.guest.disks.length);
    await lockManager.start(this.#guest, id);
  }

  /** Starts the daemon, or another kind of it; waits until it answers. */
  async start(kind: DaemonKind = this.options.daemon): Promise<void> {
    this.#daemon = new Daemon(this.guest, this.options.commands[kind]);
    await this.#daemon.start();
  }

  /** As if its power were cut. */
  async crash(): Promise<void> {
    const { guest } = this;
    this.#guest = undefined;
    this.#daemon = undefined;
    await guest.crash();
  }

  /** Kills the guest; whatever waits for it is rejected with `reason`. */
  giveUp(reason: string): void {
    this.#guest?.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest?.[Symbol.asyncDispose]();
  }
}
