/**
 * Starts, and what a start or a request is refused for.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import {
  globalLock,
  lockspaceOf,
  lvLock,
  no,
  TestHost,
  unlocking,
  vgLock,
} from "./test_lockspace.ts";

Deno.test("a list of drives is checked before the manager is asked", async () => {
  const host = new TestHost();
  const vg = await host.start();
  const asked = host.ilm.calls.length;
  const many = Array.from({ length: 512 }, (_, i) => `/dev/d${i}`);
  for (const list of [[], many, [""], ["/dev/a\0b"], ["/".repeat(4096)]]) {
    const { result } = await host.manager.lock(vg, lvLock(list), Mode.ex, no);
    assertEquals(result, -Errno.EINVAL);
  }
  assertEquals(host.ilm.calls.length, asked);
  assertEquals((await host.manager.lock(vg, lvLock(many.slice(1)), Mode.ex, no)).result, 0);
  for (const list of [[], many]) {
    const { result } = await host.manager.prepare(lockspaceOf("vg1", list));
    assertEquals(result, -Errno.EINVAL);
  }
});

Deno.test("the VG's lock is taken on the drives that the last start named", async () => {
  const host = new TestHost();
  const vg = await host.start("vg0", ["/dev/a"]);
  vg.pvPaths = ["/dev/c"];
  host.ilm.drives.at("/dev/a").broken = true;
  assertEquals((await host.manager.lock(vg, vgLock, Mode.ex, no)).result, 0);
});

Deno.test("a start is refused at once for what cannot work later", async () => {
  const long = "x".repeat(121);
  const host = new TestHost(undefined, {
    killCommand: { path: "/kill", args: (vgName) => `--kill ${vgName}` },
  });
  const refusal = async (spec: ReturnType<typeof lockspaceOf>) =>
    (await host.manager.prepare(spec)).result;
  assertEquals(await refusal(lockspaceOf("vg0; reboot")), -Errno.EARGS);
  assertEquals(await refusal({ ...lockspaceOf("vg0"), vgUuid: "1h2pck" }), -Errno.EARGS);
  assertEquals(await refusal(lockspaceOf(long)), -Errno.EARGS); // its kill command is cut
  host.ilm.running = false;
  assertEquals(await refusal(lockspaceOf("vg0")), -Errno.EMANAGER);
  assertEquals((await host.manager.join(lockspaceOf("vg0"))).result, -Errno.EMANAGER);
  assertEquals(await host.manager.isRunning(), false);
});

Deno.test("a kill path that the manager does not take ends the start", async () => {
  const host = new TestHost();
  host.ilm.answers.setKillPath = [-12];
  const { result, lmResult } = await host.manager.join(lockspaceOf("vg0"));
  assertEquals([result, lmResult], [-Errno.EMANAGER, -12]);
  assertEquals(host.ilm.connections.size, 0);
});

Deno.test("without the library it does not run, and says which one is missing", async () => {
  const host = new TestHost(undefined, {
    library: () => {
      throw new Error("the library libseagate_ilm.so.0 cannot be used");
    },
  });
  assertEquals(await host.manager.isRunning(), false);
  const { result, message } = await host.manager.prepare(lockspaceOf("vg0"));
  assertEquals(result, -Errno.EMANAGER);
  assertMatch(message ?? "", /libseagate_ilm\.so\.0/);
});

Deno.test("a look whether the manager runs leaves no connection behind", async () => {
  const host = new TestHost();
  assertEquals(await Promise.all([host.manager.isRunning(), host.manager.isRunning()]), [
    true,
    true,
  ]);
  assertEquals(host.ilm.connections.size, 0);
});

Deno.test("the global lock is on the drives that are marked, also if they come later", async () => {
  const sysfs = await Deno.makeTempDir();
  const devices = `${sysfs}/bus/scsi/devices`;
  await Deno.mkdir(devices, { recursive: true });
  const host = new TestHost(undefined, { sysfs });
  const global = await host.start("");
  assertEquals(host.ilm.killPaths, []);
  const none = await host.manager.lock(global, globalLock, Mode.sh, no);
  assertEquals(none.result, -Errno.ELOCKIO);
  assertMatch(none.message ?? "", /partition named propeller/);
  await Deno.mkdir(`${devices}/0:0:0:0/block/sda/sda1`, { recursive: true });
  await Deno.writeTextFile(
    `${devices}/0:0:0:0/block/sda/sda1/uevent`,
    "PARTN=1\nPARTNAME=propeller\n",
  );
  assertEquals((await host.manager.lock(global, globalLock, Mode.sh, no)).result, 0);
  await Deno.remove(sysfs, { recursive: true });
  assertEquals((await host.manager.unlock(global, globalLock, unlocking)).result, 0);
  assertEquals((await host.manager.lock(global, globalLock, Mode.ex, no)).result, 0);
  host.manager.leave(global);
  assertEquals((await host.manager.join(lockspaceOf(""))).result, -Errno.EIO);
});

Deno.test("a manager that takes a connection and says nothing does not run", async () => {
  const ilm = new TestHost().ilm;
  const gate = Promise.withResolvers<void>();
  const hanging = {
    connect: async () => {
      await gate.promise;
      return await ilm.connect();
    },
  };
  const host = new TestHost(undefined, { library: () => hanging, answerMs: 1 });
  assertEquals(await host.manager.isRunning(), false);
  const { result, lmResult } = await host.manager.join(lockspaceOf("vg0"));
  assertEquals([result, lmResult], [-Errno.EMANAGER, -Errno.ETIMEDOUT]);
  gate.resolve();
  while (ilm.closed < 2) await Promise.resolve();
  assertEquals(ilm.connections.size, 0);
});
