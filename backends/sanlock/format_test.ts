/**
 * Leases of a whole VG: those of a new one, and those of one that gets another name.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { InitVgSpec } from "../lock_manager.ts";
import { formatVg, renameLeases } from "./format.ts";
import { geometryFor } from "./geometry.ts";
import { initLvLease } from "./lv_slots.ts";
import { MemoryClient, Storage } from "./test_client.ts";

const MIB = 2 ** 20;
const [EINVAL, EARGS] = [-22, -212];

const spec: InitVgSpec = {
  lockspaceName: "lvm_vg",
  vgName: "vg",
  vgArgs: "lvmlock",
  otherArgs: "",
  alignMb: 0,
  enableGl: true,
};

/** Devices are looked up on the disk too: files there have the size and nothing else. */
async function withDevices(
  body: (
    devices: { add(vg: string, mebibytes: number): Promise<string> },
    client: MemoryClient,
  ) => Promise<void>,
): Promise<void> {
  const before = Deno.env.get("DM_DEV_DIR");
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(`${directory}/mapper`);
  Deno.env.set("DM_DEV_DIR", directory);
  const client = new MemoryClient(new Storage());
  try {
    const add = async (vg: string, mebibytes: number) => {
      const path = `${directory}/mapper/${vg.replaceAll("-", "--")}-lvmlock`;
      await Deno.writeFile(path, new Uint8Array(0));
      await Deno.truncate(path, mebibytes * MIB);
      client.storage.add(path, mebibytes * MIB);
      return path;
    };
    await body({ add }, client);
  } finally {
    if (before === undefined) Deno.env.delete("DM_DEV_DIR");
    else Deno.env.set("DM_DEV_DIR", before);
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a new VG has a lockspace, a global lock, a VG lock, and LV leases to its end", async () => {
  await withDevices(async (devices, client) => {
    const path = await devices.add("vg", 70.5);
    const made = await formatVg(client, spec, 7);
    assertEquals(made, { result: 0, vgArgs: "1.0.0:lvmlock", glEnabled: true });
    const device = client.storage.get(path)!;
    const { name, flags, ioTimeout } = device.lockspace!;
    assertEquals([name, flags, ioTimeout], ["lvm_vg", 0x110, 7]);
    const names = ["GLLK", "VGLK", "#unused", "#unused", "#unused", ""];
    assertEquals(client.storage.names(path, MIB, 65, 6), names);
    assertEquals(device.size, 70.5 * MIB); // nothing beyond
    assertEquals(
      [...device.leases.values()].every(({ lockspace }) => lockspace === "lvm_vg"),
      true,
    );
    assertEquals((await formatVg(client, { ...spec, enableGl: false }, 0)).glEnabled, false);
    assertEquals(client.storage.names(path, MIB, 65, 2), ["_GLLK_disabled", "VGLK"]);
  });
});

Deno.test("requests that lead to no leases", async () => {
  await withDevices(async (devices, client) => {
    await devices.add("vg", 80);
    const refused = async (more: Partial<InitVgSpec>) =>
      (await formatVg(client, { ...spec, ...more }, 0)).result;
    for (const vgArgs of ["", "none"]) assertEquals(await refused({ vgArgs }), EARGS);
    assertEquals(await refused({ otherArgs: "fast" }), EARGS);
    for (const otherArgs of ["persist", "notimeout", "caw", "nocaw,timeout"]) {
      const answer = await formatVg(client, { ...spec, otherArgs }, 0);
      assertEquals(answer.result, EARGS);
      assertStringIncludes(answer.message!, otherArgs.split(",")[0]!);
    }
    for (const vgName of ["../vg", "a/b", "", "."]) assertEquals(await refused({ vgName }), EINVAL);
    assertEquals(await refused({ vgArgs: "../lock" }), EINVAL);
    assertEquals(await refused({ vgArgs: "l".repeat(60) }), EINVAL); // more than LVM keeps
    assertEquals(await refused({ vgName: "missing" }), EARGS);
    assertEquals(client.calls, []);
    assertEquals(await refused({ otherArgs: "timeout,nopersist" }), 0); // what is so anyway
  });
});

Deno.test("sanlock fails: its result, and the name of what failed", async () => {
  await withDevices(async (devices, client) => {
    await devices.add("vg", 80);
    for (const call of ["writeLockspace", "writeResource"]) {
      client.failures.set(call, [-221]);
      const answer = await formatVg(client, spec, 0);
      assertEquals([answer.result, answer.lmResult], [-221, -221]);
      assertStringIncludes(answer.message!, "SANLK_LEADER_WRITE");
    }
    client.failures.set("writeResource", [0, 0, 0, -5]);
    assertEquals((await formatVg(client, spec, 0)).result, -5);
    // The end of a device whose size is not known.
    client.failures.set("writeResource", [0, 0, 0, -28]);
    assertEquals((await formatVg(client, spec, 0)).result, 0);
    client.failures.set("writeResource", [0, 0, -90]);
    assertEquals((await formatVg(client, spec, 0)).result, 0);
  });
});

