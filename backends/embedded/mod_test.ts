/**
 * The embedded lock manager: it serves its own VGs, and no others.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Errno } from "../../core/errno.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec } from "../lock_manager.ts";
import { EmbeddedManager, Store } from "./mod.ts";

const NAME = "embedded-0123456789abcdef";

const vg = (vgArgs: string, id = 1): LockspaceSpec => ({
  id,
  name: "lvm_vg",
  vgName: "vg",
  vgUuid: "",
  vgArgs,
  lockType: LockType.dlm,
  hostId: 0,
  pvPaths: [],
});

async function withManager(body: (manager: EmbeddedManager) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  const manager = new EmbeddedManager(NAME, new Store(join(directory, "locks.db"), "boot"));
  try {
    body(manager);
  } finally {
    manager.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a VG made here is served here", async () => {
  await withManager((manager) => {
    const { result, vgArgs } = manager.initVg();
    assertEquals([result, vgArgs], [0, `1.0.0:${NAME}`]);
    assertEquals(manager.prepare(vg(vgArgs!)).result, 0);
    assertEquals(manager.prepare(vg(`1.7.3:${NAME}`)).result, 0, "a newer minor is understood");
  });
});

Deno.test("VGs of others are refused, with the reason", async () => {
  const foreign = [
    "1.0.0:mycluster",
    `2.0.0:${NAME}`,
    `1.0.0:${NAME}x`,
    `1.0.0:x${NAME}`,
    "",
    NAME,
  ];
  await withManager((manager) => {
    for (const vgArgs of [...foreign, "1.0.0:", `1.0.0:${NAME}\n`, `x1.0.0:${NAME}`]) {
      const { result, message } = manager.prepare(vg(vgArgs));
      assertEquals(result, -Errno.EARGS, vgArgs);
      assertStringIncludes(message!, `serves only VGs of "${NAME}"`);
    }
    assertStringIncludes(manager.prepare(vg("1.0.0:mycluster")).message!, '"mycluster"');
  });
});

Deno.test("the global lockspace has no lock args", async () => {
  await withManager((manager) => {
    assertEquals(manager.prepare({ ...vg(""), name: "lvm_global", vgName: "" }).result, 0);
  });
});

Deno.test("value blocks: written versions are read until the lockspace is left", async () => {
  const lockspace = vg(`1.0.0:${NAME}`);
  const vglk = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
  const lv = { type: ResourceType.lv, name: "L", lockArgs: "dlm" };
  await withManager((manager) => {
    const read = (of = lockspace) => manager.lock(of, vglk, Mode.sh).valueBlock;
    const block = (resourceVersion: number, flags = 0) => ({
      version: 0x0101,
      flags,
      resourceVersion,
    });
    assertEquals(read(), { version: 0, flags: 0, resourceVersion: 0 });
    manager.unlock(lockspace, vglk, { version: 6, freeVg: false });
    assertEquals(read(), block(6));
    manager.convert(lockspace, vglk, Mode.sh, { version: 0 });
    assertEquals(read(), block(6), "0 leaves it as it is");
    manager.convert(lockspace, vglk, Mode.sh, { version: 7 });
    manager.unlock(lockspace, vglk, { version: 0, freeVg: true });
    assertEquals(read(), block(7, 1), "removed");
    assertEquals(read(vg("", 2))?.resourceVersion, 0, "another lockspace has its own");
    manager.leave(lockspace);
    assertEquals(read()?.resourceVersion, 0);
    manager.unlock(lockspace, lv, { version: 5, freeVg: false });
    assertEquals(manager.lock(lockspace, lv, Mode.ex), { result: 0 }, "LVs have none");
  });
});

Deno.test("nobody else can be there", async () => {
  await withManager((manager) => {
    assertEquals([manager.join().result, manager.otherHosts().result], [0, 0]);
    assertEquals(manager.isRunning(), true);
  });
});
