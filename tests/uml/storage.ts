/**
 * The disks that the hosts of a cluster share. Each host sees disk N as /dev/mapper/diskN, a
 * device-mapper device of its own on the raw disk, so that the storage can fail on one host alone:
 * be cut off, where each access fails at once, or hang, where each access waits.
 *
 * @module
 */
import type { Guest } from "./guest.ts";

/** The path of a shared disk on every host. */
export const disk = (n: number) => `/dev/mapper/disk${n}`;

/** LVM must use these devices, not the raw disks below them. */
export const LVM_CONF = 'devices { global_filter = [ "a|^/dev/mapper/disk|", "r|.*|" ] }';

const raw = (n: number) => `/dev/ubd${String.fromCharCode("a".charCodeAt(0) + n)}`;
const table = (n: number, target: "linear" | "error") =>
  `"0 $(blockdev --getsz ${raw(n)}) ${target}${target === "linear" ? ` ${raw(n)} 0` : ""}"`;

/** Makes the devices of a host, for disks 0 to `count` - 1. */
export async function attach(guest: Guest, count: number): Promise<void> {
  const disks = [...Array(count).keys()];
  const commands = disks.map((n) => `dmsetup create disk${n} --table ${table(n, "linear")}`);
  await succeed(guest, commands.join(" && "));
}

/** From now on every access of this host to the disk fails. */
export const cut = (guest: Guest, n: number) => replace(guest, n, "error");

/** The disk is there again, and good, after whatever was done to it. */
export const restore = (guest: Guest, n: number) => replace(guest, n, "linear");

/** From now on each access of this host to the disk takes this long in addition, in milliseconds. */
export const slow = (guest: Guest, n: number, ms: number) =>
  reload(guest, n, "delay", `delay ${raw(n)} 0 ${ms}`);

/** From now on accesses of this host to the disk fail for `down` of every `up + down` seconds. */
export const flaky = (guest: Guest, n: number, up: number, down: number) =>
  reload(guest, n, "flakey", `flakey ${raw(n)} 0 ${up} ${down}`);

async function reload(guest: Guest, n: number, module: string, target: string): Promise<void> {
  await succeed(guest, `modprobe -d /run/modules dm-${module}`);
  await load(guest, n, `"0 $(blockdev --getsz ${raw(n)}) ${target}"`);
}

const replace = (guest: Guest, n: number, target: "linear" | "error") =>
  load(guest, n, table(n, target));

async function load(guest: Guest, n: number, lines: string): Promise<void> {
  await succeed(
    guest,
    `dmsetup load disk${n} --table ${lines} &&
      dmsetup suspend --noflush --nolockfs disk${n} && dmsetup resume disk${n}`,
  );
}

/** From now on every access to a device-mapper device waits, until {@link wake}. */
export const hang = (guest: Guest, device: string) =>
  succeed(guest, `dmsetup suspend --noflush --nolockfs ${device}`);

export const wake = (guest: Guest, device: string) => succeed(guest, `dmsetup resume ${device}`);

async function succeed(guest: Guest, script: string): Promise<void> {
  const { code, stderr } = await guest.run(script);
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
}