Deno.test("after a rename every lease has the new lockspace and its own name", async () => {
  await withDevices(async (devices, client) => {
    const path = await devices.add("old-vg", 75);
    await formatVg(client, { ...spec, vgName: "old-vg", lockspaceName: "lvm_old-vg" }, 1);
    const init = { lockspaceName: "lvm_old-vg", vgName: "old-vg", vgArgs: "1.0.0:lvmlock" };
    const lv = { ...init, lvName: "x", prevLvArgs: "", lockspaceId: 0 };
    for (const lvUuid of ["a", "b"]) {
      assertEquals((await initLvLease(client, { ...lv, lvUuid }, undefined)).result, 0);
    }
    // Never formatted: the device was extended.
    client.storage.get(path)!.leases.delete(71 * MIB);
    const renamed = `${path.slice(0, path.lastIndexOf("/"))}/new-lvmlock`;
    await Deno.rename(path, renamed);
    client.storage.set(renamed, client.storage.get(path)!);
    assertEquals(await renameLeases(client, "lvm_new", "new", "1.0.0:lvmlock", 3), { result: 0 });
    const device = client.storage.get(renamed)!;
    assertEquals([device.lockspace!.name, device.lockspace!.ioTimeout], ["lvm_new", 3]);
    assertEquals(
      [...device.leases.values()].every(({ lockspace }) => lockspace === "lvm_new"),
      true,
    );
    const names = ["GLLK", "VGLK", "a", "b", "#unused", "#unused", "", "#unused", "#unused"];
    assertEquals(client.storage.names(renamed, MIB, 65, 9), names);
  });
});

Deno.test("a rename ends with the first error", async () => {
  await withDevices(async (devices, client) => {
    await devices.add("vg", 75);
    const rename = async (vgArgs = "1.0.0:lvmlock") =>
      (await renameLeases(client, "lvm_new", "vg", vgArgs, 0)).result;
    assertEquals(await rename(), -223); // nothing is formatted
    assertEquals(await rename("3.0.0:lvmlock"), EARGS);
    assertEquals(await rename("1.0.0:missing"), EARGS);
    await formatVg(client, spec, 0);
    client.failures.set("readResource", [0, 0, 0, -5]);
    assertEquals(await rename(), -5);
    client.failures.set("readResource", [-229]);
    assertEquals(await rename(), -229); // the global lock's must be there
    client.failures.set("writeLockspace", [-221]);
    assertEquals(await rename(), -221);
  });
});

Deno.test("leases are made before the VG is started", async () => {
  await withDevices(async (devices, client) => {
    const path = await devices.add("vg", 70);
    await formatVg(client, spec, 0);
    const lv = { ...spec, vgArgs: "1.0.0:lvmlock", lvName: "x", prevLvArgs: "", lockspaceId: 0 };
    const make = async (lvUuid: string, prevLvArgs = "") =>
      await initLvLease(client, { ...lv, lvUuid, prevLvArgs }, undefined);
    assertEquals((await make("a")).lvArgs, `1.0.0:${67 * MIB}`);
    client.calls.length = 0;
    assertEquals((await make("b", `1.0.0:${67 * MIB}`)).lvArgs, `1.0.0:${68 * MIB}`);
    const looked = client.calls.filter((call) => call.startsWith("readResource"));
    assertEquals(looked, [`readResource ${68 * MIB}`]); // from the previous one onwards
    assertEquals((await make("c", "1.0.0:0")).lvArgs, `1.0.0:${69 * MIB}`);
    assertEquals((await make("d")).result, -90);
    assertEquals(client.storage.names(path, MIB, 67, 3), ["a", "b", "c"]);
    const bad = await initLvLease(client, { ...lv, lvUuid: "e", vgArgs: "9.0.0:x" }, undefined);
    assertEquals(bad.result, EARGS);
  });
});

Deno.test("a size that is asked for is ignored with 512 byte sectors", async () => {
  await withDevices(async (devices, client) => {
    const path = await devices.add("vg", 80);
    assertEquals((await formatVg(client, { ...spec, alignMb: 8 }, 0)).result, 0);
    assertEquals(client.storage.get(path)!.lockspace!.flags, geometryFor(512, 0)!.flags);
  });
});
