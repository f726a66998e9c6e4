/**
 * The script for lost leases is run as sanlock runs it, in an environment that has nothing of this one.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { killCommandOf, killScriptOf, writeKillScript } from "./kill_script.ts";

/** Prints its environment and its arguments, NUL between them. */
const printer = ["/bin/sh", "-c", 'env -0; printf "%s\\0" "$@"', "printer"];

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs a kill command for a VG; each thing that the program of the script got. */
async function run(directory: string, vgName: string): Promise<string[]> {
  const { path, args } = killCommandOf({ killPath: "", stateDir: directory });
  const command = new Deno.Command(path, { args: args(vgName).split(" "), clearEnv: true });
  return new TextDecoder().decode((await command.output()).stdout).split("\0").slice(0, -1);
}

Deno.test("the script runs the control tool, which makes the VG safe", async () => {
  await inDirectory(async (directory) => {
    writeKillScript(directory, printer, "/run/my socket");
    const got = await run(directory, "vg0");
    assertEquals(got.slice(-3), ["--kill", "vg0", "--make-safe"]);
    assertEquals(got.includes("LVM_LVMLOCKD_SOCKET=/run/my socket"), true);
    assertEquals(got.includes(`PATH=${Deno.env.get("PATH")}`), true);
  });
});

Deno.test("whatever is in the program's words and in the environment arrives unchanged", async () => {
  const odd = `it's "$HOME" \\ \`id\` $(id)\n* ;`;
  const before = Deno.env.get("LANG");
  Deno.env.set("LANG", odd);
  try {
    await inDirectory(async (directory) => {
      writeKillScript(directory, [...printer, odd], odd);
      const got = await run(directory, "vg0");
      assertEquals(got.slice(-4), [odd, "--kill", "vg0", "--make-safe"]);
      assertEquals(got.includes(`LVM_LVMLOCKD_SOCKET=${odd}`), true);
      assertEquals(got.includes(`LANG=${odd}`), true);
    });
  } finally {
    if (before === undefined) Deno.env.delete("LANG");
    else Deno.env.set("LANG", before);
  }
});

Deno.test("a script of before is replaced, and never half written", async () => {
  await inDirectory(async (directory) => {
    const path = killScriptOf(directory);
    await Deno.writeTextFile(path, "#!/bin/sh\nexit 1\n".repeat(1000));
    using open = await Deno.open(path);
    writeKillScript(directory, printer, "/run/s");
    assertEquals((await run(directory, "vg0")).at(-2), "vg0");
    // Who runs the old one goes on with all of it.
    assertEquals((await open.stat()).size, 17_000);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["lvmlockd-kill"]);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
  });
});

Deno.test("a program of the administrator is called as the stock tool", () => {
  const { path, args } = killCommandOf({ killPath: "/sbin/lvmlockctl", stateDir: "/run/lvm" });
  assertEquals([path, args("vg0")], ["/sbin/lvmlockctl", "--kill vg0"]);
});

Deno.test("the usual place leaves room for every VG's name", () => {
  const { path, args } = killCommandOf({ killPath: "", stateDir: "/run/lvm" });
  // sanlock takes 126 characters of either.
  assertEquals(path.length <= 126 && args("v".repeat(63)).length <= 126, true);
});
