/**
 * Which device-mapper devices belong to a VG, and which of them LVM must not lose.
 *
 * @module
 */

/** A device-mapper device as the kernel described it. */
export interface DmDevice {
  /** As device-mapper spells it: hyphens within LVM's names are doubled. */
  name: string;
  /** LVM's begin with `LVM-` and the VG's UUID; `""` where there is none. */
  uuid: string;
  /** Major and minor number, such as `254:3`. */
  devno: string;
  /** Numbers of the block devices that its live table uses. */
  uses: string[];
  live: boolean;
  /** Another table is loaded and becomes the live one when somebody resumes the device. */
  inactive: boolean;
  suspended: boolean;
  /** Kinds of the targets of its live table; undefined when they could not be read. */
  targets: string[] | undefined;
}

/** Every device that may write to the disks of a VG, except the one that must go on. */
export interface VgDevices {
  /** All LVs and parts of LVs, but not the lease LV: with that the lock manager gives up its leases. */
  own: DmDevice[];
  /** Numbers of the disks that the VG's devices use. */
  disks: Set<string>;
  /** Devices on those disks that are not LVM's, or not as LVM makes them. */
  strangers: DmDevice[];
}

const lvmMark = "LVM-";
/** Paths below a multipath device are its business: the VG's LVs use the device above them. */
const multipathMark = "mpath-";
/** Length of a VG's UUID without hyphens. */
const vgIdLength = 32;

/**
 * Finds the devices of `vgName` among `all`. LVM puts the VG's name in front of the device's name and
 * its UUID into the device's UUID; the name alone may also be that of a VG of another machine, or of
 * any other program's device.
 */
export function devicesOfVg(
  vgName: string,
  all: readonly DmDevice[],
  knownDisks: ReadonlySet<string> = new Set(),
): VgDevices {
  const prefix = `${vgName.replaceAll("-", "--")}-`;
  const named = all.filter(({ name, uuid }) => uuid.startsWith(lvmMark) && isBelow(prefix, name));
  const lease = named.find(({ name }) => name === `${prefix}lvmlock`);
  const ids = new Set((lease ? [lease] : named).map(vgId));
  const ofVg = all.filter((device) => device.uuid.startsWith(lvmMark) && ids.has(vgId(device)));
  const numbers = new Set(ofVg.map(({ devno }) => devno));
  const used = ofVg.flatMap(({ uses }) => uses).filter((devno) => !numbers.has(devno));
  const disks = new Set([...knownDisks, ...used]);
  const strangers = all.filter((device) =>
    !numbers.has(device.devno) && !device.uuid.startsWith(multipathMark) &&
    device.uses.some((devno) => disks.has(devno))
  );
  return { own: ofVg.filter((device) => device !== lease), disks, strangers };
}

/** A single hyphen ends the VG's name, a second one behind it would belong to the name. */
function isBelow(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && name[prefix.length] !== "-";
}

function vgId({ uuid }: DmDevice): string {
  return uuid.slice(lvmMark.length, lvmMark.length + vgIdLength);
}
