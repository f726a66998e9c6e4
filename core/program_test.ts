/**
 * The program as it runs from its sources. As one file it is tested in tests/package.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { buildWay, installedCommand, ourselves, readTable, versionText } from "./program.ts";

const main = new URL("../main.ts", import.meta.url).href;

Deno.test("the lock table is the one beside the sources", async () => {
  const table = await Deno.readFile(new URL("../wasm/lock_table.wasm", import.meta.url));
  assertEquals(buildWay, "source");
  assertEquals(readTable(), table);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", table)).toHex();
  const expected = `(build source, deno ${Deno.version.deno}, table sha256 ${hash.slice(0, 16)})`;
  assertMatch(versionText(), /^lvmlockd version: \d+\.\d+\.\d+ \(/);
  assertEquals(versionText().slice(-expected.length), expected);
});

Deno.test("it can be started again, by itself and by others", async () => {
  const { file, args } = ourselves(main);
  for (const [program, ...before] of [[file, ...args], installedCommand(main)]) {
    const command = new Deno.Command(program!, { args: [...before, "--version"] });
    const { stdout } = await command.output();
    assertEquals(new TextDecoder().decode(stdout), `${versionText()}\n`);
  }
});
