/**
 * The manager as the daemon uses it, on hosts of a simulated cluster: starting and stopping, with and
 * without a quorum; who holds what; dlm_controld's end.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
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
import type { LockspaceSpec } from "../lock_manager.ts";
import { DlmMode, LockFlag } from "./constants.ts";
import { LibraryMissing } from "./ffi.ts";
import { DlmManager } from "./mod.ts";
import { SystemFiles } from "./system_files.ts";

const no = { adopt: "no", repair: false, checkGl: false } as const;
const leaving = { freeVg: false, force: false };
const LV = "abcdef-aaaa-bbbb-cccc-dddd-eeee-abcdef";

const prepared = async (host: TestHost, vg: LockspaceSpec) => {
  const { result, message } = await host.manager.prepare(vg);
  return [result, message ?? ""] as const;
};

Deno.test("a host that has no DLM does without its libraries", async () => {
  const manager = new DlmManager({
    library: () => {
      throw new LibraryMissing("libdlm_lt.so.3", "libdlm3", "nothing there");
    },
    files: new SystemFiles("/no/such/folder"),
  });
  assertEquals(await manager.isRunning(), false);
  assertEquals(await manager.leftBehind(), []);
  assertEquals((await manager.refreshLv("/dev/vg0/lv0")).result, 0);
  assertEquals((await manager.prepare(lockspaceOf("vg0"))).result, -Errno.EMANAGER);
  manager.close();
});

Deno.test("where a cluster runs, a missing library is named", async () => {
  const library = () => {
    throw new LibraryMissing("libdlm_lt.so.3", "libdlm3 (Debian)", "nothing there");
  };
  await using host = await TestHost.make(new SimulatedDlm().node(1), { library });
  const [result, message] = await prepared(host, lockspaceOf("vg0"));
  assertEquals(result, -Errno.EMANAGER);
  assertStringIncludes(message, "Install libdlm3 (Debian)");
});

Deno.test("a new VG gets the name of the cluster into its lock args", async () => {
  await using host = await TestHost.make(new SimulatedDlm().node(1));
  const spec = { vgName: "vg0", vgArgs: "", otherArgs: "", alignMb: 0, enableGl: false };
  const made = await host.manager.initVg({ ...spec, lockspaceName: "lvm_vg0" });
  assertEquals(made, { result: 0, vgArgs: "1.0.0:test" });
  assertEquals(await host.manager.isRunning(), true);
});

Deno.test("a VG starts only in its own cluster, where everything is there", async () => {
  await using host = await TestHost.make(new SimulatedDlm().node(1));
  const [other, why] = await prepared(host, lockspaceOf("vg0", "other"));
  assertEquals(other, -Errno.EARGS);
  assertMatch(why, /belongs to the cluster "other", this host to "test"/);
  assertEquals((await prepared(host, { ...lockspaceOf("vg0"), vgArgs: "x" }))[0], -Errno.EARGS);
  assertEquals((await prepared(host, lockspaceOf("")))[0], 0);
  await Deno.remove(`${host.root}/dev/misc/dlm-control`);
  assertMatch((await prepared(host, lockspaceOf("vg0")))[1], /dlm-control is missing/);
  host.killControld();
  assertMatch((await prepared(host, lockspaceOf("vg0")))[1], /dlm_controld does not run/);
  await Deno.remove(`${host.root}/sys/kernel/config/dlm/cluster/cluster_name`);
  assertMatch((await prepared(host, lockspaceOf("vg0")))[1], /no DLM cluster runs/);
});

Deno.test("a control device that is not the kernel's is no device", async () => {
  const dlm = new SimulatedDlm();
  dlm.node(1).version = undefined;
  await using host = await TestHost.make(dlm.node(1));
  const [result, why] = await prepared(host, lockspaceOf("vg0"));
  assertEquals(result, -Errno.EMANAGER);
  assertStringIncludes(why, "or not the kernel's");
});

Deno.test("a lockspace is joined, used and left", () =>
  withVg(async (host, vg, dlm) => {
    const { manager } = host;
    assertEquals((await manager.lock(vg, vgLock, Mode.ex, no)).result, 0);
    assertEquals((await manager.unlock(vg, vgLock, { version: 3, freeVg: false })).result, 0);
    assertEquals(dlm.storedValue("lvm_vg0", "VGLK"), "0101000003000000");
    manager.forget(vg, vgLock);
    assertEquals(await manager.leave(vg, leaving), { result: 0 });
    assertEquals([...dlm.node(1).lockspaces], []);
    assertEquals(manager.outlook(vg), undefined);
  }));

Deno.test("a long name is cut as the stock daemon cuts it", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const vg = lockspaceOf("v".repeat(80));
  assertEquals((await host.join(vg)).result, 0);
  assertEquals([...dlm.node(1).lockspaces], [`lvm_${"v".repeat(59)}`]);
});

Deno.test("other nodes are counted and named", () =>
  withVg(async (host, vg) => {
    assertEquals(host.manager.otherHosts(vg), { result: 0 });
    host.setMembers("lvm_vg0", [1, 2]);
    assertEquals(host.manager.otherHosts(vg), { result: 1 });
    assertEquals(host.manager.otherHosts(lockspaceOf("none")).result, -Errno.ECONNREFUSED);
    const seen = () => host.manager.outlook(vg)!.hosts;
    while (seen().length < 2 || seen()[1]!.name === "") {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertEquals(
      seen().map(({ hostId, name, state, self }) => [hostId, name, state, self]),
      [[1, "node1", "LIVE", true], [2, "node2", "LIVE", false]],
    );
  }));

/** The same VG on two nodes; the second one has the LV. */
async function withRival(
  body: (host: TestHost, vg: LockspaceSpec) => Promise<void>,
): Promise<void> {
  await withVg(async (host, vg, dlm) => {
    await using rival = await TestHost.make(dlm.node(2));
    const theirs = lockspaceOf("vg0");
    await rival.join(theirs);
    assertEquals((await rival.manager.lock(theirs, lvLock(LV), Mode.ex, no)).result, 0);
    await body(host, vg);
  });
}

