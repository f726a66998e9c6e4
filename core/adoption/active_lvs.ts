/**
 * Which LVs are active on this host: those that device-mapper has a device for, whether it is
 * suspended or not. Read from sysfs, so that neither dmsetup nor its library is needed.
 *
 * @module
 */

export interface ActiveLv {
  vgUuid: string;
  lvUuid: string;
  /** `VG/LV`, for people. */
  name: string;
}

/** By LV UUID in LVM's spelling, with dashes. */
export type ActiveLvs = ReadonlyMap<string, ActiveLv>;

/** Prefix, VG and LV; layers such as `-tpool` or `-real` follow. Each UUID has 32 characters. */
const DEVICE_UUID = /^LVM-([0-9A-Za-z]{32})([0-9A-Za-z]{32})(?:-.*)?$/;

/** LVM writes a UUID in groups of 6, 4, 4, 4, 4, 4, 6. */
function withDashes(uuid: string): string {
  return uuid.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, "$1-$2-$3-$4-$5-$6-$7");
}

/** `my--vg-lv0-tpool` is `my-vg/lv0`: single dashes separate VG, LV and layer. */
function lvName(deviceName: string): string {
  const parts = deviceName.replaceAll("--", "\0").split("-", 2);
  return parts.join("/").replaceAll("\0", "-");
}

/** A device may vanish while we look. */
function readLine(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // What a device that goes away in the middle of a read gives.
    if (error instanceof Error && /ENODEV|No such device/.test(error.message)) return undefined;
    throw error;
  }
}

/**
 * Lists the active LVs. An LV counts as active when any of its layers is: a thin pool may have
 * nothing but its `-tpool` device.
 * @param sysBlock where sysfs lists block devices.
 * @throws {Error} if sysfs cannot be read.
 */
export function activeLvs(sysBlock = "/sys/block"): ActiveLvs {
  const found = new Map<string, ActiveLv>();
  for (const { name: device } of Deno.readDirSync(sysBlock)) {
    if (!device.startsWith("dm-")) continue;
    const match = DEVICE_UUID.exec(readLine(`${sysBlock}/${device}/dm/uuid`) ?? "");
    if (match === null) continue;
    const lvUuid = withDashes(match[2]!);
    if (found.has(lvUuid)) continue;
    const name = lvName(readLine(`${sysBlock}/${device}/dm/name`) ?? device);
    found.set(lvUuid, { vgUuid: withDashes(match[1]!), lvUuid, name });
  }
  return found;
}

/** Is the LV active, or can that not be told? Costs a walk through all devices. */
export function mayBeActive(lvUuid: string, sysBlock?: string): boolean {
  try {
    return activeLvs(sysBlock).has(lvUuid);
  } catch {
    return true;
  }
}
