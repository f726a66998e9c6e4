/**
 * What a daemon that died has left on this node, as the manager deals with it: lockspaces, locks,
 * joins under way.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { LockType, Mode } from "../../core/types.ts";
import { SimulatedDlm } from "../../tests/dlm/simulated_dlm.ts";
import {
  globalLock,
  lockspaceOf,
  lvLock,
  noted,
  TestHost,
  vgLock,
  withVg,
} from "../../tests/dlm/test_host.ts";

const no = { adopt: "no", repair: false, checkGl: false } as const;
const leaving = { freeVg: false, force: false };
const LV = "abcdef-aaaa-bbbb-cccc-dddd-eeee-abcdef";

Deno.test("a lockspace that a dead daemon left is used again only if locks are adopted", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const before = lockspaceOf("vg0");
  await host.join(before);
  await host.manager.lock(before, lvLock(LV), Mode.ex, no);
  dlm.node(1).killProcess();
  assertEquals(await host.manager.leftBehind(), [{
    lockType: LockType.dlm,
    vgName: "vg0",
    vgUuid: "",
    vgArgs: "1.0.0:test",
    hostId: 0,
    locks: [],
  }]);
  assertEquals((await host.join(lockspaceOf("vg0"))).result, -Errno.EEXIST);
  assertEquals((await host.join(lockspaceOf("vg1"), "only")).result, -Errno.EADOPT_NONE);
  const vg = lockspaceOf("vg0");
  assertEquals(await host.join(vg, "ok"), { result: 0 });
  const only = { ...no, adopt: "only" } as const;
  const { result } = await host.manager.lock(vg, lvLock(LV), Mode.ex, only);
  assertEquals(result, 0);
});

Deno.test("orphans are listed where the kernel lists locks", async () => {
  await using host = await TestHost.make(new SimulatedDlm().node(1));
  for (const name of ["lvm_global", "lvm_vg0", `lvm_${"v".repeat(59)}`]) host.show(name, true);
  const shared = LV.replace("abcdef", "ABCDEF");
  const dump = [[LV, "EX", "master 0"], [shared, "PR", "master 2"], ["VGLK", "EX", "master 0"]]
    .concat([[`${LV}x`, "EX", "master 0"], [LV.replace("a", "b"), "EX", "MSTCPY 2"]])
    .map(([name, mode, kind]) => `id 00000001 gr ${mode} rq IV pid 7 ${kind} "${name}"\n`);
  await host.say({ quorate: true, dump: dump.join("") });
  const [global, left, long, ...more] = await host.manager.leftBehind();
  // The longest name of a VG that this daemon serves fills that of its lockspace.
  assertEquals([left!.vgName, long!.vgName, more], ["vg0", "v".repeat(59), []]);
  assertEquals([global!.vgName, global!.locks], ["", []]);
  assertEquals(left!.locks, [
    { lvUuid: LV, lvArgs: "dlm", mode: Mode.ex },
    { lvUuid: shared, lvArgs: "dlm", mode: Mode.sh },
  ]);
});

Deno.test("the lockspace of the global lock is always used again, without the old lock", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const before = lockspaceOf("");
  await host.join(before);
  await host.manager.lock(before, globalLock, Mode.ex, no);
  dlm.node(1).killProcess();
  const after = lockspaceOf("");
  assertEquals(await host.join(after), { result: 0 });
  assertEquals((await host.manager.lock(after, globalLock, Mode.ex, no)).result, 0);
});

Deno.test("a join that a dead daemon has begun is waited for", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const kernel = `${host.root}/sys/kernel/dlm/lvm_global`;
  await Deno.mkdir(kernel);
  const spec = lockspaceOf("");
  const joining = host.join(spec);
  await noted(host, spec, /a daemon that died has begun/);
  dlm.node(1).lockspaces.add("lvm_global");
  host.show("lvm_global", true);
  assertEquals(await joining, { result: 0 });
});

Deno.test("a lockspace with locks of a dead daemon is not left unless it is dropped", () =>
  withVg(async (host, vg, dlm) => {
    const dump = `id 00000001 gr EX rq IV pid 7 master 0 "${LV}"\n`;
    await host.say({ quorate: true, dump });
    const { result, message } = await host.manager.leave(vg, leaving);
    assertEquals(result, -Errno.EBUSY);
    assertStringIncludes(message!, "lvmlockctl --drop vg0");
    assertEquals((await host.manager.lock(vg, vgLock, Mode.sh, no)).result, 0);
    await host.manager.unlock(vg, vgLock, { version: 0, freeVg: false });
    assertEquals(await host.manager.leave(vg, { ...leaving, force: true }), { result: 0 });
    assertEquals([...dlm.node(1).lockspaces], []);
  }));

Deno.test("a second lock of an LV that this daemon holds itself, or knows, is an orphan too", () =>
  withVg(async (host, vg) => {
    const { manager } = host;
    const line = `id 00000001 gr PR rq IV pid 7 master 0 "${LV}"\n`;
    const lv = lvLock(LV);
    assertEquals((await manager.lock(vg, lv, Mode.sh, no)).result, 0);
    await host.say({ quorate: true, dump: line + line });
    assertEquals((await manager.leave(vg, leaving)).result, -Errno.EBUSY);
    assertEquals((await manager.unlock(vg, lv, { version: 0, freeVg: false })).result, 0);
    await host.say({ quorate: true, dump: line });
    assertEquals((await manager.leave(vg, leaving)).result, -Errno.EBUSY);
    await host.say({ quorate: true, dump: line.replace("PR", "NL") });
    assertEquals(await manager.leave(vg, leaving), { result: 0 });
  }));
