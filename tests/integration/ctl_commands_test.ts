/**
 * The readable commands of the control tool against our daemon. Needs root.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { apiSocket, DaemonBench, nativeSocket, ourCtl } from "./ctl_tools.ts";

const lv = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const vgUuid = "FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ";
const dlmArgs = ["--lock-type", "dlm", "--lock-args", "1.0.0:test", "--vg-uuid", vgUuid];

/** A bench on which the lockspace of vg0 is started. */
async function started(): Promise<DaemonBench> {
  const bench = await DaemonBench.open("ours");
  const { code, stdout } = await bench.ourCtl("start", "vg0", ...dlmArgs);
  assertEquals([code, stdout], [0, "VG vg0: its locking is started.\n"]);
  return bench;
}

/** Runs a command that must succeed and returns what it says in JSON. */
// deno-lint-ignore no-explicit-any
async function json(bench: DaemonBench, ...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await bench.ourCtl(...words, "--json");
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** Reads lines of a program's output until one that `wanted` matches. */
async function readUntil(child: Deno.ChildProcess, wanted: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of child.stdout.values({ preventCancel: true })) {
    text += decoder.decode(bytes);
    if (wanted.test(text)) break;
  }
  assertMatch(text, wanted);
  return text;
}

/** Starts our control tool with its output as pipes. */
function begin(bench: DaemonBench, ...words: string[]): Deno.ChildProcess {
  return bench.sandbox.start([...ourCtl, ...words], { stdout: "piped", stderr: "piped" });
}

Deno.test("status, lockspaces and locks of a daemon at rest", async () => {
  await using bench = await DaemonBench.open("ours");
  const status = await bench.ourCtl("status");
  assertEquals([status.code, status.stderr], [0, ""]);
  assertMatch(status.stdout, /^lvmlockd \S+, pid \d+, up \d+ s, test mode\n/);
  assertMatch(status.stdout, /^Serving +0 lockspaces, 0 locks, 0 waiting/m);
  assertStringIncludes(status.stdout, nativeSocket);
  assertEquals((await bench.ourCtl("lockspaces")).stdout, "No lockspace is started.\n");
  assertEquals((await bench.ourCtl("locks")).stdout, "No lock is held or waited for.\n");
  const machine = await json(bench, "status");
  assertEquals([machine.apiSocket, machine.lockspaces], [apiSocket, []]);
});

Deno.test("a lockspace from start to stop", async () => {
  await using bench = await started();
  const again = await bench.ourCtl("start", "vg0", ...dlmArgs);
  assertEquals([again.code, again.stdout], [0, "VG vg0: its locking was already started.\n"]);
  const { lockspaces } = await json(bench, "lockspaces");
  assertEquals(lockspaces.map(({ vg }: { vg: string | null }) => vg), [null, "vg0"]);
  const shown = (await bench.ourCtl("lockspaces")).stdout.split("\n");
  assertMatch(shown[0]!, /^VG +TYPE +STATE +FOR +HOST +LOCKS +WAITING +GLOBAL LOCK +ARGS$/);
  assertMatch(shown[2]!, /^vg0 +dlm +running +\d+ s +0 +0 +1\.0\.0:test$/);

  await json(bench, "lock", "lv", `vg0/${lv}`, "ex", "--persistent");
  const refused = await bench.ourCtl("stop", "vg0");
  assertEquals([refused.code, refused.stdout], [5, ""]);
  assertMatch(refused.stderr, /^lvmlockctl: Stop of VG "vg0": .*\(EBUSY\)\n {2}\S/);
  assertStringIncludes(refused.stderr, lv);
  const problem = await bench.ourCtl("stop", "vg0", "--json");
  assertEquals([problem.code, problem.stderr], [5, ""]);
  assertEquals(JSON.parse(problem.stdout).code, "EBUSY");

  assertEquals((await bench.ourCtl("unlock", "lv", `vg0/${lv}`)).code, 0);
  const stopped = await bench.ourCtl("stop", "vg0");
  assertEquals([stopped.code, stopped.stdout], [0, "VG vg0: its locking is stopped.\n"]);
  const twice = await bench.ourCtl("stop", "vg0");
  assertEquals([twice.code, twice.stdout], [0, "VG vg0: its locking was not started.\n"]);
});

