/**
 * Handing over to the next daemon: which signal, which option, and what waits meanwhile. With systemd
 * it is tested in tests/uml/systemd/.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists, Place, program, run } from "./daemon.ts";
import { VG } from "./target.ts";

const LV = "abcdef-0123-4567-89ab-cdef-0123-456789";

/** A place with an LV that is locked persistently, and what handing over has to keep. */
async function prepare(place: Place, args: string[] = []) {
  const daemon = await place.start({ args });
  using client = await place.connect();
  await client.startVg(VG);
  await client.startVg("vg1");
  assertEquals(await client.lockLv(VG, LV, "ex"), 0);
  return daemon;
}

async function assertKept(place: Place): Promise<void> {
  await place.start();
  using client = await place.connect();
  assertEquals(await client.lvMode(VG, LV), "ex");
  assertEquals(await client.lockLv(VG, LV, "un"), 0);
}

Deno.test("SIGUSR2 ends the daemon with its locks, for the next one", async () => {
  await using place = await Place.open("embedded");
  const daemon = await prepare(place);
  daemon.signal("SIGUSR2");
  assertEquals((await daemon.ended()).code, 0);
  assert(exists(`${place.stateDir}/lvmlockd-kill`), "the kill command stays with the locks");
  assert(!exists(place.pidFile), "nobody serves the socket meanwhile");
  await assertKept(place);
});

Deno.test("SIGUSR2 waits for commands that hold locks", async () => {
  await using place = await Place.open("embedded");
  const daemon = await prepare(place);
  {
    using command = await place.connect();
    assertEquals(await command.lockVg(VG, "ex"), 0);
    daemon.signal("SIGUSR2");
    assertEquals(await command.lockLv(VG, LV, "ex"), -114, "it is served on");
    assertEquals(await command.lockVg(VG, "un"), 0);
  }
  assertEquals((await daemon.ended()).code, 0);
  assert(!daemon.errors.text.includes("handing over although"), daemon.errors.text);
  await assertKept(place);
});

Deno.test("with --hand-over SIGTERM stops what holds no lock, and hands over the rest", async () => {
  await using place = await Place.open("embedded");
  const daemon = await prepare(place, ["--hand-over"]);
  daemon.signal("SIGTERM");
  assertEquals((await daemon.ended()).code, 0);
  await assertKept(place);
  using client = await place.connect();
  assertEquals(await client.lvMode("vg1", LV), "iv");
});

Deno.test("a daemon without heirs keeps its locks to itself", async () => {
  await using place = await Place.open("embedded");
  const daemon = await prepare(place, ["--hand-over", "--adopt", "0"]);
  daemon.signal("SIGUSR2");
  await daemon.errors.line(/^ignore shutdown for 1 lockspaces/);
  using client = await place.connect();
  assertEquals(await client.lockLv(VG, LV, "un"), 0);
});

Deno.test("an upgrade of a daemon that no unit runs is refused, with what to do instead", async () => {
  await using place = await Place.open("embedded");
  const daemon = await prepare(place);
  const words = [...program, "ctl", "upgrade", "--api-socket", place.api];
  const { code, stderr } = await run(words);
  assertEquals(code, 5);
  assertStringIncludes(stderr, `lvmlockd (pid ${daemon.pid}) is not run by lvmlockd.service`);
  assertStringIncludes(stderr, `kill -USR2 ${daemon.pid}`);
});
