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
import type { LockManager } from "./lock_manager.ts";
import { Backends } from "./registry.ts";
import { testManagers } from "./testmode/mod.ts";

const { dlm, sanlock, idm, none } = LockType;
const bit = (type: LockType) => 1 << type;

/** A cluster's lock manager, of which only the choice is looked at. */
function cluster(type: LockType, running: boolean): LockManager {
  const [manager] = testManagers().filter((each) => each.type === type);
  return Object.create(manager!, { isRunning: { value: () => Promise.resolve(running) } });
}

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
  const backends = new Backends(managers);
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
    const backends = new Backends([manager]);
    for (
      const refusal of [
        await backends.forNewVg(sanlock),
        await backends.forLockspace({ lockType: sanlock, vgName: "vg", vgArgs: "" }),
      ]
    ) {
      if (!("result" in refusal)) throw new Error("served");
      assertEquals(refusal.result, -Errno.EPROTONOSUPPORT);
      assertStringIncludes(refusal.message, "sanlock");
    }
  });
});

Deno.test("new VGs and the global lock go to the cluster where one runs", async () => {
  await withEmbedded(async (embedded) => {
    const global = { lockType: dlm, vgName: "", vgArgs: "" };
    for (const running of [true, false]) {
      const real = cluster(dlm, running);
      const backends = new Backends([embedded, real, cluster(sanlock, true)]);
      const expected = running ? real : embedded;
      assertEquals(await backends.forNewVg(dlm) === expected, true);
      assertEquals(await backends.forLockspace(global) === expected, true);
    }
  });
});

Deno.test("a VG goes to the manager that made it, whatever runs", async () => {
  await withEmbedded(async (embedded) => {
    for (const running of [true, false]) {
      const real = cluster(dlm, running);
      const backends = new Backends([embedded, real]);
      const managerOf = (vgArgs: string) =>
        backends.forLockspace({ lockType: dlm, vgName: "vg", vgArgs });
      assertEquals(await managerOf("1.0.0:embedded-a") === embedded, true);
      assertEquals(await managerOf("1.0.0:embedded-b") === embedded, true);
      assertEquals(await managerOf("1.0.0:mycluster") === real, true);
      assertEquals(await managerOf("") === real, true);
    }
  });
});

Deno.test("what runs: clusters before the embedded manager", async () => {
  await withEmbedded(async (embedded) => {
    const running = (d: boolean, s: boolean) =>
      new Backends([embedded, cluster(dlm, d), cluster(sanlock, s)]).running();
    assertEquals(await running(false, false), bit(dlm));
    assertEquals(await running(true, false), bit(dlm));
    assertEquals(await running(false, true), bit(sanlock));
    assertEquals(await running(true, true), bit(dlm) | bit(sanlock));
    assertEquals(await new Backends([]).running(), 0);
  });
});