Deno.test("a VG that lost its lock storage is trouble", async () => {
  await using bench = await started();
  const one = await bench.ourCtl("lockspaces", "vg0");
  assertEquals([one.code, one.stdout.includes("does not tell which hosts")], [0, true]);
  assertEquals((await bench.ourCtl("--kill", "vg0", "--stderr")).code, 0);
  const { code, stdout } = await bench.ourCtl("status");
  assertEquals(code, 3);
  assertMatch(stdout, /^\*\*\* VG vg0 lost its lock storage: .* lvmlockctl drop vg0\n/);
  assertMatch((await bench.ourCtl("lockspaces")).stdout, /^vg0 +dlm +running, killed /m);
  await bench.ourCtl("drop", "vg0");
  assertEquals((await bench.ourCtl("status")).code, 0);
});

Deno.test("a lock is held while a program runs, and its exit code passed on", async () => {
  await using bench = await started();
  const look = [...ourCtl, "locks", "vg0"].map((word) => `'${word}'`).join(" ");
  const script = `${look}; exit 7`;
  const { code, stdout } = await bench.ourCtl("lock", "vg", "vg0", "ex", "--", "sh", "-c", script);
  assertEquals(code, 7);
  assertMatch(stdout, /\nVG vg0 +ex +held +\d+ s +sh pid \d+\n$/);
  assertEquals((await json(bench, "locks")).resources, []);
  const missing = await bench.ourCtl("lock", "gl", "sh", "--", "/nothing");
  assertEquals([missing.code, missing.stdout], [127, ""]);
  assertStringIncludes(missing.stderr, "/nothing");
  const killed = await bench.ourCtl("lock", "gl", "sh", "--", "sh", "-c", "kill -9 $$");
  assertEquals(killed.code, 128 + 9);
});

Deno.test("who waits is told for whom, and gets the lock when it is free", async () => {
  await using bench = await started();
  const holder = begin(bench, "lock", "vg", "vg0", "ex");
  await readUntil(holder, /^VG vg0 is locked ex, until this is interrupted\n/);
  const late = await bench.ourCtl("lock", "vg", "vg0", "sh", "--deadline", "2.5", "--", "true");
  assertEquals(late.code, 110);
  const held = /^Waiting to lock VG vg0 sh: held ex by lvmlockctl pid \d+ for \d+ s \(2 s\)\n/;
  assertMatch(late.stderr, held);
  assertStringIncludes(late.stderr, "(ETIMEDOUT)");

  const waiter = begin(bench, "lock", "vg", "vg0", "sh", "--", "echo", "at last");
  for (;;) {
    const { resources } = await json(bench, "locks", "vg0");
    if (resources[0].waiters.length > 0) break;
  }
  const shown = await bench.ourCtl("locks");
  assertMatch(shown.stdout, /\nVG vg0 +sh +waiting +\d+ s +echo pid \d+\n$/);
  holder.kill("SIGINT");
  assertEquals((await holder.status).code, 0);
  await readUntil(waiter, /^at last\n$/);
  assertEquals((await waiter.status).code, 0);
  for (const child of [holder, waiter]) {
    await child.stdout.cancel();
    await child.stderr.cancel();
  }
});

Deno.test("when the lock is lost the program is ended", async () => {
  await using bench = await started();
  const run = begin(bench, "lock", "vg", "vg0", "ex", "--", "sh", "-c", "echo up; exec sleep 1000");
  await readUntil(run, /^up\n/);
  assertEquals((await bench.ourCtl("drop", "vg0")).code, 0);
  assertEquals((await run.status).code, 5);
  const stderr = await new Response(run.stderr).text();
  assertStringIncludes(stderr, "VG vg0 is not locked any more: lvmlockd released it\n");

  await bench.ourCtl("start", "vg0", ...dlmArgs);
  const next = begin(
    bench,
    "lock",
    "vg",
    "vg0",
    "ex",
    "--",
    "sh",
    "-c",
    "echo up; exec sleep 1000",
  );
  await readUntil(next, /^up\n/);
  bench.daemon.kill("SIGKILL");
  assertEquals((await next.status).code, 5);
  assertMatch(await new Response(next.stderr).text(), /is not locked any more: /);
  for (const child of [run, next]) await child.stdout.cancel();
});

