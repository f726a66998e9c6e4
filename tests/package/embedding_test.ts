/**
 * The lock table without Deno: the program of docs/embedding is built as docs/EMBEDDING.md says.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../integration/daemon.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The commands of the document, between the lines that mark a shell session. */
async function commands(): Promise<string> {
  const text = await Deno.readTextFile(`${root}docs/EMBEDDING.md`);
  return /```sh\n([\s\S]*?)```/.exec(text)![1]!;
}

Deno.test("a program in C hosts the lock table", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const script = `set -e\nPROJECT=${root}\n${await commands()}`;
    const { code, stdout, stderr } = await run(["sh", "-c", script], { cwd: directory });
    assertEquals([code, stderr], [0, ""]);
    const expected = [
      "client 1 request 1: 0",
      "client 1 request 2: 0",
      "client 2 request 3: 0",
      "client 3 request 4: 0",
      "client 1 ends",
      "client 2 ends",
      "client 3 request 5: 0",
      "client 3 ends",
      "client 4 request 6: 0",
    ];
    assertEquals(stdout, `${expected.join("\n")}\n`);
    assertStringIncludes(await Deno.readTextFile(`${root}docs/EMBEDDING.md`), expected.join("\n"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
