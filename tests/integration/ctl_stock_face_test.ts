/**
 * The stock control tool and ours get the same command lines and the same answers of a daemon, and
 * must send the same bytes, print the same and exit alike, except where ours is better on purpose.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeDaemonBench, type Observed, ourCtl, stockCtl } from "./ctl_tools.ts";
import { ok, type Script } from "./fake_daemon.ts";

interface Case {
  line: string;
  script?: Script;
  /** What differs on purpose in ours, by key; all else must be equal. */
  ours?: Partial<Pick<Observed, "code" | "stdout">>;
  /** Text that ours says on standard error in addition. */
  says?: string;
}

const answer = (text: string | null): Script => ({ replies: { enable_gl: text, quit: text } });
const noQuitResult = { ours: { code: 24 }, says: "lvmlockd gave no result for quit" };
const result = (request: string, number: number): Script => ({
  replies: { [request]: `response = "OK"\nop = 10\nop_result = ${number}\n` },
});
const greeting = (text: string | null): Script => ({ replies: { hello: text } });
const notStarted = "The VG's lockspace is not started (ENOLS, -210)";

const cases: Case[] = [
  // Request bytes.
  { line: "-E vg0" },
  { line: "-D vg0" },
  { line: "-e -r vg0" },
  { line: "-r vg0" },
  { line: "-S" },
  { line: "-S -w 0" },
  { line: "-w 7 -S" },
  { line: "-q" },
  { line: "-w 1" },
  { line: "-w1 foo" },
  { line: "-E a -D b" },
  { line: "-r x -E y" },
  { line: '-E a"b\\c' },
  { line: "-qid" },
  // Replies of a daemon that is not well.
  ...[
    'response = "OK"\n',
    'response = "failed"\nop_result = 0\nresult = 0\n',
    "op_result = 0\n",
    'response = "OK"\nop_result = "0"\n',
  ].flatMap((text) => [
    { line: "-E vg0", script: answer(text) },
    { line: "-q", script: answer(text), ...noQuitResult },
  ]),
  ...["=== =", null].flatMap((text) => [
    { line: "-E vg0", script: answer(text) },
    { line: "-q", script: answer(text) },
  ]),
  { line: "-i", script: greeting('response = "OK"\nprotocol = "lvmlockd"\nversion = 2\n') },
  { line: "-i", script: greeting('response = "OK"\nprotocol = "foo"\nversion = 1\n') },
  { line: "-i", script: greeting('response = "failed"\nreason = "x"\n') },
  { line: "-i", script: greeting("=== =") },
  { line: "-i", script: greeting(null) },
  // Refusals: the stock tool keeps silent about them and exits 0.
  { line: "-E vg0", script: result("enable_gl", -210), ours: { code: 5 }, says: notStarted },
  { line: "-D vg0", script: result("disable_gl", -22), ours: { code: 5 }, says: "EINVAL, -22" },
  { line: "-e -r vg0", script: result("drop_vg", -210), ours: { code: 5 }, says: "ENOLS, -210" },
  { line: "-S -w 0", script: result("stop_all", 2), ours: { code: 5 }, says: "2 lockspaces are" },
  { line: "-S", script: result("stop_all", -12), ours: { code: 5 }, says: "ENOMEM, -12" },
  {
    line: "-q",
    script: { replies: { quit: 'response = "OK"\nresult = -16\n' } },
    ours: { code: 5 },
    says: "lockspaces exist (EBUSY, -16)",
  },
];

/** getopt's mistakes: the usage differs, for ours has more options. */
const mistakes = [
  "-x",
  "-ix",
  "-x foo",
  "-w",
  "--wait",
  "--bogus=3",
  "--info=1",
  "--dr",
  "--st=2",
  "--d",
  "--gl",
];

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}

Deno.test("the same answers get the same from the stock control tool and ours", async (t) => {
  await using bench = await FakeDaemonBench.open();
  for (const { line, script = {}, ours = {}, says } of cases) {
    const name = `${line} ${JSON.stringify(script.replies ?? {})}`;
    await t.step(name, async () => {
      await bench.script(script);
      const words = line.split(" ");
      const expected = await bench.observe([...stockCtl, ...words]);
      const actual = await bench.observe([...ourCtl, ...words]);
      assertEquals(actual.requests, expected.requests);
      const { code, stdout } = { ...expected, ...ours };
      assertEquals([actual.code, actual.stdout], [code, stdout]);
      const missing = lines(expected.stderr).filter((text) => !actual.stderr.includes(text));
      assertEquals(missing, []);
      if (says) assertStringIncludes(actual.stderr, says);
      else if (code !== 255) assertEquals(actual.stderr, expected.stderr);
    });
  }
});

