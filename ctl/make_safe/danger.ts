/**
 * Whether a device can still write to a disk.
 *
 * @module
 */
import type { DmDevice, VgDevices } from "./devices.ts";

/** Why a VG is not safe. */
export interface Danger {
  /** Name of the device, or `""` where the devices could not be listed. */
  device: string;
  /** A clause about the device, such as `its table can write (linear)`. */
  why: string;
}

/** The target that fails all I/O. */
const harmless = "error";

/** Why `device` may still write, or undefined if it cannot. */
export function dangerOf(device: DmDevice): string | undefined {
  const { targets } = device;
  if (device.live && targets === undefined) return "its table cannot be read";
  const writing = new Set(targets?.filter((target) => target !== harmless));
  const kinds = [...writing].join(", ");
  if (kinds && device.suspended) return `it is suspended with a table that can write (${kinds})`;
  if (kinds) return `its table can write (${kinds})`;
  if (device.uses.length > 0) return `it uses ${device.uses.join(", ")}`;
  if (device.suspended) return "it is suspended, so that I/O waits in it";
  if (device.inactive) return "another table is loaded into it";
  return undefined;
}

/** All devices that may still write to the VG's disks. */
export function dangersOf({ own, strangers }: VgDevices): Danger[] {
  const dangers = own.flatMap((device): Danger[] => {
    const why = dangerOf(device);
    return why === undefined ? [] : [{ device: device.name, why }];
  });
  for (const { name, uses } of strangers) {
    const why = `it uses the VG's disks (${uses.join(", ")}) and is no LV of the VG`;
    dangers.push({ device: name, why });
  }
  return dangers;
}
