/**
 * Which lock manager serves a VG, and which are said to run.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Errno } from "../core/errno.ts";
import { LockType } from "../core/types.ts";
import { EmbeddedManager, Store } from "./embedded/mod.ts";
import { Backends } from "./registry.ts";
import { testManagers } from "./testmode/mod.ts";

const bit = (type: LockType) => 1 << type;
const present = (...types: LockType[]) => () => Promise.resolve(types);

async function withEmbedded(body: (manager: EmbeddedManager) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const manager = new EmbeddedManager("embedded-a", new Store(join(directory, "db"), "boot"));
  try {
    await body(manager);
  } finally {
    manager.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("types are served by the manager of that type", async () => {
  const managers = testManagers();
  const backends = new Backends(managers, present());
  const { dlm, sanlock, idm, none } = LockType;
  assertEquals(backends.supported, bit(dlm) | bit(sanlock) | bit(idm));
  for (const manager of managers) {
    assertEquals(backends.forType(manager.type), manager);
    assertEquals(await backends.forNewVg(manager.type), manager);
  }
  assertEquals(backends.forType(none), undefined);
  assertEquals([...backends.all()], managers);
});

Deno.test("a type that is not served is refused by its name", async () => {
  await withEmbedded(async (manager) => {
    const refusal = await new Backends([manager], present()).forNewVg(LockType.sanlock);
    if (!("result" in refusal)) throw new Error("served");
    assertEquals(refusal.result, -Errno.EPROTONOSUPPORT);
    assertStringIncludes(refusal.message, "sanlock");
  });
});

Deno.test("the embedded manager makes no VG where a dlm cluster runs", async () => {
  await withEmbedded(async (manager) => {
    const { dlm, sanlock } = LockType;
    assertEquals(await new Backends([manager], present(sanlock)).forNewVg(dlm), manager);
    const refusal = await new Backends([manager], present(dlm)).forNewVg(dlm);
    if (!("result" in refusal)) throw new Error("served");
    assertEquals(refusal.result, -Errno.EMANAGER);
    assertStringIncludes(refusal.message, "cluster is running");
  });
});

Deno.test("what runs: clusters before the embedded manager", async () => {
  await withEmbedded(async (manager) => {
    const { dlm, sanlock } = LockType;
    assertEquals(await new Backends([manager], present()).running(), bit(dlm));
    assertEquals(await new Backends([manager], present(sanlock)).running(), bit(sanlock));
    const both = await new Backends([manager], present(dlm, sanlock)).running();
    assertEquals(both, bit(dlm) | bit(sanlock));
    assertEquals(await new Backends([], present()).running(), 0);
  });
});
