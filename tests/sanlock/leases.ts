/**
 * Leases in a file for tests, with 512 byte sectors, 1 MiB each and an I/O timeout of 1 s: a join takes
 * 3 s with it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { LockspaceArg, ResourceArg, SanlockClient } from "../../backends/sanlock/client.ts";
import { Lsf, Res } from "../../backends/sanlock/constants.ts";

export const MIB = 2 ** 20;
/** Seconds. */
export const IO_TIMEOUT = 1;
const SLOTS = 80;

export class LeaseFile {
  readonly path: string;

  /** Makes an empty file, with place for 80 leases. The first is that of the lockspace. */
  constructor(directory: string, readonly lockspace = "lvm_vg") {
    this.path = `${directory}/leases`;
    Deno.writeFileSync(this.path, new Uint8Array(0));
    Deno.truncateSync(this.path, SLOTS * MIB);
  }

  /** The lockspace with a host's own lease in it. */
  host(hostId: number): LockspaceArg {
    const flags = Lsf.align1m | Lsf.sector512;
    return { name: this.lockspace, hostId, path: this.path, flags };
  }

  /** The lease number `slot`. */
  at(slot: number, name = `lock${slot}`): ResourceArg {
    const flags = Res.align1m | Res.sector512;
    return { lockspace: this.lockspace, name, path: this.path, offset: slot * MIB, flags };
  }

  /** A lease as it is asked for exclusively. It outlives its connection. */
  ex(slot: number): ResourceArg {
    const lease = this.at(slot);
    return { ...lease, flags: lease.flags | Res.persistent };
  }

  /** A lease as it is asked for shared. */
  sh(slot: number): ResourceArg {
    const lease = this.ex(slot);
    return { ...lease, flags: lease.flags | Res.shared };
  }

  /** Formats the lockspace and the leases `slots`. */
  async format(client: SanlockClient, slots: number[]): Promise<void> {
    assertEquals(await client.writeLockspace(this.host(0), IO_TIMEOUT), 0);
    for (const slot of slots) assertEquals(await client.writeResource(this.at(slot)), 0);
  }

  /** Joins the lockspace. */
  async join(client: SanlockClient, hostId: number, ioTimeout = IO_TIMEOUT): Promise<void> {
    assertEquals(await client.addLockspace(this.host(hostId), 0, ioTimeout), 0);
  }
}
