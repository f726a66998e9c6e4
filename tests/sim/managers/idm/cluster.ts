/**
 * What all hosts of a simulated IDM cluster share: the drives, who waits for a mutex, the faults.
 *
 * @module
 */
import type { ManagerFaults, Surroundings } from "../../manager.ts";
import { Hosts, withoutFaults, type World } from "../shared.ts";
import { Drive } from "./drives.ts";
import { IdmHost } from "./host.ts";

export interface IdmOptions {
  /** Drives of the global lock, which every host finds marked. One if absent. */
  globalDrives?: readonly string[];
}

export class Cluster implements World {
  faults: ManagerFaults = withoutFaults();
  readonly hosts: Hosts<IdmHost>;
  readonly drives = new Map<string, Drive>();
  readonly globalDrives: readonly string[];
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(readonly around: Surroundings, { globalDrives = ["/dev/global"] }: IdmOptions) {
    this.globalDrives = globalDrives;
    this.hosts = new Hosts((number) => new IdmHost(number, this));
  }

  now(): number {
    return this.around.clock.now();
  }

  drive(path: string): Drive {
    let drive = this.drives.get(path);
    if (drive === undefined) this.drives.set(path, drive = new Drive(path));
    return drive;
  }

  /** Calls back, again and again, when a mutex may be free. The returned function ends that. */
  wait(key: string, retry: () => void): () => void {
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, waiting = new Set());
    waiting.add(retry);
    return () => waiting.delete(retry);
  }

  freed(key: string): void {
    const { valueBlockLost } = this.faults;
    if (valueBlockLost !== 0 && this.around.chance.perMille(valueBlockLost)) {
      for (const drive of this.drives.values()) drive.forgetValue(key);
    }
    for (const retry of this.#waiting.get(key) ?? none) this.around.clock.after(1, retry);
  }

  /** Drives or hosts have come or gone. */
  look(): void {
    for (const host of this.hosts.all()) if (host.up) host.look();
    for (const waiting of this.#waiting.values()) {
      for (const retry of waiting) this.around.clock.after(1, retry);
    }
  }
}

const none: ReadonlySet<() => void> = new Set();
