/**
 * Which drives are found in a sysfs.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { globalDrives, ScanFailed } from "./drive_scan.ts";

/** A sysfs with SCSI disks: address to disk to the names of its partitions. */
async function withSysfs(
  disks: Record<string, Record<string, string[]>>,
  body: (sysfs: string) => void | Promise<void>,
): Promise<void> {
  const sysfs = await Deno.makeTempDir();
  for (const [address, block] of Object.entries(disks)) {
    await Deno.mkdir(`${sysfs}/bus/scsi/devices/${address}`, { recursive: true });
    for (const [disk, names] of Object.entries(block)) {
      const path = `${sysfs}/bus/scsi/devices/${address}/block/${disk}`;
      await Deno.mkdir(`${path}/queue`, { recursive: true });
      for (const [i, name] of names.entries()) {
        await Deno.mkdir(`${path}/${disk}${i + 1}`);
        const uevent = `MAJOR=8\nDEVTYPE=partition\nPARTN=${i + 1}\n` +
          (name === "" ? "" : `PARTNAME=${name}\n`);
        await Deno.writeTextFile(`${path}/${disk}${i + 1}/uevent`, uevent);
      }
    }
  }
  try {
    await body(sysfs);
  } finally {
    await Deno.remove(sysfs, { recursive: true });
  }
}

Deno.test("disks with a partition of that name are drives, in order of their addresses", () =>
  withSysfs({
    "10:0:0:0": { sdk: ["propeller"] },
    "2:0:0:0": { sda: ["data", "propeller"] },
    "2:0:1:0": { sdb: ["Propeller", "propeller2"] },
    "2:0:2:0": { sdc: [""] },
    "2:0:3:0": { sdd: [] },
    "target2:0:0": { sdx: ["propeller"] },
    "host2": { sdy: ["propeller"] },
  }, (sysfs) => {
    assertEquals(globalDrives(sysfs), ["/dev/sda", "/dev/sdk"]);
  }));

Deno.test("a SCSI device without exactly one block device is no drive", () =>
  withSysfs({
    "0:0:0:0": {},
    "1:0:0:0": { sda: ["propeller"], sdb: ["propeller"] },
  }, (sysfs) => {
    assertEquals(globalDrives(sysfs), []);
  }));

Deno.test("disks come as links as well; what goes meanwhile is passed over", () =>
  withSysfs({ "0:0:0:0": { sda: ["propeller"] } }, async (sysfs) => {
    const devices = `${sysfs}/bus/scsi/devices`;
    await Deno.mkdir(`${devices}/1:0:0:0/block`, { recursive: true });
    await Deno.symlink(`${devices}/0:0:0:0/block/sda`, `${devices}/1:0:0:0/block/sda`);
    await Deno.mkdir(`${devices}/2:0:0:0/block`, { recursive: true });
    await Deno.symlink(`${devices}/gone`, `${devices}/2:0:0:0/block/sdb`);
    await Deno.writeTextFile(`${devices}/3:0:0:0`, "");
    assertEquals(globalDrives(sysfs), ["/dev/sda", "/dev/sda"]);
  }));

Deno.test("a host without a SCSI bus cannot be scanned", () => {
  assertThrows(() => globalDrives("/none"), ScanFailed, "/none/bus/scsi/devices");
});

Deno.test("more drives than a lock can have are refused", () => {
  const disks = Object.fromEntries(
    Array.from({ length: 512 }, (_, i) => [`0:0:${i}:0`, { [`sd_${i}x`]: ["propeller"] }]),
  );
  return withSysfs(disks, (sysfs) => {
    assertThrows(() => globalDrives(sysfs), ScanFailed, "more than 511");
  });
});
