/**
 * What comes from sanlock and from the disks: structures of its library, delta leases, value blocks,
 * lock args and device names.
 *
 * @module
 */
import { alloc, layout } from "../../../backends/sanlock/structs.ts";
import { fromByteString } from "../../../ctl/bytes.ts";
import type { Modules } from "../engine/program.ts";
import { demand } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The result of a reader, unless it says that a number is too large. */
function readOr<T>({ sanlockStructs: { FieldError } }: Modules, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    demand(
      error instanceof FieldError && error.result === -75,
      "another error",
      () => String(error),
    );
    return undefined;
  }
}

/** The input as the bytes of a structure of `size`. */
const structure = (input: string, size: number) =>
  fromByteString(input.slice(0, size).padEnd(size, "\0"));

function checkStructures(modules: Modules, input: string): void {
  const { sanlockStructs: tested } = modules;
  const lockspace = readOr(
    modules,
    () => tested.decodeLockspace(structure(input, layout.lockspace.size)),
  );
  if (lockspace !== undefined && lockspace.path.length < 1024) {
    const again = tested.decodeLockspace(tested.encodeLockspace(lockspace));
    demand(same(again, lockspace), "a lockspace changes", () => [lockspace, again]);
  }
  const disk = readOr(modules, () => tested.decodeDisk(structure(input, layout.disk.size)));
  if (disk !== undefined && disk.path.length < 1024) {
    const again = tested.decodeDisk(tested.encodeDisk(disk.path, disk.offset));
    demand(same(again, disk), "a disk changes", () => [disk, again]);
  }
  const size = layout.resource.size + layout.disk.size;
  const head = readOr(modules, () => tested.decodeResourceHead(structure(input, size)));
  if (head !== undefined) {
    const { lockspace, name, flags } = head;
    const bytes = tested.encodeResource({ lockspace, name, flags, path: "/dev/a", offset: 0 });
    demand(same(tested.decodeResourceHead(bytes), { ...head, lver: 0 }), "a resource changes");
  }
  const count = Math.min(8, Math.floor(input.length / layout.host.size));
  const hosts = structure(input, count * layout.host.size);
  const list = readOr(
    modules,
    () => tested.decodeArray(hosts, layout.host.size, tested.decodeHost),
  );
  demand(list === undefined || list.length === count, "hosts are lost");
  for (const host of list ?? []) demand(host.state <= 15, "a host has no such state", () => host);
}

function checkLeases({ sanlockLease, sanlockValues }: Modules, input: string): void {
  const lease = sanlockLease.decodeDeltaLease(structure(input, 512));
  if (lease !== undefined) {
    demand(
      /^[\x21-\x7e]{0,48}$/.test(lease.hostName),
      "a host's name has other bytes",
      () => lease,
    );
    demand(lease.hostId >= 0 && lease.generation >= 0 && lease.timestamp >= 0, "negative");
  }
  const block = sanlockValues.decodeValueBlock(structure(input, 8));
  const again = sanlockValues.decodeValueBlock(
    sanlockValues.encodeValueBlock(block, block.resourceVersion),
  );
  demand(again.version === (block.version || 0x0101), "the format changes");
  demand(same({ ...again, version: block.version }, block), "a value block changes");
}

function checkArgs({ sanlockArgs: tested }: Modules, input: string): void {
  const [text = "", name = ""] = input.split("\n");
  const args = tested.parseVgArgs(text);
  if (args !== undefined) {
    const printed = tested.formatVgArgs(args);
    demand(same(tested.parseVgArgs(printed), args), "VG args change", () => [args, printed]);
    const path = tested.leaseDevice(name, args.leaseLv, "/dev");
    if (path !== undefined) {
      demand(path.startsWith("/dev/mapper/") && path.split("/").length === 4, "out of /dev/mapper");
      const { vgName, lvName } = tested.lvOfDevice(path) ?? {};
      const known = vgName === name && lvName === args.leaseLv;
      // Names that end or begin with a dash are not LVM's to end with, but both ways must agree.
      demand(known, "the device is another LV's", () => [path, vgName, lvName]);
    }
  }
  const offset = tested.parseLvArgs(text);
  if (offset !== undefined) {
    demand(tested.parseLvArgs(tested.formatLvArgs(offset)) === offset, "an offset changes");
  }
  tested.parseSetLockArgs(text);
}

/** A sector with a host's delta lease. */
function lease(): string {
  const bytes = alloc(512);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x12212010, true);
  view.setUint32(4, 0x00030004, true);
  view.setBigUint64(32, 7n, true);
  view.setBigUint64(40, 9n, true);
  bytes.set(new TextEncoder().encode("host-a"), 104);
  view.setBigUint64(152, 1234n, true);
  return String.fromCharCode(...bytes);
}

export const sanlockFormats = textTarget({
  name: "sanlock-formats",
  about: "structures and leases of sanlock, lock args",
  modules: [
    "backends/sanlock/structs.ts",
    "backends/sanlock/delta_lease.ts",
    "backends/sanlock/value_block.ts",
    "backends/sanlock/lock_args.ts",
  ],
  seeds: [
    lease(),
    "lvm_vg0".padEnd(48, "\0") + "\x01".padEnd(16, "\0") +
    "/dev/mapper/vg0-lvmlock".padEnd(1024, "\0"),
    "1.0.0:lvmlock\nvg-0",
    "2.0.0:lvm-lock:notimeout:persist\nv--g",
    "1.0.0:70254592",
    "persist,nocaw,timeout",
  ],
  words: ["\0", ":", "-", "--", "\n", ".", "1.0.0:", "\xff\xff\xff\xff\xff\xff\xff\xff"],
  maxLength: 1400,
  check(modules, input) {
    checkStructures(modules, input);
    checkLeases(modules, input);
    checkArgs(modules, input);
  },
});
