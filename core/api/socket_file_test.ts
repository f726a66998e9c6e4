/** Tests of taking over the path of a socket. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileIdOf, isStill, takeOver } from "./socket_file.ts";

async function inTempDir(test: (path: string) => Promise<void> | void): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(`${dir}/test.socket`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A socket file that nobody listens at, as a dead daemon leaves it. */
function leaveSocket(path: string, mode: number): void {
  const listener = Deno.listen({ transport: "unix", path: `${path}.first` });
  // Closing removes the socket by the name it was bound to.
  Deno.renameSync(`${path}.first`, path);
  listener.close();
  Deno.chmodSync(path, mode);
}

const exists = (path: string) => {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
};

Deno.test("a path that is free stays free", async () => {
  await inTempDir(async (path) => {
    await takeOver(path);
    assertEquals(exists(path), false);
  });
});

Deno.test("the socket of a dead daemon is removed", async () => {
  await inTempDir(async (path) => {
    leaveSocket(path, 0o600);
    assertEquals(exists(path), true);
    await takeOver(path);
    assertEquals(exists(path), false);
  });
});

Deno.test("a socket that someone serves is left alone", async () => {
  await inTempDir(async (path) => {
    using _listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    await assertRejects(() => takeOver(path), Error, "another daemon serves it");
    assertEquals(exists(path), true);
  });
});

Deno.test("a socket that others may open is left alone", async () => {
  await inTempDir(async (path) => {
    leaveSocket(path, 0o660);
    await assertRejects(() => takeOver(path), Error, "open to group or others");
    assertEquals(exists(path), true);
  });
});

Deno.test("what is not a socket is left alone, a link to one too", async () => {
  await inTempDir(async (path) => {
    Deno.writeTextFileSync(path, "precious");
    await assertRejects(() => takeOver(path), Error, "not a socket");
    assertEquals(Deno.readTextFileSync(path), "precious");
    leaveSocket(`${path}.real`, 0o600);
    Deno.removeSync(path);
    Deno.symlinkSync(`${path}.real`, path);
    await assertRejects(() => takeOver(path), Error, "not a socket");
    assertEquals(exists(path), true);
  });
});

Deno.test("another file under the same name is told apart", async () => {
  await inTempDir((path) => {
    Deno.writeTextFileSync(path, "");
    const id = fileIdOf(path);
    assertEquals(isStill(path, id), true);
    Deno.writeTextFileSync(`${path}.new`, "");
    Deno.renameSync(`${path}.new`, path);
    assertEquals(isStill(path, id), false);
    Deno.removeSync(path);
    assertEquals(isStill(path, id), false);
    assertThrows(() => fileIdOf(path), Deno.errors.NotFound);
  });
});
