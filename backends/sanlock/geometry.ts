/**
 * Where leases lie: sector size and lease size of a lockspace, its slots, and how both are found out.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import type { SanlockClient } from "./client.ts";
import { Res } from "./constants.ts";

const MiB = 1024 * 1024;

/** Slot of the global lock's lease, the VG lock's, and of the first LV's. */
export const GL_SLOT = 65;
export const VG_SLOT = 66;
export const FIRST_LV_SLOT = 67;

/** Greatest host id that sanlock knows. */
export { MAX_HOST_ID } from "./constants.ts";

export interface Geometry {
  /** Bytes, 512 or 4096. */
  sectorSize: number;
  /** Bytes of a lease. */
  alignSize: number;
  /** The same as flags of sanlock, for lockspaces and resources. */
  flags: number;
  /** Greatest host id that has a place. */
  maxHostId: number;
  /**
   * Whether a lease has room for a value block. It is in sector 2002; with 4 KiB sectors and less
   * than 8 MiB that belongs to another lease.
   */
  hasValueBlock: boolean;
}

const sizes: readonly Geometry[] = [
  [512, 1, Res.sector512 | Res.align1m, 2000],
  [4096, 1, Res.sector4k | Res.align1m, 250],
  [4096, 2, Res.sector4k | Res.align2m, 500],
  [4096, 4, Res.sector4k | Res.align4m, 1000],
  [4096, 8, Res.sector4k | Res.align8m, 2000],
].map(([sectorSize, mebibytes, flags, maxHostId]) => ({
  sectorSize: sectorSize!,
  alignSize: mebibytes! * MiB,
  flags: flags!,
  maxHostId: maxHostId!,
  hasValueBlock: sectorSize === 512 || mebibytes === 8,
}));

/** Every bit that says a size. */
const SIZE_BITS = sizes.reduce((bits, { flags }) => bits | flags, 0);

export function geometryOfFlags(flags: number): Geometry | undefined {
  return sizes.find((each) => each.flags === (flags & SIZE_BITS));
}

/**
 * The geometry for a device of 512 or 4096 byte sectors.
 * @param alignMb 0 for the default; 1, 2, 4 or 8 with 4096 byte sectors. Ignored with 512.
 */
export function geometryFor(sectorSize: number, alignMb: number): Geometry | undefined {
  const alignSize = (sectorSize === 512 ? 1 : alignMb || 8) * MiB;
  return sizes.find((each) => each.sectorSize === sectorSize && each.alignSize === alignSize);
}

export interface DeviceFacts {
  /** 512 or 4096; 0 if the device tells neither. */
  sectorSize: number;
  /** Bytes; 0 when not known. */
  size: number;
}

/**
 * Sector size and size of a lease device, from sysfs; a regular file has 512 byte sectors. A device
 * whose physical sectors have 4096 bytes is treated as one of 4096, whatever it emulates.
 * @throws {Error} if there is no such device.
 */
export async function deviceFacts(path: string): Promise<DeviceFacts> {
  const info = await Deno.stat(path);
  if (!info.isBlockDevice) return { sectorSize: 512, size: info.size };
  const number = info.rdev ?? 0;
  const sysfs = `/sys/dev/block/${major(number)}:${minor(number)}`;
  const read = async (name: string) => {
    const text = await Deno.readTextFile(`${sysfs}/${name}`).catch(() => "");
    return Number(text.trim() || 0);
  };
  const sectors = [
    await read("queue/physical_block_size"),
    await read("queue/logical_block_size"),
  ];
  const sectorSize = sectors.includes(4096) ? 4096 : sectors.includes(512) ? 512 : 0;
  return { sectorSize, size: await read("size") * 512 };
}

/** Device numbers as the kernel packs them into 64 bits for user space. */
function major(device: number): number {
  return Number(BigInt(device) >> 8n & 0xfffn | BigInt(device) >> 32n & ~0xfffn);
}

function minor(device: number): number {
  return Number(BigInt(device) & 0xffn | BigInt(device) >> 12n & 0xffff00n);
}

/**
 * Reads from a formatted device how it was formatted. Old leases do not say; then sanlock's own
 * guess counts, 1 MiB leases being those of 512 byte sectors.
 * @returns a negative result of sanlock if nothing usable is there.
 */
export async function readGeometry(
  client: SanlockClient,
  path: string,
): Promise<Geometry | { result: number }> {
  const { result, lockspace } = await client.readLockspace({ name: "", hostId: 1, path, flags: 0 });
  if (result < 0) return { result };
  const written = geometryOfFlags(lockspace.flags);
  if (written !== undefined) return written;
  const align = await client.align(path);
  if (align < 0) return { result: align };
  return geometryFor(align === MiB ? 512 : 4096, 0) ?? { result: -Errno.EINVAL };
}
