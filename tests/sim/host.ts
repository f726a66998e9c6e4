/**
 * One host of the cluster: its machine, its daemon, the LVs that are active on it. Dies and boots;
 * what a command or an LV believes dies with it.
 *
 * @module
 */
import type { Mode } from "../../core/types.ts";
import type { Event, Machine } from "./clock.ts";
import { SimDaemon } from "./daemon.ts";
import { ROOT } from "./disk.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/** An LV that is in use. */
export interface ActiveLv {
  vgName: string;
  lvUuid: string;
  mode: Mode;
}

class SimMachine implements Machine {
  paused = false;
  readonly backlog: Event[] = [];
}

export class Host {
  machine = new SimMachine();
  up = true;
  daemon: SimDaemon | undefined;
  /** By UUID. */
  readonly active = new Map<string, ActiveLv>();
  /** Commands that run. */
  readonly sessions = new Set<Session>();
  /** LVs that a command is about: LVM's local locks keep others away. */
  readonly busy = new Set<string>();
  /** By VG: the last request to stop or drop it. */
  readonly ended = new Map<string, number>();
  /** Counts how often a VG was made safe: what a command learnt before does not count any more. */
  readonly #safe = new Map<string, number>();
  readonly adoptFile: string;
  readonly sysBlock: string;
  #daemons = 0;
  /** How many times it is cut off or stands still now, and when that last ended. */
  #disturbances = 0;
  #disturbedMs = -Infinity;

  constructor(readonly world: World, readonly number: number, readonly hostId: number) {
    this.adoptFile = `${ROOT}${number}/adopt`;
    this.sysBlock = `${ROOT}${number}/block`;
    world.disk.devices.set(
      this.sysBlock,
      () => [...this.active.values()].map(({ vgName, lvUuid }) => `dm-${vgName}-${lvUuid}`),
    );
  }

  /** It is cut off or stands still until the returned function is called. */
  disturb(): () => void {
    this.#disturbances++;
    return () => {
      this.#disturbances--;
      this.#disturbedMs = this.world.clock.now();
    };
  }

  /** Was it cut off or standing still in the last minute? */
  get isDisturbed(): boolean {
    return this.#disturbances > 0 || this.world.clock.now() - this.#disturbedMs < 60_000;
  }

  startDaemon(): void {
    if (!this.up || this.daemon?.alive) return;
    this.daemon = new SimDaemon(this, this.world, ++this.#daemons);
    this.world.watchers.daemonStarted(this.daemon);
  }

  /** The daemon that clients can connect to. */
  get server(): SimDaemon | undefined {
    return this.daemon?.alive && this.daemon.serving ? this.daemon : undefined;
  }

  activate(vgName: string, lvUuid: string, mode: Mode): void {
    this.active.set(lvUuid, { vgName, lvUuid, mode });
    this.world.beliefs.add({
      host: this.number,
      lockspace: `lvm_${vgName}`,
      vgName,
      resource: lvUuid,
      mode,
      sinceMs: this.world.clock.now(),
    });
  }

  deactivate(lvUuid: string): void {
    const lv = this.active.get(lvUuid);
    if (lv === undefined) return;
    this.active.delete(lvUuid);
    const { vgName } = lv;
    const lockspace = `lvm_${vgName}`;
    this.world.beliefs.remove({ host: this.number, lockspace, vgName, resource: lvUuid });
  }

  /** A conversion to shared begins: from now on others may share. */
  weaken(lvUuid: string, mode: Mode): void {
    const lv = this.active.get(lvUuid);
    if (lv === undefined) return;
    lv.mode = mode;
    const { vgName } = lv;
    const lockspace = `lvm_${vgName}`;
    this.world.beliefs.weaken({ host: this.number, lockspace, vgName, resource: lvUuid }, mode);
  }

  /** Nothing on this host writes to the VG any more, whoever thought that he might. */
  makeSafe(vgName: string): void {
    this.#safe.set(vgName, this.safeCount(vgName) + 1);
    for (const lv of this.active.values()) if (lv.vgName === vgName) this.deactivate(lv.lvUuid);
    this.world.beliefs.removeAll((belief) =>
      belief.host === this.number && belief.vgName === vgName
    );
  }

  /** Its lock could not be adopted. Who knows that lets the LV alone, or activates it as it is. */
  isTroubled(lvUuid: string): boolean {
    return this.daemon?.report?.troubles.some(({ lvUuids }) => lvUuids.includes(lvUuid)) ?? false;
  }

  safeCount(vgName: string): number {
    return this.#safe.get(vgName) ?? 0;
  }

  /** Everything on it ends. */
  die(): void {
    this.up = false;
    if (this.daemon !== undefined) this.daemon.process.alive = false;
    for (const session of [...this.sessions]) session.killed();
    this.active.clear();
    this.busy.clear();
    this.world.beliefs.removeAll((belief) => belief.host === this.number);
    this.world.disk.clear(`${ROOT}${this.number}/`);
    this.machine = new SimMachine();
  }
}