const refusedLv = async (host: TestHost, vg: LockspaceSpec, mode: Mode = Mode.sh) => {
  const { result, owner, message } = await host.manager.lock(vg, lvLock(LV), mode, no);
  assertEquals(result, -Errno.EAGAIN);
  return { owner: owner && [owner.hostId, owner.name, owner.state], message };
};

Deno.test("with two nodes it is the other one that holds a lock", () =>
  withRival(async (host, vg) => {
    host.setMembers("lvm_vg0", [1, 2]);
    assertEquals(await refusedLv(host, vg), {
      owner: [2, "node2", "LIVE"],
      message: `LV ${LV} in VG vg0 is held by node 2 (node2)`,
    });
  }));

Deno.test("with more nodes the kernel's list tells, where this node decides", () =>
  withRival(async (host, vg) => {
    host.setMembers("lvm_vg0", [1, 2, 3]);
    const line = (kind: string, mode: string) =>
      `id 1 gr ${mode} rq IV pid 7 ${kind} "${LV}"\n`.replace("id 1", "id 00000001");
    await host.say({ quorate: true, dump: line("MSTCPY 3", "EX") + line("MSTCPY 2", "NL") });
    assertEquals((await refusedLv(host, vg)).owner, [3, "", "LIVE"]);
    await host.say({ quorate: true, dump: line("master 3", "NL") });
    assertEquals(await refusedLv(host, vg), {
      owner: undefined,
      message: `LV ${LV} in VG vg0 is held by one of node 2 (node2), node 3; node 3 knows which`,
    });
    await host.say({ quorate: true });
    assertMatch((await refusedLv(host, vg)).message!, /held by one of node 2 \(node2\), node 3$/);
  }));

Deno.test("a lock that a dead daemon left on this node is told as such", () =>
  withRival(async (host, vg) => {
    const { message } = await refusedLv(host, vg, Mode.ex);
    assertMatch(message!, /was shared by a daemon of this node .* activate the LV shared first/);
    host.setMembers("lvm_vg0", [1, 2, 3]);
    const dump = `id 00000001 gr PR rq IV pid 7 master 0 "${LV}"\n`;
    await host.say({ quorate: true, dump });
    for (const members of [[1, 2, 3], [1, 2]]) {
      host.setMembers("lvm_vg0", members);
      assertEquals((await refusedLv(host, vg, Mode.ex)).owner, [1, "node1", "LIVE"]);
    }
  }));

Deno.test("a VG is not left with a lock that a dead daemon held, until its LV was activated", () =>
  withVg(async (host, vg, dlm) => {
    const { manager } = host;
    const before = await dlm.node(1).open("lvm_vg0");
    const lock = before!.makeLock(LV, false);
    await before!.lock(lock, DlmMode.nl, LockFlag.expedite | LockFlag.persistent);
    await before!.lock(lock, DlmMode.ex, LockFlag.convert | LockFlag.persistent);
    dlm.endProcess(before!);
    assertEquals((await manager.lock(vg, lvLock(LV), Mode.sh, no)).result, -Errno.EORPHAN);
    const refused = await manager.leave(vg, leaving);
    assertEquals(refused.result, -Errno.EBUSY);
    assertStringIncludes(refused.message!, "1 locks of a daemon that died");
    const activated = await manager.lock(vg, lvLock(LV), Mode.ex, { ...no, persistent: true });
    assertEquals(activated.result, 0);
    await manager.unlock(vg, lvLock(LV), { version: 0, freeVg: false });
    assertEquals(await manager.leave(vg, leaving), { result: 0 });
  }));

