/**
 * The lock args of sanlock VGs and LVs, and the device they lead to.
 *
 *     VG   1.0.0:<lease LV>                                  2.0.0:<lease LV>[:notimeout][:persist]
 *     LV   1.0.0:<offset of the lease in bytes>
 *
 * @module
 */
import { PATH_LENGTH } from "./constants.ts";

/** Newest major version of VG lock args that is understood. */
const VG_MAJOR = 2;
/** Newest major version of LV lock args that is understood. */
const LV_MAJOR = 1;
/** What LVM allows in names. Nothing of it is special to device-mapper, sanlock or a shell. */
const LVM_NAME = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/;

export interface VgArgs {
  /** Name of the LV that holds the leases, `lvmlock`. */
  leaseLv: string;
  /** What goes beyond plain leases: `notimeout`, `persist`. */
  options: string[];
}

/** @returns undefined for anything else, a newer major version or an unknown option. */
export function parseVgArgs(text: string): VgArgs | undefined {
  const match = /^([0-9]{1,9})\.[0-9]+\.[0-9]+:([^:]+)((?::[^:]+)*)$/.exec(text);
  if (match === null || Number(match[1]) > VG_MAJOR || !isLvmName(match[2]!)) return undefined;
  const options = match[3]!.split(":").slice(1);
  const known = options.every((word) => word === "notimeout" || word === "persist");
  return known ? { leaseLv: match[2]!, options } : undefined;
}

export function formatVgArgs({ leaseLv, options }: VgArgs): string {
  return [`${options.length > 0 ? "2.0.0" : "1.0.0"}:${leaseLv}`, ...options].join(":");
}

/** The offset in bytes; undefined for anything else or a newer major version. */
export function parseLvArgs(text: string): number | undefined {
  const match = /^([0-9]{1,9})\.[0-9]+\.[0-9]+:([0-9]+)$/.exec(text);
  if (match === null || Number(match[1]) > LV_MAJOR) return undefined;
  const offset = Number(match[2]);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

export function formatLvArgs(offset: number): string {
  return `1.0.0:${offset}`;
}

/** Whether LVM accepts it as the name of a VG or LV. */
export function isLvmName(name: string): boolean {
  return LVM_NAME.test(name) && name !== "." && name !== "..";
}

/**
 * The device-mapper path of an LV. libdm's environment variable `DM_DEV_DIR` replaces `/dev`.
 * @returns undefined for names that LVM does not accept, so that no name leads out of the directory,
 * and if the path is longer than sanlock takes.
 */
export function leaseDevice(
  vgName: string,
  leaseLv: string,
  devDir = Deno.env.get("DM_DEV_DIR") || "/dev",
): string | undefined {
  if (!isLvmName(vgName) || !isLvmName(leaseLv)) return undefined;
  const quote = (name: string) => name.replaceAll("-", "--");
  const path = `${devDir.replace(/\/+$/, "")}/mapper/${quote(vgName)}-${quote(leaseLv)}`;
  return path.length < PATH_LENGTH ? path : undefined;
}

/** VG and LV of a device-mapper path as {@link leaseDevice} makes it. */
export function lvOfDevice(path: string): { vgName: string; lvName: string } | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // The one dash that is not doubled stands between the two names.
  const match = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(name);
  if (match === null) return undefined;
  const unquote = (text: string) => text.replaceAll("--", "-");
  return { vgName: unquote(match[1]!), lvName: unquote(match[2]!) };
}

/** Words of `set_lock_args`; undefined if one is unknown. */
export function parseSetLockArgs(text: string): Set<string> | undefined {
  const known = ["persist", "nopersist", "timeout", "notimeout", "caw", "nocaw"];
  const words = text.split(",").filter((word) => word !== "");
  return words.every((word) => known.includes(word)) ? new Set(words) : undefined;
}
