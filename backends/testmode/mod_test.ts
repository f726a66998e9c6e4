/**
 * The answers of the test mode, as the stock daemon's.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import type { LockManager, LockspaceSpec } from "../lock_manager.ts";
import { testManagers } from "./mod.ts";

const lockspace: LockspaceSpec = {
  id: 1,
  name: "lvm_vg",
  vgName: "vg",
  vgUuid: "",
  vgArgs: "1.0.0:lvmlock",
  lockType: LockType.sanlock,
  hostId: 1,
  pvPaths: [],
};

const initVg = {
  lockspaceName: "lvm_vg",
  vgName: "vg",
  vgArgs: "lvmlock",
  otherArgs: "",
  alignMb: 0,
  enableGl: true,
};

function managerOf(type: LockType): LockManager {
  const manager = testManagers().find((manager) => manager.type === type);
  assert(manager !== undefined);
  return manager;
}

Deno.test("lock args of a new VG, by type", async () => {
  const argsOf = async (type: LockType, vgArgs: string) => {
    const { result, vgArgs: made } = await managerOf(type).initVg({ ...initVg, vgArgs });
    return [result, made];
  };
  assertEquals(await argsOf(LockType.dlm, ""), [0, "1.0.0:test"]);
  assertEquals(await argsOf(LockType.idm, ""), [0, undefined]);
  assertEquals(await argsOf(LockType.sanlock, "lvmlock"), [0, "1.0.0:lvmlock"]);
  assertEquals(await argsOf(LockType.sanlock, ""), [-Errno.EARGS, undefined]);
});

/** `set_lock_args`, and the lock args that it makes; undefined where it is refused. */
const setArgs: [string, string | undefined][] = [
  ["persist", "2.0.0:lvmlock:persist"],
  ["notimeout", "2.0.0:lvmlock:notimeout"],
  ["persist,notimeout", "2.0.0:lvmlock:notimeout:persist"],
  ["nopersist,timeout", "1.0.0:lvmlock"],
  ["caw", "1.0.0:lvmlock"],
  ["persist,unknown", undefined],
];

Deno.test("options of sanlock lock args", async () => {
  const sanlock = managerOf(LockType.sanlock);
  for (const [words, vgArgs] of setArgs) {
    const made = await sanlock.initVg({ ...initVg, otherArgs: words });
    assertEquals([made.result, made.vgArgs], [vgArgs ? 0 : -Errno.EARGS, vgArgs], words);
    const changed = await sanlock.leases!.setLockArgs("vg", "1.0.0:lvmlock", words);
    assertEquals(changed.vgArgs, vgArgs, words);
    const { result } = await sanlock.leases!.checkLockArgs(lockspace, words);
    assertEquals(result, vgArgs ? 0 : -Errno.EPROTONOSUPPORT, words);
  }
  assertEquals((await sanlock.leases!.checkLockArgs(lockspace, "")).result, -Errno.EPROTONOSUPPORT);
});

Deno.test("the first sanlock VG gets the global lock", async () => {
  const sanlock = managerOf(LockType.sanlock);
  assertEquals((await sanlock.initVg({ ...initVg, enableGl: false })).glEnabled, undefined);
  assertEquals((await sanlock.initVg(initVg)).glEnabled, true);
  const second = { ...initVg, lockspaceName: "lvm_vg2", vgName: "vg2" };
  assertEquals((await sanlock.initVg(second)).glEnabled, undefined);
  await sanlock.leave(lockspace, { freeVg: true, force: false });
  assertEquals((await sanlock.initVg(second)).glEnabled, true);
});

Deno.test("lease offsets count from slot 67", async () => {
  const { leases } = managerOf(LockType.sanlock);
  const spec = {
    ...initVg,
    lvName: "lv",
    lvUuid: "L",
    prevLvArgs: "",
    lockspaceId: 0,
  };
  const offsets = [await leases!.initLv(spec), await leases!.initLv(spec)];
  assertEquals(offsets.map(({ lvArgs }) => lvArgs), ["1.0.0:70254592", "1.0.0:71303168"]);
});

Deno.test("a sanlock VG that cannot be started", async () => {
  const how = { adopt: "no" as const, nodelay: false, repair: false };
  const prepare = async (more: Partial<LockspaceSpec>) => {
    const { result, lmResult } = await managerOf(LockType.sanlock)
      .prepare({ ...lockspace, ...more }, how);
    assertEquals(lmResult, result, "start_vg repeats the code");
    return result;
  };
  for (const vgArgs of ["", "lvmlock", "3.0.0:lvmlock", "1.0.0:", "1.0.0:lvmlock:other"]) {
    assertEquals(await prepare({ vgArgs }), -Errno.EARGS, vgArgs);
  }
  for (const hostId of [0, -1, 2001]) assertEquals(await prepare({ hostId }), -Errno.EHOSTID);
});

Deno.test("everything else works, and value blocks are remembered", async () => {
  const vglk = { type: ResourceType.vg, name: "VGLK", lockArgs: "" };
  for (const manager of testManagers()) {
    const spec = { ...lockspace, lockType: manager.type };
    const how = { adopt: "no" as const, repair: false, checkGl: false };
    assertEquals(await manager.isRunning(), true);
    assertEquals((await manager.lock(spec, vglk, Mode.ex, how)).result, 0);
    assertEquals((await manager.convert(spec, vglk, Mode.sh, { version: 3 })).result, 0);
    assertEquals((await manager.unlock(spec, vglk, { version: 0, freeVg: false })).result, 0);
    const again = await manager.lock(spec, vglk, Mode.sh, how);
    assertEquals(again.valueBlock?.resourceVersion, 3);
    assertEquals((await manager.otherHosts(spec)).result, 0);
  }
});
