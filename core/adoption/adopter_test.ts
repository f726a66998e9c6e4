/**
 * Adoption on the real lock table, dispatcher and recorder, with lock managers in memory that keep
 * what a dead daemon left behind.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dashed, Host } from "../../tests/adoption/host.ts";
import { lockspaceOf } from "../../tests/adoption/manager.ts";
import { Errno } from "../errno.ts";
import { configureLog } from "../log.ts";
import type { LockService } from "../service.ts";
import { emptyRequest, LockType, Mode, Op, OptionFlag, ResourceType } from "../types.ts";
import { readAdoptFile } from "./adopt_file.ts";

function request(service: LockService, more: Partial<typeof emptyRequest>): Promise<number> {
  const { id } = service.openClient({ origin: "native", pid: 1, command: "test", fd: 9 });
  return new Promise((answered) => {
    service.submit(id, { ...emptyRequest, ...more }, ({ result }) => answered(result));
  });
}

function said(): string[] {
  const lines: string[] = [];
  const syslog = (priority: number, text: string) => void lines.push(`${priority} ${text}`);
  configureLog({ debug: false, foreground: false, syslogPriority: 6, syslog });
  return lines;
}

Deno.test("all locks of a VG are taken over, in the modes that they have", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.sh });
  host.activate("vg0", "L1");
  const daemon = host.boot();
  const report = await daemon.adoptAll();
  assertEquals(report, {
    vgs: 1,
    adopted: 2,
    retaken: 0,
    absent: 0,
    troubles: [],
    unfinished: [],
  });
  const locks = new Map([[`vg0/${dashed("L1")}`, Mode.ex], [`vg0/${dashed("L2")}`, Mode.sh]]);
  assertEquals(daemon.locks, locks);
  assertEquals(host.sanlock.held, locks);
  assertEquals(host.inFile, [...locks.keys()]);
  assertEquals(lines, ["6 adopted 2 locks in VG vg0"]);
  assertEquals([...daemon.service.clients()], []);
  const [lockspace] = daemon.service.inspect();
  assert(lockspace?.kind === "lockspace");
  assertEquals([lockspace.vgUuid, lockspace.vgArgs], ["uuid-of-vg0", "1.0.0:args"]);
});

Deno.test("the locks belong to nobody and are released as usual", async () => {
  using host = new Host();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex });
  const daemon = host.boot();
  await daemon.adoptAll();
  const rows = daemon.service.inspect();
  const lock = rows.find((row) => row.kind === "lock")!;
  assertEquals([lock.persistent, lock.clientId], [true, 0]);
  const taker = daemon.service.client(lock.takenBy)!;
  assertEquals([taker.origin, taker.command, taker.pid], ["daemon", "adopt", Deno.pid]);
  const result = await request(daemon.service, {
    op: Op.lock,
    resourceType: ResourceType.lv,
    vgName: "vg0",
    lvUuid: dashed("L1"),
    mode: Mode.un,
    flags: OptionFlag.persistent,
  });
  assertEquals([result, daemon.locks.size, host.sanlock.held.size], [0, 0, 0]);
});

Deno.test("a lock whose mode the file has wrong is taken over in the right one", async () => {
  using host = new Host();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.sh });
  const first = host.boot();
  await first.adoptAll();
  host.sanlock.crash();
  host.sanlock.listed.clear();
  host.sanlock.orphans.set(`vg0/${dashed("L1")}`, Mode.sh);
  host.sanlock.orphans.set(`vg0/${dashed("L2")}`, Mode.ex);
  const daemon = host.boot();
  assertEquals((await daemon.adoptAll()).adopted, 2);
  assertEquals(daemon.locks.get(`vg0/${dashed("L1")}`), Mode.sh);
  assertEquals(daemon.locks.get(`vg0/${dashed("L2")}`), Mode.ex);
  const modes = readAdoptFile(host.path).vgs[0]!.locks.map(({ mode }) => mode);
  assertEquals(modes, [Mode.sh, Mode.ex]);
});

Deno.test("an active LV without a lock gets one anew; an inactive one needs none", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.ex });
  await host.boot().adoptAll();
  host.sanlock.held.clear();
  host.activate("vg0", "L1");
  lines.length = 0;
  const daemon = host.boot();
  const { adopted, retaken, absent, troubles } = await daemon.adoptAll();
  assertEquals([adopted, retaken, absent, troubles.length], [0, 1, 1, 0]);
  assertEquals([...daemon.locks.keys()], [`vg0/${dashed("L1")}`]);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`]);
  assertEquals(lines, [
    "4 LV vg0/L1 is active, but its lock was gone: it was taken anew (ex)",
    "6 adopted 0 locks in VG vg0, took 1 anew",
  ]);
});

Deno.test("an active LV that another host has locked meanwhile is an error, and not forgotten", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex });
  await host.boot().adoptAll();
  host.sanlock.held.clear();
  host.sanlock.elsewhere.set(`vg0/${dashed("L1")}`, Mode.ex);
  host.activate("vg0", "L1");
  lines.length = 0;
  const { troubles } = await host.boot().adoptAll();
  assertEquals(troubles.map(({ vgName, lvUuids }) => [vgName, lvUuids]), [["vg0", [dashed("L1")]]]);
  const [error] = lines.filter((line) => line.startsWith("3 "));
  assertMatch(error!, /VG vg0: LV vg0\/L1 is active, but its lock cannot be .* \(EAGAIN\)$/);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`]);
});

Deno.test("a VG lock and the global lock that were left behind are released", async () => {
  for (const [mode, level] of [[Mode.ex, 4], [Mode.sh, 0]] as const) {
    using host = new Host();
    const lines = said();
    host.leave(host.sanlock, "vg0");
    host.leave(host.sanlock, "vg1", { VGLK: mode, GLLK: mode });
    host.sanlock.globalIn = "vg1";
    const daemon = host.boot();
    assertEquals((await daemon.adoptAll()).troubles, []);
    assertEquals([host.sanlock.orphans.size, host.sanlock.held.size, daemon.locks.size], [0, 0, 0]);
    const warned = lines.filter((line) => line.startsWith("4 "));
    assertEquals(warned.length, level === 4 ? 2 : 0, warned.join("\n"));
  }
});

Deno.test("the global lock of dlm is released too", async () => {
  using host = new Host();
  host.leave(host.dlm, "vg0", { L1: Mode.ex });
  host.leave(host.sanlock, "vg1", { L2: Mode.ex });
  host.leave(host.dlm, "", { GLLK: Mode.ex });
  const daemon = host.boot();
  assertEquals((await daemon.adoptAll()).troubles, []);
  assertEquals([host.dlm.orphans.size, daemon.locks.size], [0, 2]);
});

Deno.test("the global lock of dlm is released where no VG was started", async () => {
  for (const mode of [Mode.ex, Mode.sh]) {
    using host = new Host();
    const lines = said();
    host.leave(host.dlm, "", { GLLK: mode });
    const daemon = host.boot();
    assertEquals((await daemon.adoptAll()).troubles, []);
    assertEquals([host.dlm.orphans.size, host.dlm.held.size], [0, 0]);
    assertEquals(lines.length, mode === Mode.ex ? 1 : 0, lines.join("\n"));
    // Nothing is started: its lockspace is left again.
    assertEquals([daemon.service.status().lockspaces, host.dlm.lockspaces.size], [0, 0]);
  }
});

Deno.test("a global lockspace that was left behind does not choose the global lock", async () => {
  using host = new Host();
  said();
  host.leave(host.dlm, "", { GLLK: Mode.ex });
  host.sanlock.globalIn = "vg1";
  const daemon = host.boot();
  await daemon.adoptAll();
  const start = { op: Op.start, resourceType: ResourceType.vg, flags: OptionFlag.wait, hostId: 1 };
  const vg = { vgName: "vg1", vgArgs: "1.0.0:lvmlock", lockType: LockType.sanlock };
  assertEquals(await request(daemon.service, { ...start, ...vg }), 0);
  const lock = { op: Op.lock, resourceType: ResourceType.gl, mode: Mode.ex };
  await request(daemon.service, { ...lock, flags: OptionFlag.persistent });
  assertEquals([[...host.dlm.held.keys()], [...host.sanlock.held.keys()]], [[], ["vg1/GLLK"]]);
});

Deno.test("a global lock left behind that is not this host's any more is told of", async () => {
  using host = new Host();
  said();
  host.leave(host.dlm, "", { GLLK: Mode.ex });
  host.leave(host.sanlock, "vg1", { L1: Mode.ex });
  const { troubles } = await host.boot().adoptAll();
  assertEquals(troubles.map(({ text }) => text), [
    "A global lock left behind cannot be released: VGs of another lock manager are taken over, " +
    "and its lock counts",
  ]);
});

Deno.test("a global lockspace that cannot be joined is told of, also when it takes long", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.dlm, "", { GLLK: Mode.ex });
  const { promise, resolve } = Promise.withResolvers<{ result: number }>();
  host.dlm.joinAnswers.set("", promise);
  const { done } = await host.boot().adopt(AbortSignal.timeout(20));
  assertStringIncludes(lines.join("\n"), "other hosts may have to wait for a global lock");
  resolve({ result: -Errno.EIO });
  const { troubles } = await done;
  assertStringIncludes(troubles[0]!.text, "A global lock left behind cannot be released: ");
});

Deno.test("a VG that cannot be joined is an error; its locks stay in the file for the next time", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.sh });
  host.leave(host.sanlock, "vg1", { L3: Mode.ex });
  host.activate("vg0", "L1");
  const answer = { result: -Errno.EMANAGER, message: "No answer from sanlock" };
  host.sanlock.joinAnswers.set("vg0", answer);
  const { troubles, adopted } = await host.boot().adoptAll();
  assertEquals(adopted, 1);
  assertEquals(troubles.map(({ lvUuids }) => lvUuids), [[dashed("L1")]]);
  const error = lines.find((line) => line.startsWith("3 "))!;
  assertMatch(error, /VG vg0 cannot be .*: No answer from sanlock \(EMANAGER\)\. .*vg0\/L1$/);
  const all = [`vg0/${dashed("L1")}`, `vg0/${dashed("L2")}`, `vg1/${dashed("L3")}`];
  assertEquals(host.inFile, all);
  host.sanlock.joinAnswers.clear();
  host.sanlock.listed.clear();
  host.sanlock.crash();
  const daemon = host.boot();
  assertEquals((await daemon.adoptAll()).adopted, 3);
  assertEquals([...daemon.locks.keys()].sort(), all);
});

Deno.test("a lock that the manager cannot give now stays in the file", async () => {
  using host = new Host();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.ex, VGLK: Mode.sh });
  host.sanlock.lockAnswers.set(`vg0/${dashed("L1")}`, { result: -Errno.ELOCKIO });
  host.sanlock.lockAnswers.set("vg0/VGLK", { result: -Errno.ELOCKIO });
  const daemon = host.boot();
  const { troubles, adopted } = await daemon.adoptAll();
  assertEquals([adopted, troubles.map(({ lvUuids }) => lvUuids)], [1, [[], []]]);
  assertMatch(troubles[0]!.text, /LV L1x.* is not active; its lock cannot be .* \(ELOCKIO\)/);
  assertMatch(troubles[1]!.text, /VG vg0: a VG lock left behind cannot be .* \(ELOCKIO\)/);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`, `vg0/${dashed("L2")}`]);
  assertEquals([...daemon.locks.keys()], [`vg0/${dashed("L2")}`]);
});

Deno.test("a global lock that stays is said once", async () => {
  using host = new Host();
  host.leave(host.sanlock, "vg0");
  host.leave(host.sanlock, "vg1");
  host.sanlock.globalIn = "vg0";
  host.sanlock.lockAnswers.set("vg0/GLLK", { result: -Errno.ELOCKIO });
  const { troubles } = await host.boot().adoptAll();
  assertEquals(troubles.map(({ vgName, lvUuids }) => [vgName, lvUuids]), [["", []]]);
  assertMatch(troubles[0]!.text, /global lock left behind cannot be released: .* \(ELOCKIO\)/);
});

Deno.test("of a VG that is not started any more only active LVs stay in the file", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.ex });
  host.activate("vg0", "L1");
  await host.boot().adoptAll();
  host.sanlock.lockspaces.clear();
  lines.length = 0;
  const { troubles } = await host.boot().adoptAll();
  assertEquals(troubles.map(({ lvUuids }) => lvUuids), [[dashed("L1")]]);
  assertEquals(lines.map((line) => line.slice(0, 10)), ["3 VG vg0: "]);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`]);
});

Deno.test("a join that hangs keeps nobody waiting beyond the limit, and goes on", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "slow", { L1: Mode.ex });
  host.leave(host.sanlock, "fast", { L2: Mode.ex, GLLK: Mode.ex });
  host.sanlock.globalIn = "fast";
  const join = Promise.withResolvers<{ result: number }>();
  host.sanlock.joinAnswers.set("slow", join.promise);
  const daemon = host.boot();
  const limit = new AbortController();
  const fastDone = daemon.when(() =>
    !host.sanlock.orphans.has("fast/GLLK") && !host.sanlock.held.has("fast/GLLK")
  );
  const adopting = daemon.adopt(limit.signal);
  await fastDone;
  limit.abort();
  const { report, done } = await adopting;
  assertEquals([report.unfinished, report.vgs, report.adopted], [["slow"], 1, 1]);
  assertEquals(lines.filter((line) => line.includes("Not taken over yet: VG slow")).length, 1);
  assertEquals(host.inFile, [`fast/${dashed("L2")}`]);
  const lockVg = { op: Op.lock, resourceType: ResourceType.vg, vgName: "fast", mode: Mode.ex };
  assertEquals(await request(daemon.service, lockVg), 0);
  join.resolve({ result: 0 });
  assertEquals([(await done).unfinished, (await done).adopted], [[], 2]);
  assertEquals(daemon.locks.get(`slow/${dashed("L1")}`), Mode.ex);
  assertEquals(host.inFile.length, 2);
});

Deno.test("a manager that does not answer, or with nonsense, is no obstacle for the others", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex });
  host.leave(host.dlm, "vg1", { L2: Mode.ex });
  await host.boot().adoptAll();
  host.sanlock.crash();
  host.dlm.crash();
  const limit = new AbortController();
  const deaf = Object.create(host.dlm, {
    leftBehind: {
      value: () => {
        queueMicrotask(() => limit.abort());
        return new Promise(() => {}); // for ever
      },
    },
  });
  const daemon = host.boot([host.sanlock, deaf]);
  const { report } = await daemon.adopt(limit.signal);
  while (report.unfinished.length > 0) await new Promise((wake) => setTimeout(wake, 1));
  assertEquals(report.adopted, 1);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`, `vg1/${dashed("L2")}`]);
  const broken = Object.create(host.dlm, {
    leftBehind: {
      value: () => {
        throw new Error("no configfs");
      },
    },
  });
  host.sanlock.crash();
  assertEquals((await host.boot([host.sanlock, broken]).adoptAll()).adopted, 1);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`, `vg1/${dashed("L2")}`]);
  const errors = lines.filter((line) => line.startsWith("3 A lock manager cannot tell"));
  assertMatch(errors.join("\n"), /does not answer;.*\n.*no configfs/);
});

Deno.test("an adopt file that nobody can read is said, and does not hinder", async () => {
  using host = new Host();
  const lines = said();
  Deno.writeTextFileSync(host.path, "lvmlockd adopt_version 1.0\nVG: x\n");
  host.leave(host.sanlock, "vg0", { L1: Mode.ex });
  assertEquals((await host.boot().adoptAll()).adopted, 1);
  assertMatch(lines[0]!, /^3 The adopt file .* line 2: a VG line needs .*unreadable$/);
});

Deno.test("a VG that runs already gets the locks that are missing", async () => {
  using host = new Host();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex, L2: Mode.sh });
  const { vgUuid, vgArgs } = lockspaceOf("vg0", LockType.sanlock);
  const start = { op: Op.start, resourceType: ResourceType.vg, lockType: LockType.sanlock };
  const flags = OptionFlag.adopt | OptionFlag.wait;
  const daemon = host.boot();
  assertEquals(
    await request(daemon.service, { ...start, vgName: "vg0", vgUuid, vgArgs, flags }),
    0,
  );
  const about = { resourceType: ResourceType.lv, vgName: "vg0", lvUuid: dashed("L1") };
  const adoptOnly = OptionFlag.adoptOnly | OptionFlag.persistent;
  const lock = { ...about, op: Op.lock, mode: Mode.ex, flags: adoptOnly };
  assertEquals(await request(daemon.service, lock), 0);
  host.sanlock.orphans.set(`vg0/${dashed("L1")}`, Mode.ex); // listed before it was taken
  const { adopted, troubles } = await daemon.adoptAll();
  assertEquals([adopted, troubles, daemon.locks.size], [2, [], 2]);
});

Deno.test("a defect of ours loses no lock", async () => {
  using host = new Host();
  const lines = said();
  host.leave(host.sanlock, "vg0", { L1: Mode.ex });
  host.activate("vg0", "L1");
  const daemon = host.boot();
  const submit = () => {
    throw new Error("a defect");
  };
  Object.defineProperty(daemon.service, "submit", { value: submit });
  const { troubles, unfinished } = await daemon.adoptAll();
  assertEquals(unfinished, []);
  assertEquals(troubles[0]!.lvUuids, [dashed("L1")]);
  assertMatch(lines[0]!, /^3 VG vg0 cannot be taken over: Error: a defect/);
  assertEquals(host.inFile, [`vg0/${dashed("L1")}`]);
  assertEquals([...daemon.service.clients()], []);
});

Deno.test("with nothing left behind nothing is asked and nothing is said", async () => {
  using host = new Host();
  const lines = said();
  const { vgs, troubles } = await host.boot().adoptAll();
  assertEquals([vgs, troubles, lines], [0, [], []]);
});
