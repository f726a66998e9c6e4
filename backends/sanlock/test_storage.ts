/**
 * Devices with leases in memory, for the sanlock of {@link ./test_client.ts}.
 *
 * @module
 */
import type { HostEntry } from "./client.ts";
import type { MemoryClient, MemoryConnection } from "./test_client.ts";

export interface Owner {
  host: MemoryClient;
  shared: boolean;
  /** Undefined for an orphan. */
  connection: MemoryConnection | undefined;
  /** The value block as the daemon of that host keeps it. */
  block: Uint8Array | undefined;
}

export interface Lease {
  lockspace: string;
  name: string;
  flags: number;
  lver: number;
  block: Uint8Array;
  owners: Owner[];
}

export interface Device {
  /** Bytes; a file grows when it is written past its end. */
  size: number;
  isFile: boolean;
  lockspace?: { name: string; flags: number; ioTimeout: number; hosts: Map<number, HostEntry> };
  leases: Map<number, Lease>;
}

/** Devices by path. */
export class Storage extends Map<string, Device> {
  add(path: string, size: number, isFile = true): Device {
    const device: Device = { size, isFile, leases: new Map() };
    this.set(path, device);
    return device;
  }

  /** Names in the slots of a device, from slot `first` on; `""` where nothing was formatted. */
  names(path: string, alignSize: number, first: number, count: number): string[] {
    const { leases } = this.get(path)!;
    return Array.from({ length: count }, (_, i) => leases.get((first + i) * alignSize)?.name ?? "");
  }
}