Deno.test("without a quorum the kernel is not asked; the join goes on when there is one", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  await host.say({ quorate: false });
  const vg = lockspaceOf("vg0");
  const joining = host.join(vg);
  await noted(host, vg, /^waiting for quorum: .* \(only node 1\)$/);
  assertEquals([...dlm.node(1).lockspaces], []);
  await host.say({ quorate: true });
  assertEquals(await joining, { result: 0 });
});

Deno.test("a join that waits for a quorum can be given up", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  await host.say({ quorate: false });
  const vg = lockspaceOf("vg0");
  const joining = host.join(vg);
  await noted(host, vg, /waiting for quorum/);
  host.manager.cancelJoin(vg);
  assertEquals((await joining).result, -Errno.ECANCELED);
  assertEquals([...dlm.node(1).lockspaces], []);
  assertEquals(host.manager.outlook(vg), undefined);
});

Deno.test("a join ends with dlm_controld, in the kernel too", async () => {
  const dlm = new SimulatedDlm();
  dlm.node(1).quorum = new Promise(() => {});
  await using host = await TestHost.make(dlm.node(1));
  const joins = [lockspaceOf("vg0"), lockspaceOf("vg1")].map((vg) => host.join(vg));
  host.killControld();
  for (const join of joins) assertEquals((await join).result, -Errno.EMANAGER);
});

Deno.test("what the kernel joins after the start was given up is left again", async () => {
  const dlm = new SimulatedDlm();
  const { promise, resolve } = Promise.withResolvers<void>();
  dlm.node(1).quorum = promise;
  await using host = await TestHost.make(dlm.node(1));
  const join = host.join(lockspaceOf("vg0"));
  host.killControld();
  assertEquals((await join).result, -Errno.EMANAGER);
  resolve();
  while (!host.joined.has("lvm_vg0")) await new Promise((wake) => setTimeout(wake, 1));
  while (dlm.node(1).lockspaces.size > 0) await new Promise((wake) => setTimeout(wake, 1));
});

Deno.test("a join that the kernel refuses says where to look", async () => {
  const dlm = new SimulatedDlm();
  dlm.node(1).lockspaces.add("lvm_vg0");
  await using host = await TestHost.make(dlm.node(1));
  const { result, message } = await host.join(lockspaceOf("vg0"));
  assertEquals(result, -Errno.ELMERR);
  assertStringIncludes(message!, "`dmesg` and `dlm_tool dump` say more");
});

Deno.test("a lockspace that appears while a quorum is waited for is not taken over", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  await host.say({ quorate: false });
  const vg = lockspaceOf("vg0");
  const joining = host.join(vg);
  await noted(host, vg, /waiting for quorum/);
  host.show("lvm_vg0", true);
  dlm.node(1).lockspaces.add("lvm_vg0");
  await host.say({ quorate: true });
  assertEquals((await joining).result, -Errno.EEXIST);
});

Deno.test("a busy host on which the cluster cannot be asked in time waits all the same", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  await host.say({ quorate: false, unanswered: 3 });
  const vg = lockspaceOf("vg0");
  const joining = host.join(vg);
  await noted(host, vg, /waiting for quorum/);
  assertEquals([...dlm.node(1).lockspaces], []);
  host.manager.cancelJoin(vg);
  assertEquals((await joining).result, -Errno.ECANCELED);
});

Deno.test("when dlm_controld dies the locks are lost, told once for each lockspace", () =>
  withVg(async (host, vg, dlm) => {
    const { manager } = host;
    const other = lockspaceOf("vg1");
    await host.join(other);
    await manager.lock(vg, lvLock(LV), Mode.ex, no);
    const lost = Promise.withResolvers<void>();
    const told: string[] = [];
    manager.onLost = ({ vgName }, why) => {
      told.push(vgName);
      assertStringIncludes(why, "dlm_controld is gone");
      if (told.length === 2) lost.resolve();
    };
    dlm.stop("lvm_vg0");
    const stuck = manager.lock(vg, vgLock, Mode.sh, no);
    host.killControld();
    await lost.promise;
    assertEquals(told.toSorted(), ["vg0", "vg1"]);
    assertEquals((await stuck).result, -Errno.ELMERR);
    const released = await manager.unlock(vg, lvLock(LV), { version: 0, freeVg: false });
    assertEquals(released.result, 0);
    manager.forget(vg, lvLock(LV));
    assertEquals((await manager.leave(vg, { ...leaving, force: true })).result, 0);
    host.startControld();
    assertEquals((await host.join(lockspaceOf("vg0"))).result, -Errno.EEXIST);
  }));

