/**
 * What all hosts of a simulated sanlock cluster share: the disks, the times, the faults.
 *
 * @module
 */
import type { ManagerFaults, Surroundings } from "../../manager.ts";
import { withoutFaults, type World } from "../shared.ts";
import { Disk } from "./disk.ts";
import { type Timing, timingOf } from "./timing.ts";

export interface SanlockOptions {
  /** Seconds. 10 if absent, as sanlock's own default. */
  ioTimeout?: number;
  /** LVs that have room for a lease in each VG. 250 if absent, as in LVM's first lvmlock LV. */
  slots?: number;
}

export class Cluster implements World {
  faults: ManagerFaults = withoutFaults();
  /** Lease devices by the name of their VG. */
  readonly disks = new Map<string, Disk>();
  readonly timing: Timing;
  readonly #slots: number;

  constructor(readonly around: Surroundings, { ioTimeout = 10, slots = 250 }: SanlockOptions) {
    this.timing = timingOf(ioTimeout);
    this.#slots = slots;
  }

  now(): number {
    return this.around.clock.now();
  }

  /** The device that LVM has made for the leases of a VG, with whatever is on it. */
  device(vgName: string): Disk {
    return this.disks.get(vgName) ?? this.#blank();
  }

  #blank(): Disk {
    return new Disk("", 0, false, this.timing);
  }

  format(vgName: string, lockspace: string, enableGl: boolean): void {
    this.disks.set(vgName, new Disk(lockspace, this.#slots, enableGl, this.timing));
  }

  rename(from: string, to: string): void {
    const disk = this.disks.get(from);
    if (disk === undefined) return;
    this.disks.delete(from);
    this.disks.set(to, disk);
  }

  nameOf(disk: Disk): string | undefined {
    for (const [name, each] of this.disks) if (each === disk) return name;
    return undefined;
  }
}
