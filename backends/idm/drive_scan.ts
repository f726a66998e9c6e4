/**
 * Drives for the global lock, which belongs to no VG: all SCSI disks of this host with a partition
 * named `propeller`.
 *
 * Names of partitions are read where the kernel lists them, in sysfs, and not from the disk: a disk
 * that hangs must not hold up the daemon.
 *
 * @module
 */
import { MAX_DRIVES } from "./constants.ts";

/** What marks a drive: the name of any of its partitions in the GPT. */
const MARK = "propeller";
/** SCSI addresses; targets and hosts stand beside them. */
const ADDRESS = /^[0-9]+:[0-9]+:[0-9]+:[0-9]+$/;

/** The scan failed; the message says why. */
export class ScanFailed extends Error {
  override name = "ScanFailed";
}

/**
 * Paths of whole disks, in the order of their SCSI addresses. There may be none.
 * @param sysfs where sysfs is.
 * @throws {ScanFailed} if SCSI devices cannot be listed, or there are too many drives.
 */
export function globalDrives(sysfs = "/sys"): string[] {
  const devices = `${sysfs}/bus/scsi/devices`;
  const drives: string[] = [];
  for (const address of addresses(devices)) {
    const disk = diskOf(`${devices}/${address}/block`);
    if (disk === undefined || !isMarked(`${devices}/${address}/block/${disk}`, disk)) continue;
    drives.push(`/dev/${disk}`);
    if (drives.length <= MAX_DRIVES) continue;
    throw new ScanFailed(`more than ${MAX_DRIVES} drives have a partition named ${MARK}`);
  }
  return drives;
}

function addresses(devices: string): string[] {
  try {
    const names = [...Deno.readDirSync(devices)].map(({ name }) => name);
    return names.filter((name) => ADDRESS.test(name))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch (error) {
    throw new ScanFailed(`the SCSI devices in ${devices} cannot be listed: ${textOf(error)}`, {
      cause: error,
    });
  }
}

const textOf = (error: unknown) => error instanceof Error ? error.message : String(error);

/** Names of directories, and of links to some; none if this is no directory, or gone. */
function directories(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)]
      .filter(({ isDirectory, isSymlink }) => isDirectory || isSymlink)
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** A SCSI device that is a disk has one block device. */
function diskOf(block: string): string | undefined {
  const names = directories(block);
  return names.length === 1 ? names[0] : undefined;
}

function isMarked(path: string, disk: string): boolean {
  const partitions = directories(path).filter((name) => name.startsWith(disk));
  return partitions.some((name) => partitionName(`${path}/${name}`) === MARK);
}

function partitionName(path: string): string | undefined {
  try {
    return /^PARTNAME=(.*)$/m.exec(Deno.readTextFileSync(`${path}/uevent`))?.[1];
  } catch {
    return undefined; // it went while we looked
  }
}