Deno.test("a lockspace that somebody else has left is noticed, the others stay", () =>
  withVg(async (host, vg) => {
    const other = lockspaceOf("vg1");
    await host.join(other);
    const lost = new Promise<string>((resolve) => {
      host.manager.onLost = ({ vgName }) => resolve(vgName);
    });
    host.show("lvm_vg0", false);
    assertEquals(await lost, "vg0");
    assertEquals((await host.manager.lock(vg, vgLock, Mode.sh, no)).result, -Errno.ELMERR);
    assertEquals((await host.manager.lock(other, vgLock, Mode.sh, no)).result, 0);
  }));

Deno.test("the lockspace of the global lock is joined again when somebody has removed it", async () => {
  const dlm = new SimulatedDlm();
  await using host = await TestHost.make(dlm.node(1));
  const { manager } = host;
  const gl = lockspaceOf("");
  await host.join(gl);
  assertEquals((await manager.lock(gl, globalLock, Mode.ex, no)).result, 0);
  const lost = new Promise<void>((resolve) => manager.onLost = () => resolve());
  dlm.node(1).crash(); // of its locks nothing is left, its daemon knows nothing of it
  // The kernel has it until the daemon closes it.
  host.forget("lvm_global");
  await lost;
  host.show("lvm_global", false);
  assertEquals((await manager.unlock(gl, globalLock, { version: 1, freeVg: false })).result, 0);
  dlm.node(1).lockspaces.add("lvm_global"); // the kernel refuses it
  const { result, message } = await manager.lock(gl, globalLock, Mode.ex, no);
  assertEquals(result, -Errno.ELMERR);
  assertStringIncludes(message!, "not in its lockspace any more");
  dlm.node(1).lockspaces.delete("lvm_global");
  assertEquals((await manager.lock(gl, globalLock, Mode.ex, no)).result, 0);
  assertEquals([...dlm.node(1).lockspaces], ["lvm_global"]);
  assertEquals(await manager.leave(gl, leaving), { result: 0 });
});

Deno.test("what LVM does not take for a name is no lockspace", async () => {
  await using host = await TestHost.make(new SimulatedDlm().node(1));
  for (const name of ["a/b", "a b", "a\n", "\xff"]) {
    assertEquals((await prepared(host, lockspaceOf(name)))[0], -Errno.EINVAL);
  }
  assertEquals((await prepared(host, lockspaceOf("A-z0_9+.")))[0], 0);
});

Deno.test("an LV is refreshed only where another node has its VG", async () => {
  const commands: string[] = [];
  const control = () => ({
    runStart: (command: string) => {
      commands.push(command);
      return Promise.resolve({ result: 0, uuid: "u" });
    },
    runCheck: () => Promise.resolve({ result: 0, status: 2 }),
    pendingChange: () => Promise.resolve(undefined),
  });
  await using host = await TestHost.make(new SimulatedDlm().node(1), { control });
  await host.join(lockspaceOf("vg0"));
  for (const path of ["/dev//vg0/lv0", "/dev/other/lv0"]) {
    assertEquals(await host.manager.refreshLv(path), { result: 0 });
  }
  assertEquals(commands, []);
  host.setMembers("lvm_vg0", [1, 2]);
  assertEquals(await host.manager.refreshLv("/dev//vg0/lv0"), { result: 0 });
  assertEquals(commands, ["lvm lvchange --refresh --partial --nolocking vg0/lv0"]);
  assertEquals((await host.manager.refreshLv("/dev/vg0/lv 0")).result, -Errno.EINVAL);
});

Deno.test("without libdlmcontrol a refresh says what is missing", async () => {
  const control = () => {
    throw new LibraryMissing("libdlmcontrol.so.3", "libdlmcontrol3", "nothing there");
  };
  await using host = await TestHost.make(new SimulatedDlm().node(1), { control });
  await host.join(lockspaceOf("vg0"));
  host.setMembers("lvm_vg0", [1, 2]);
  const { result, message } = await host.manager.refreshLv("/dev//vg0/lv0");
  assertEquals(result, -Errno.EMANAGER);
  assert(message!.includes("Install libdlmcontrol3"));
});
