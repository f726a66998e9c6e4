/**
 * Making a path free for a socket: only a stale socket of ours is removed.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { claimSocketPath, SocketPathError } from "./socket_path.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);

/** A socket that nobody listens on any more, as a killed daemon leaves it. */
async function makeStale(path: string, mode = 0o700): Promise<void> {
  const script =
    `Deno.listen({ transport: "unix", path: Deno.args[0] }); Deno.kill(Deno.pid, "SIGKILL");`;
  const file = `${path}.ts`;
  await Deno.writeTextFile(file, script);
  const args = ["run", "-A", "--no-config", file, path];
  await new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).output();
  await Deno.remove(file);
  await Deno.chmod(path, mode);
}

Deno.test("a path that is free", async () => {
  await withDirectory((directory) => claimSocketPath(join(directory, "socket")));
});

Deno.test("a stale socket is removed", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "socket");
    await makeStale(path);
    assert(await exists(path));
    await claimSocketPath(path);
    assertEquals(await exists(path), false);
  });
});

Deno.test("one that others may use is not ours, even if it is stale", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "socket");
    await makeStale(path, 0o770);
    await assertRejects(() => claimSocketPath(path), SocketPathError, "belongs to somebody else");
    assert(await exists(path));
  });
});

Deno.test("one that somebody listens on is in use", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "socket");
    using _listener = Deno.listen({ transport: "unix", path });
    await Deno.chmod(path, 0o700);
    await assertRejects(() => claimSocketPath(path), SocketPathError, "already in use");
    assert(await exists(path));
  });
});

Deno.test("what is no socket stays", async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, "file");
    await Deno.writeTextFile(file, "precious");
    const link = join(directory, "link");
    await Deno.symlink(file, link);
    for (const path of [file, link, directory]) {
      await assertRejects(() => claimSocketPath(path), SocketPathError, "not a socket");
    }
    assertEquals(await Deno.readTextFile(file), "precious");
  });
});

Deno.test("a path that cannot be", async () => {
  const long = "/" + "x".repeat(107);
  await assertRejects(() => claimSocketPath(long), SocketPathError, "longer than 107 bytes");
  await assertRejects(() => claimSocketPath("/dev/null/socket"), SocketPathError, "Cannot use");
});
