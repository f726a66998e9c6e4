/**
 * What the control tool does when a VG's locks were lost, beside the stock tool and where ours does
 * better.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { KillBench, shell } from "./ctl_kill_bench.ts";
import { ourCtl, stockCtl } from "./ctl_tools.ts";
import type { Script } from "./fake_daemon.ts";

/** Ours writes the same to standard output and error, with explanations in addition. */
function sortedLines(text: string): string[] {
  return text.split("\n").filter(Boolean).sort();
}

const commands: { name: string; command: string; program?: string }[] = [
  { name: "no command", command: "" },
  { name: "a command without its directory", command: "bad.sh" },
  { name: "a command that does not exist", command: "/run/nothing" },
  { name: "a file that can not be run", command: "/etc/passwd" },
  { name: "a command that works", command: "/run/k", program: shell('echo "args $*" >&2') },
  { name: "a command that fails", command: "/run/k", program: shell("exit 7") },
  { name: "a command that is killed", command: "/run/k", program: shell("kill -9 $$") },
  { name: "a command for the shell", command: "/run/k", program: 'echo "in sh $*" >&2\n' },
  {
    name: "a command with words",
    command: "/run/k one  two\\ too thr\\\\ee\tfour",
    program: shell('for w; do echo "<$w>"; done >&2'),
  },
];

Deno.test("--kill does as the stock tool does", async (t) => {
  await using kill = await KillBench.open();
  for (const { name, command, program } of commands) {
    await t.step(name, async () => {
      await kill.configure(command);
      if (program) await kill.write("/run/k", program);
      const expected = await kill.observe(stockCtl, "-e", "--kill", "vg0");
      assertEquals(await kill.observe(ourCtl, "-e", "--kill", "vg0"), expected);
    });
  }
});

const silent: Script = { replies: { kill_vg: 'response = "OK"\n', drop_vg: 'response = "OK"\n' } };

Deno.test("--kill without a good answer does the same, too", async (t) => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("exit 0"));
  for (const command of ["", "/run/k"]) {
    await t.step(`a daemon that gives no result, command "${command}"`, async () => {
      await kill.configure(command);
      await kill.bench.script(silent);
      const expected = await kill.observe(stockCtl, "-e", "-k", "vg0");
      const actual = await kill.observe(ourCtl, "-e", "-k", "vg0");
      assertEquals(actual.requests, expected.requests);
      assertEquals(sortedLines(actual.stderr), sortedLines(expected.stderr));
      // Ours ends with the same two lines for a drop as for every other request.
      assertEquals(actual.stdout.replace(/lvmlockd result -1000\n$/, ""), expected.stdout);
      assertEquals(actual.code, expected.code);
    });
  }
  await kill.bench.sandbox.run(["rm", "/run/lvm/lvmlockd.socket"]);
  for (const command of ["", "/run/k"]) {
    await t.step(`no daemon, command "${command}"`, async () => {
      await kill.configure(command);
      const expected = await kill.observe(stockCtl, "-e", "-k", "vg0");
      const actual = await kill.observe(ourCtl, "-e", "-k", "vg0");
      assertEquals([actual.code, actual.stdout], [expected.code, expected.stdout]);
      const stderr = actual.stderr.replaceAll(/^Start lvmlockd .*\n/gm, "");
      assertEquals(stderr, expected.stderr);
    });
  }
});

Deno.test("a refused kill is a failure, and the kill command is run all the same", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("echo ran >&2"));
  await kill.configure("/run/k");
  await kill.bench.script({ replies: { kill_vg: 'response = "OK"\nop_result = -210\n' } });
  const { code, stderr, requests } = await kill.observe(ourCtl, "-e", "-k", "vg0");
  assertEquals(code, 5);
  assertStringIncludes(stderr, "cannot stop new locks in VG vg0: it has no lockspace here (ENOLS");
  assertStringIncludes(stderr, "ran\nSuccessful VG vg0 kill command /run/k vg0\n");
  assertEquals(requests.length, 4);
});

Deno.test("a daemon that does not answer does not hold up the kill command", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("exit 0"));
  await kill.configure("/run/k");
  await kill.bench.script({ replies: { kill_vg: "" } });
  const { code, stderr, requests } = await kill.observe(
    ourCtl,
    ...["-e", "-k", "vg0", "--deadline", "1"],
  );
  assertEquals(code, 0);
  assertStringIncludes(stderr, "lvmlockd has not answered the request kill_vg\n");
  assertStringIncludes(stderr, "Successful VG vg0 kill command /run/k vg0\n");
  assertStringIncludes(requests.at(-1) ?? "", "drop_vg");
});

Deno.test("a kill command that prints much does not get stuck", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("head -c 300000 /dev/zero; echo printed >&2"));
  await kill.configure("/run/k");
  const { code, stderr } = await kill.observe(ourCtl, "-e", "-k", "vg0");
  assertEquals(code, 0);
  assertStringIncludes(stderr, "printed\nSuccessful VG vg0 kill command");
});

Deno.test("a kill command that does not end is ended, and no lock is dropped", async () => {
  await using kill = await KillBench.open();
  await kill.write("/run/k", shell("exec sleep 1000"));
  await kill.configure("/run/k");
  const words = ["-e", "-k", "vg0", "--deadline", "0.5"];
  const { code, stderr, requests } = await kill.observe(ourCtl, ...words);
  assertEquals(code, 255);
  assertStringIncludes(stderr, "the kill command took more than 0.5 s\n");
  assertStringIncludes(stderr, "Once VG is unused, run lvmlockctl --drop vg0.\n");
  assertEquals(requests.filter((request) => request.includes("drop_vg")), []);
});

Deno.test("without --stderr the messages go to the system log as those of the stock tool", async () => {
  await using kill = await KillBench.open();
  const logged = await kill.openLog();
  await kill.write("/run/k", shell("exit 0"));
  const messages = async (tool: string[], count: number) => {
    await logged.clear();
    await kill.configure("");
    await kill.observe(tool, "-k", "vg0");
    await kill.configure("/run/k");
    await kill.observe(tool, "-k", "vg0");
    for (const option of ["-r", "-E", "-D"]) await kill.observe(tool, option, "vg0");
    return await logged.messages(count);
  };
  const expected = await messages(stockCtl, 8);
  assertEquals(await messages(ourCtl, expected.length), expected);
  assertEquals(expected.at(-1), "<14>lvmlockctl: Disabling global lock in VG vg0.");
});
