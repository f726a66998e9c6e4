/**
 * Formats leases for 4 KiB sectors in a file. The daemon would not: a file has sectors of 512 bytes. What
 * it finds formatted it uses as it is.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Lsf } from "../../backends/sanlock/constants.ts";
import type { LvmHost } from "./daemon_hosts.ts";
import type { SharedVg } from "./daemon_vg.ts";
import { Host } from "./hosts.ts";
import { IO_TIMEOUT, MIB } from "./leases.ts";

const alignments = { 1: Lsf.align1m, 2: Lsf.align2m, 4: Lsf.align4m, 8: Lsf.align8m } as const;
export type LeaseMib = keyof typeof alignments;

/** Formats leases of `leaseMib` each, with room for `lvs` LVs. The file gets the size it needs. */
export async function format4k(
  host: LvmHost,
  vg: SharedVg,
  leaseMib: LeaseMib,
  lvs: number,
): Promise<void> {
  const names = ["_GLLK_disabled", "VGLK", ...Array<string>(lvs).fill("#unused")];
  await Deno.truncate(vg.path, (65 + names.length) * leaseMib * MIB);
  const flags = Lsf.sector4k | alignments[leaseMib];
  const lockspace = `lvm_${vg.name}`;
  const about = { path: vg.path, flags };
  const tool = Host.start(host.sanlock);
  try {
    const { client } = tool;
    const header = { ...about, name: lockspace, hostId: 0 };
    assertEquals(await client.writeLockspace(header, IO_TIMEOUT), 0);
    for (const [i, name] of names.entries()) {
      const offset = (65 + i) * leaseMib * MIB;
      assertEquals(await client.writeResource({ ...about, lockspace, name, offset }), 0);
    }
  } finally {
    await tool[Symbol.asyncDispose]();
  }
}
