/**
 * The same sources give the same files, wherever they lie and whenever they are built.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url).pathname;

/** What the build reads. */
const parts = ["main.ts", "core", "backends", "ctl", "wasm", "scripts", "deno.json", "deno.lock"];

async function buildIn(directory: string): Promise<string> {
  const copy = new Deno.Command("cp", {
    args: ["-r", ...parts.map((part) => `${root}${part}`), directory],
  });
  assertEquals((await copy.output()).code, 0);
  const build = new Deno.Command(Deno.execPath(), {
    args: ["task", "build", "--way", "launcher"],
    cwd: directory,
    stdout: "null",
  });
  assertEquals((await build.output()).code, 0);
  const hash = new Deno.Command("sha256sum", {
    args: ["lvmlockd", "lvmlockd.js"],
    cwd: `${directory}/dist`,
  });
  return new TextDecoder().decode((await hash.output()).stdout);
}

Deno.test("two builds in different directories are the same", async () => {
  const [one, two] = [
    await Deno.makeTempDir({ prefix: "one-" }),
    await Deno.makeTempDir({ prefix: "the-other-directory-" }),
  ];
  try {
    assertEquals(await buildIn(one), await buildIn(two));
  } finally {
    for (const directory of [one, two]) await Deno.remove(directory, { recursive: true });
  }
});
