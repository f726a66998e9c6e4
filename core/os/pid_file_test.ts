/**
 * The pid file keeps a second instance away. The lock belongs to a process, so that other processes
 * have to try.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { PidFile, PidFileError } from "./pid_file.ts";

const modulePath = new URL("./pid_file.ts", import.meta.url).href;

/** Acquires the file in a process of its own, says how that went, and waits for its stdin to end. */
const script = `
  const { PidFile } = await import(${JSON.stringify(modulePath)});
  try {
    PidFile.acquire(Deno.args[0]);
    console.log("acquired " + Deno.pid);
    for await (const _ of Deno.stdin.readable);
  } catch (error) {
    console.log(error.name + ": " + error.message);
  }
`;

function startOther(directory: string, path: string): Deno.ChildProcess {
  const file = join(directory, "other.ts");
  Deno.writeTextFileSync(file, script);
  const args = ["run", "-A", "--no-config", file, path];
  const pipes = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
  return new Deno.Command(Deno.execPath(), { args, ...pipes }).spawn();
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text.trim();
}

async function endOf(child: Deno.ChildProcess): Promise<void> {
  await child.stdin.close();
  await child.status;
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the file holds this process's id, and is gone when removed", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "pid");
    await Deno.writeTextFile(path, "a longer text of an earlier process\n");
    const file = PidFile.acquire(path);
    assertEquals(await Deno.readTextFile(path), `${Deno.pid}\n`);
    file.remove();
    assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
  });
});

Deno.test("a second process is refused, and says why", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "pid");
    const first = startOther(directory, path);
    const line = await firstLine(first);
    assertEquals(line, `acquired ${first.pid}`);
    const error = assertThrows(() => PidFile.acquire(path), PidFileError);
    assertStringIncludes(error.message, `Cannot lock lockfile [${path}]`);
    assertEquals(Deno.readTextFileSync(path), `${first.pid}\n`, "the file is untouched");
    await endOf(first);
    PidFile.acquire(path).remove();
  });
});

Deno.test("the other way round: we hold it, the other is refused", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "pid");
    const file = PidFile.acquire(path);
    const other = startOther(directory, path);
    assertStringIncludes(await firstLine(other), "PidFileError: Cannot lock lockfile");
    await endOf(other);
    file.remove();
  });
});

Deno.test("a killed process leaves the file, but no lock", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "pid");
    const other = startOther(directory, path);
    await firstLine(other);
    other.kill("SIGKILL");
    await other.status;
    await other.stdin.close().catch(() => {});
    assert(Deno.statSync(path).isFile);
    const file = PidFile.acquire(path);
    assertEquals(Deno.readTextFileSync(path), `${Deno.pid}\n`);
    file.remove();
  });
});

Deno.test("a path that cannot be opened", () => {
  const error = assertThrows(() => PidFile.acquire("/nonexistent/pid"), PidFileError);
  assertStringIncludes(error.message, "No such file or directory");
});
