/** One file, two names: which program it is, and what it says of itself. @module */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Executable } from "./executables.ts";
import { CTL, DAEMON, Host, TEST_MODE } from "./host.ts";

async function tableHash(): Promise<string> {
  const table = await Deno.readFile(new URL("../../wasm/lock_table.wasm", import.meta.url));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", table));
  return hash.toHex().slice(0, 16);
}

export function names(executable: Executable): void {
  const test = (name: string, body: (host: Host) => Promise<void>) =>
    Deno.test(`${executable.way}: ${name}`, async () => {
      await using host = await Host.open(executable);
      await body(host);
    });

  test("the version tells how it was built and with which lock table", async (host) => {
    const { way } = executable;
    const expected = `(build ${way}, deno ${Deno.version.deno}, table sha256 ${await tableHash()})`;
    const text = await host.must([DAEMON, "--version"]);
    assertMatch(text, /^lvmlockd version: \d+\.\d+\.\d+ /);
    assertStringIncludes(text, expected);
  });

  test("by symbolic link, hard link or copy it is the control tool", async (host) => {
    await host.sh(
      "mkdir /run/a /run/b; ln /run/bin/lvmlockd /run/a/lvmlockctl; " +
        "cp /run/bin/lvmlockd /run/b/lvmlockctl",
    );
    const expected = await host.must([DAEMON, "ctl", "--help"]);
    assertMatch(expected, /^lvmlockctl options\n/);
    for (const name of [CTL, "/run/a/lvmlockctl", "/run/b/lvmlockctl"]) {
      assertEquals(await host.must([name, "--help"]), expected, name);
    }
  });

  test("found by PATH it is the same", async (host) => {
    const env = { PATH: `/run/bin:${Deno.env.get("PATH")}` };
    assertMatch(await host.must(["lvmlockd", "--help"], env), /^lvmlockd \[options\]\n/);
    assertMatch(await host.must(["lvmlockctl"], env), /^lvmlockctl options\n/);
  });

  test("ps shows the daemon as it was called, and only it by that name", async (host) => {
    await host.must([DAEMON, ...TEST_MODE]);
    assertEquals(host.proc(host.pid, "comm"), "lvmlockd\n");
    const words = [DAEMON, ...TEST_MODE, ""];
    assertEquals(host.proc(host.pid, "cmdline").split("\0"), words);
    assertEquals(Deno.readLinkSync(`/proc/${host.pid}/exe`), DAEMON);
    const asked = host.sandbox.start([DAEMON, "ctl", "watch"], { stdout: "piped" });
    await asked.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    assertEquals(host.proc(asked.pid, "comm"), "lvmlockctl\n");
  });
}
