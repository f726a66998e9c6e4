/**
 * What the embedded lock manager finds again after a crash.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import type { LockspaceSpec } from "../lock_manager.ts";
import { Store, StoreDamaged, StoreInUse } from "./store.ts";

const BOOT = "3f1c";

async function withPath(body: (path: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(join(directory, "locks.db"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const vg = (vgName: string): LockspaceSpec => ({
  id: 7,
  name: `lvm_${vgName}`,
  vgName,
  vgUuid: "U",
  vgArgs: "1.0.0:embedded-a",
  lockType: LockType.dlm,
  hostId: 0,
  pvPaths: [],
});

const lv = (name: string, mode: Mode, lockArgs = "dlm") => ({
  resource: { type: ResourceType.lv, name, lockArgs },
  mode,
});

/** Opens the store, does something with it in one transaction, closes it. */
function using<T>(path: string, body: (store: Store) => T, boot = BOOT): T {
  const store = new Store(path, boot);
  try {
    store.begin();
    const result = body(store);
    store.commit();
    return result;
  } finally {
    store.close();
  }
}

function read(path: string, boot = BOOT) {
  return using(path, (store) => store.saved(), boot);
}

Deno.test("lockspaces with their locks come back, in an order of their own", async () => {
  await withPath((path) => {
    using(path, (store) => {
      store.recordLockspace(vg("b"), true);
      store.recordLockspace(vg("a"), true);
      store.recordLock("lvm_a", lv("L2", Mode.sh));
      store.recordLock("lvm_a", lv("L1", Mode.ex, "1.0.0:70254592"));
      const vglk = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
      store.recordLock("lvm_b", { resource: vglk, mode: Mode.sh });
    });
    const saved = read(path);
    const { id: _id, ...specOfA } = vg("a");
    assertEquals(saved[0], {
      spec: specOfA,
      locks: [lv("L1", Mode.ex, "1.0.0:70254592"), lv("L2", Mode.sh)],
    });
    assertEquals(saved[1]?.spec.vgName, "b");
    assertEquals(saved[1]?.locks[0]?.resource.name, "VGLK");
  });
});

Deno.test("the last mode counts, un takes the lock out", async () => {
  await withPath((path) => {
    using(path, (store) => {
      store.recordLockspace(vg("a"), true);
      for (const mode of [Mode.sh, Mode.ex, Mode.sh]) store.recordLock("lvm_a", lv("L", mode));
      store.recordLock("lvm_a", lv("M", Mode.ex));
      store.recordLock("lvm_a", lv("M", Mode.un));
      store.recordLock("lvm_a", lv("unknown", Mode.un));
    });
    assertEquals(read(path)[0]?.locks, [lv("L", Mode.sh)]);
  });
});

Deno.test("a lockspace that is left takes its locks along, and no others", async () => {
  await withPath((path) => {
    using(path, (store) => {
      for (const name of ["a", "b"]) {
        store.recordLockspace(vg(name), true);
        store.recordLock(`lvm_${name}`, lv("L", Mode.ex));
      }
      store.recordLockspace(vg("a"), false);
    });
    const saved = read(path);
    assertEquals(saved.map(({ spec, locks }) => [spec.vgName, locks.length]), [["b", 1]]);
    using(path, (store) => store.recordLockspace(vg("a"), true));
    assertEquals(read(path)[0]?.locks, []);
  });
});

Deno.test("names are bytes", async () => {
  await withPath((path) => {
    const name = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join("");
    using(path, (store) => {
      store.recordLockspace(vg(name), true);
      store.recordLock(`lvm_${name}`, lv(name, Mode.ex, name));
    });
    const [saved] = read(path);
    assertEquals(saved?.spec.vgName, name);
    assertEquals(saved?.locks, [lv(name, Mode.ex, name)]);
  });
});

Deno.test("another boot finds nothing, and is told how much that was", async () => {
  await withPath((path) => {
    using(path, (store) => {
      assertEquals(store.discarded, 0);
      store.recordLockspace(vg("a"), true);
      store.recordLock("lvm_a", lv("L", Mode.ex));
      store.recordLock("lvm_a", lv("M", Mode.ex));
    });
    assertEquals(using(path, (store) => store.discarded), 0);
    assertEquals(using(path, (store) => store.discarded, "another"), 2);
    assertEquals(read(path, "another"), []);
  });
});

Deno.test("what was not committed is not there", async () => {
  await withPath((path) => {
    using(path, (store) => store.recordLockspace(vg("a"), true));
    const store = new Store(path, BOOT);
    store.begin();
    store.recordLock("lvm_a", lv("L", Mode.ex));
    store.close();
    assertEquals(read(path)[0]?.locks, []);
  });
});

Deno.test("one daemon at a time", async () => {
  await withPath((path) => {
    const store = new Store(path, BOOT);
    assertThrows(() => new Store(path, BOOT), StoreInUse, path);
    store.close();
    new Store(path, BOOT).close();
  });
});

Deno.test("what is no database is damaged, and left as it is", async () => {
  await withPath((path) => {
    const text = "this is not a database, and somebody may want to look at it".repeat(20);
    Deno.writeTextFileSync(path, text);
    assertThrows(() => new Store(path, BOOT), StoreDamaged, path);
    assertEquals(Deno.readTextFileSync(path), text);
    assertThrows(() => new Store("/nonexistent/locks.db", BOOT), StoreDamaged, "/nonexistent");
  });
});

/** Records a lock, says so, and is killed. */
const script = `
  const { Store } = await import(${JSON.stringify(new URL("./store.ts", import.meta.url).href)});
  const store = new Store(Deno.args[0], ${JSON.stringify(BOOT)});
  store.begin();
  store.recordLockspace(JSON.parse(Deno.args[1]), true);
  store.recordLock("lvm_a", JSON.parse(Deno.args[2]));
  store.commit();
  store.begin();
  store.recordLock("lvm_a", { ...JSON.parse(Deno.args[2]), mode: 0 });
  Deno.kill(Deno.pid, "SIGKILL");
`;

Deno.test("what was committed survives the process being killed, what was not does not", async () => {
  await withPath(async (path) => {
    const file = `${path}.ts`;
    Deno.writeTextFileSync(file, script);
    const lock = lv("L", Mode.ex);
    const args = [
      "run",
      "-A",
      "--no-config",
      file,
      path,
      JSON.stringify(vg("a")),
      JSON.stringify(lock),
    ];
    const { signal } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(signal, "SIGKILL");
    assertEquals(read(path)[0]?.locks, [lock]);
  });
});