Deno.test("mistakes in options get the same message and code", async (t) => {
  await using bench = await FakeDaemonBench.open();
  for (const line of mistakes) {
    await t.step(line, async () => {
      const expected = await bench.observe([...stockCtl, ...line.split(" ")]);
      const actual = await bench.observe([...ourCtl, ...line.split(" ")]);
      assertEquals([actual.code, actual.stderr], [expected.code, expected.stderr]);
      assertEquals(actual.code, 1);
      assert(actual.stdout.startsWith("lvmlockctl options\nOptions:\n--help | -h\n"));
    });
  }
});

Deno.test("usage goes to standard output, with and without --help", async () => {
  await using bench = await FakeDaemonBench.open();
  for (const words of [[], ["-h"], ["--he"]]) {
    const expected = await bench.observe([...stockCtl, ...words]);
    const actual = await bench.observe([...ourCtl, ...words]);
    assertEquals([actual.code, actual.stderr], [expected.code, expected.stderr]);
    // The stock text has a stray ">" behind "--force | -f 0|1".
    const options = lines(expected.stdout).filter((line) => !line.includes("0|1>"));
    assertEquals(options.filter((line) => !actual.stdout.includes(`${line}\n`)), []);
  }
});

Deno.test("without a daemon both say so and exit 255", async () => {
  await using bench = await FakeDaemonBench.open();
  await bench.sandbox.run(["rm", "/run/lvm/lvmlockd.socket"]);
  for (const line of ["-i", "-S", "-E vg0", "-e -r vg0"]) {
    const expected = await bench.observe([...stockCtl, ...line.split(" ")]);
    const actual = await bench.observe([...ourCtl, ...line.split(" ")]);
    assertEquals([actual.code, actual.stdout], [expected.code, expected.stdout]);
    assertEquals([actual.code, actual.stdout], [255, "Cannot connect to lvmlockd.\n"]);
    assert(actual.stderr.startsWith(expected.stderr), actual.stderr);
    assertStringIncludes(actual.stderr, "systemctl start lvmlockd");
  }
});

Deno.test("the socket can be named, and a force asked for, as the stock tool promises", async () => {
  await using bench = await FakeDaemonBench.open();
  const path = "/run/other.socket";
  await bench.sandbox.run(["mv", "/run/lvm/lvmlockd.socket", path]);
  const forced = 'request="stop_all"\ncmd ="lvmlockctl"\npid =N\nopts ="wait force "\n';
  const byOption = await bench.observe([...ourCtl, "-S", "-f", "1", "--socket-path", path]);
  assertEquals([byOption.code, byOption.requests[1]], [0, forced]);
  const environment = { LVM_LVMLOCKD_SOCKET: path };
  const byEnvironment = await bench.observe([...ourCtl, "-S", "--force=1"], environment);
  assertEquals([byEnvironment.code, byEnvironment.requests[1]], [0, forced]);
});

Deno.test("an LV lock of another host is played with the request of 2.03.40", async () => {
  await using bench = await FakeDaemonBench.open();
  const words = ["--set-remote-lv-lock", "vg0", "--lv-uuid", "U"];
  const missing = await bench.observe([...ourCtl, ...words]);
  assertEquals(missing.code, 234);
  assertEquals(missing.stdout, "--set-remote-lv-lock requires --lv-uuid and --lock-mode\n");
  await bench.script({ replies: { set_remote_lv_lock: ok } });
  const whole = await bench.observe([...ourCtl, ...words, "--lock-mode", "sh"]);
  assertEquals(whole.code, 0);
  assertEquals(
    whole.requests[1],
    'request="set_remote_lv_lock"\ncmd ="lvmlockctl"\npid =N\nvg_name ="vg0"\n' +
      'lv_uuid ="U"\nmode ="sh"\n',
  );
});

Deno.test("a slow daemon is waited for visibly, and not beyond the deadline", async () => {
  await using bench = await FakeDaemonBench.open();
  await bench.script({ replies: { hello: "" } });
  const greeted = await bench.observe([...ourCtl, "-i", "--deadline", "2.5"]);
  assertEquals([greeted.code, greeted.stdout], [110, ""]);
  assertEquals(
    greeted.stderr,
    "Waiting for lvmlockd at /run/lvm/lvmlockd.socket to take the connection (2 s)\n" +
      "lvmlockctl: gave up after 2.5 s: " +
      "lvmlockd at /run/lvm/lvmlockd.socket did not take the connection\n",
  );
  await bench.script({ replies: { enable_gl: "" } });
  const asked = await bench.observe([...ourCtl, "-E", "vg0", "--deadline", "0.3"]);
  assertEquals([asked.code, asked.stdout], [110, ""]);
  assertStringIncludes(asked.stderr, "lvmlockd has not answered the request enable_gl\n");
});
