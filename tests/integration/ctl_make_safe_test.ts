/**
 * `lvmlockctl --kill VG --make-safe`: what is done in which order, and what comes of it for the locks.
 * The devices are those that were recorded in a real host.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { KillBench, shell } from "./ctl_kill_bench.ts";
import { ourCtl } from "./ctl_tools.ts";

const makeSafe = ["-e", "--kill", "vg-a", "--make-safe"];
const replacing = "Replacing the tables of 21 devices of VG vg-a, so that all I/O fails.";
const safe = "VG vg-a is safe: its 21 devices fail all I/O.";
const lost = "lvmlockd lost access to locks in VG vg-a.";
const help = [
  "The locks of VG vg-a are not dropped.",
  "Immediately deactivate LVs in VG vg-a.",
  "Once VG is unused, run lvmlockctl --drop vg-a.",
];

const lines = (text: string) => text.split("\n").filter(Boolean);
const names = (requests: string[]) =>
  requests.map((text) => /^request ?= ?"(.*)"/.exec(text)?.[1]).filter((name) => name !== "hello");
const wipes = (asked: string[]) => asked.filter((line) => line.startsWith("wipe_table"));

Deno.test("without a kill command the VG is made safe, then its locks are dropped", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("active", "safe");
  const first = await kill.observe(ourCtl, ...makeSafe);
  assertEquals([first.code, lines(first.stderr)], [0, [lost, replacing, safe]]);
  assertEquals(names(first.requests), ["kill_vg", "drop_vg"]);
  assert(wipes(await kill.dmsetupAsked()).length > 0);

  await kill.openDmsetup("safe");
  const again = await kill.observe(ourCtl, ...makeSafe);
  assertEquals([again.code, lines(again.stderr)], [0, [lost, safe]]);
  assertEquals(names(again.requests), ["kill_vg", "drop_vg"]);
  assertEquals(wipes(await kill.dmsetupAsked()), []);
});

Deno.test("it is where it should be when its locks are dropped already", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("safe");
  const gone = 'response = "OK"\nop_result = -210\n';
  await kill.bench.script({ replies: { kill_vg: gone, drop_vg: gone } });
  const { code, stderr } = await kill.observe(ourCtl, ...makeSafe);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "it has no lockspace here (ENOLS, -210)");
  assertStringIncludes(stderr, safe);
});

Deno.test("locks of a VG that is not safe are not dropped, and each device is named", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("active", "hung");
  const { code, stderr, requests } = await kill.observe(ourCtl, ...makeSafe, "--deadline", "1");
  assertEquals(code, 255);
  assertEquals(names(requests), ["kill_vg"]);
  assertEquals(lines(stderr).slice(-3), help);
  const named = lines(stderr).filter((line) => line.includes("may still write to the disks"));
  assertEquals(named.length, 18);
  assertStringIncludes(
    stderr,
    "Device vg--a-mir of VG vg-a may still write to the disks: " +
      "it is suspended with a table that can write (raid).\n",
  );
});

Deno.test("where dmsetup fails nothing is dropped", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("safe");
  await kill.write("/run/dm/dmsetup", shell("echo 'No access' >&2; exit 1"));
  const { code, stderr, requests } = await kill.observe(ourCtl, ...makeSafe, "--deadline", "1");
  const unknown = "VG vg-a may still write to the disks: dmsetup: No access.";
  assertEquals([code, lines(stderr)], [255, [lost, unknown, ...help]]);
  assertEquals(names(requests), ["kill_vg"]);
});

Deno.test("the kill command of the configuration comes first, and is not believed", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("echo ran >&2"));
  await kill.configure("/run/k");
  await kill.openDmsetup("active", "safe");
  const successful = "Successful VG vg-a kill command /run/k vg-a";
  const idle = await kill.observe(ourCtl, ...makeSafe);
  assertEquals([idle.code, names(idle.requests)], [255, ["kill_vg"]]);
  assertEquals(lines(idle.stderr).slice(0, 3), [lost, "ran", successful]);
  assertEquals(lines(idle.stderr).slice(-3), help);
  assertEquals(wipes(await kill.dmsetupAsked()), []);

  await kill.openDmsetup("safe");
  const done = await kill.observe(ourCtl, ...makeSafe);
  assertEquals([done.code, names(done.requests)], [0, ["kill_vg", "drop_vg"]]);
  assertEquals(lines(done.stderr), [lost, "ran", successful, safe]);
});

Deno.test("a kill command that fails is the end, as without --make-safe", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("exit 7"));
  await kill.configure("/run/k");
  await kill.openDmsetup("active", "safe");
  const { code, stderr, requests } = await kill.observe(ourCtl, ...makeSafe);
  assertEquals([code, names(requests)], [255, ["kill_vg"]]);
  assertStringIncludes(stderr, "Failed to run VG vg-a kill command /run/k vg-a");
  assertEquals(await kill.dmsetupAsked(), []);
});

Deno.test("a VG is made safe without a daemon, but somebody has to drop its locks", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("active", "safe");
  await kill.bench.sandbox.run(["rm", "/run/lvm/lvmlockd.socket"]);
  const { code, stderr } = await kill.observe(ourCtl, ...makeSafe);
  assertEquals(code, 255);
  assertStringIncludes(stderr, safe);
  assertStringIncludes(stderr, "Failed to connect to lvmlockd to drop locks in VG vg-a.");
});

Deno.test("progress and outcome go to the system log", async () => {
  await using kill = await KillBench.open();
  await kill.configure("");
  await kill.openDmsetup("active", "safe");
  const logged = await kill.openLog();
  const words = makeSafe.slice(1);
  assertEquals((await kill.observe(ourCtl, ...words)).code, 0);
  assertEquals(await logged.messages(3), [
    `<8>lvmlockctl: ${lost}`,
    `<12>lvmlockctl: ${replacing}`,
    `<12>lvmlockctl: ${safe}`,
  ]);
  await kill.openDmsetup("hung");
  await logged.clear();
  assertEquals((await kill.observe(ourCtl, ...words, "--deadline", "3")).code, 255);
  const messages = await logged.messages(2 + 18 + help.length);
  const kinds = messages.map((text) => /^<(\d+)>/.exec(text)?.[1]);
  assertEquals(kinds, ["8", "12", ...Array(18 + help.length).fill("8")], messages.join("\n"));
  assertEquals(messages.slice(-3), help.map((text) => `<8>lvmlockctl: ${text}`));
});