Deno.test("watch tells the state, then every change", async () => {
  await using bench = await started();
  const watch = begin(bench, "watch");
  const start = await readUntil(watch, /changes follow\n/);
  assertMatch(start, /^\d\d:\d\d:\d\d global lockspace: running$/m);
  assertMatch(start, /^\d\d:\d\d:\d\d lockspace of VG vg0: running$/m);
  await json(bench, "lock", "lv", `vg0/${lv}`, "sh", "--persistent");
  await readUntil(
    watch,
    new RegExp(`granted LV vg0/${lv} sh: lvmlockctl pid \\d+.*, persistent\n`),
  );
  await json(bench, "unlock", "lv", `vg0/${lv}`);
  await readUntil(watch, new RegExp(`released LV vg0/${lv} sh: `));
  await bench.ourCtl("stop", "vg0");
  await readUntil(watch, /lockspace of VG vg0: gone\n/);
  watch.kill("SIGTERM");
  await watch.status;
  const machine = await bench.ourCtl("watch", "--json", "--deadline", "0.5");
  assertEquals(machine.code, 0);
  const events = machine.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).event);
  assert(events.includes("sync"), machine.stdout);
  await watch.stdout.cancel();
  await watch.stderr.cancel();
});

Deno.test("without a daemon, and with one that has no HTTP interface", async () => {
  await using bench = await DaemonBench.open("stock");
  const stock = await bench.ourCtl("status");
  assertEquals([stock.code, stock.stdout], [255, ""]);
  assertStringIncludes(stock.stderr, "the stock lvmlockd has none: use --info");
  const nobody = ["--api-socket", "/run/x", "--socket-path", "/run/y"];
  const text = await bench.ourCtl("locks", ...nobody);
  assertEquals([text.code, text.stdout], [255, "Cannot connect to lvmlockd.\n"]);
  assertStringIncludes(text.stderr, "Nobody answers at /run/x, nor at /run/y\nStart lvmlockd");
  const machine = await bench.ourCtl("start", "vg0", ...dlmArgs, ...nobody, "--json");
  assertEquals([machine.code, machine.stderr], [255, ""]);
  assertEquals(JSON.parse(machine.stdout).code, "not-running");
});

Deno.test("command lines that make no sense exit 1 and say how it goes", async () => {
  await using bench = await DaemonBench.open("ours");
  for (
    const [line, says] of [
      ["stauts", "no command stauts; there are status, "],
      ["stauts --json", "no command stauts; there are status, "],
      ["status vg0", "wrong number of words\nUsage: lvmlockctl status [OPTION…]\n"],
      ["locks --bogus", "unrecognized option '--bogus'\nUsage: lvmlockctl locks [OPTION…] [VG]\n"],
      ["locks --type pv", "--type is one of gl, vg, lv\n"],
      ["locks --deadline x", "--deadline: 'x' is not a number of seconds above 0\n"],
      ["start vg0 --host-id 2001", "--host-id is a number from 1 to 2000\n"],
      ["lock vg vg0 xx", "expected the mode, sh or ex, behind the lock"],
      ["lock pv vg0 ex", "expected gl, vg VG or lv VG/LV"],
      ["lock gl ex --", "no program after --\n"],
      ["lock gl ex --persistent -- true", "a persistent lock outlives every program"],
      ["unlock vg vg0 ex", "wrong number of words"],
    ] as const
  ) {
    const { code, stdout, stderr } = await bench.ourCtl(...line.split(" "));
    assertEquals([code, stdout], [1, ""], line);
    assertStringIncludes(stderr, says);
  }
  const help = await bench.ourCtl("lock", "--help");
  assertEquals([help.code, help.stderr], [0, ""]);
  assert(help.stdout.startsWith("Usage: lvmlockctl lock [OPTION…] gl|vg VG|lv VG/LV sh|ex"));
});
