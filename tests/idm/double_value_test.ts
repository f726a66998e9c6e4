/**
 * The double's value block: seven bytes that are written when a lock is released, and the greatest of
 * the drives when they are read.
 *
 * @module
 */
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { EX, SH } from "./driver.ts";
import { BROKEN, emulation, EPERM, EPIPE, Pair, WINDOW_MS, ZERO } from "./double_pair.ts";

const ONE = "0102030405060708";
const ONE_KEPT = "0102030405060700";

Deno.test("a value is written with the release, without its last byte", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), ZERO);
  assertEquals(await a.write("m", ONE), 0);
  assertEquals(world.mutex("sda", "m")?.value, 0n);
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await b.lock("m", SH), 0);
  assertEquals(await b.read("m"), ONE_KEPT);
  assertEquals(await b.unlock("m"), 0);
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), ONE_KEPT); // a release writes what was read
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), ZERO); // and zeros if nothing was
});

Deno.test("where drives destroy a mutex with its last release, its value is gone", async () => {
  for (const options of [emulation, { env: { ILM_DOUBLE_LVB: "lost" } }]) {
    await using pair = await Pair.open(options);
    const { a, b, world } = pair;
    assertEquals(await a.lock("m", EX), 0);
    assertEquals(await a.write("m", ONE), 0);
    assertEquals(await a.convert("m", SH), 0);
    assertEquals(await b.lock("m", SH), 0);
    assertEquals(await b.read("m"), ZERO); // not before the writer has released it
    assertEquals(await a.unlock("m"), 0);
    assertEquals(await b.read("m"), ONE_KEPT);
    assertEquals(await a.lock("m", SH), 0);
    assertEquals(await a.read("m"), ONE_KEPT);
    assertEquals([await a.unlock("m"), await b.unlock("m")], [0, 0]);
    assertEquals(world.mutexes("sda"), []);
    assertEquals(await b.lock("m", EX), 0);
    assertEquals(await b.read("m"), ZERO);
  }
});

Deno.test("a sharer that has read the old value writes it back", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.write("m", ONE), 0);
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await b.lock("m", SH), 0);
  assertEquals(await b.read("m"), ZERO);
  assertEquals([await a.unlock("m"), await b.unlock("m")], [0, 0]);
  assertEquals(await a.lock("m", SH), 0);
  assertEquals(await a.read("m"), ZERO);
});

Deno.test("reading takes the place of what was to be written", async () => {
  await using pair = await Pair.open();
  const { a } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.write("m", ONE), 0);
  assertEquals(await a.read("m"), ZERO);
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), ZERO);
});

Deno.test("the greatest number of most drives is read", async () => {
  await using pair = await Pair.open();
  const { a } = pair;
  // Little endian: the first byte counts least.
  const values: [string, string][] = [
    ["sda", "0000000000000100"],
    ["sdb", "ffffffff00000000"],
    ["sdc", "0000000000000000"],
  ];
  for (const [drive, value] of values) {
    assertEquals(await a.lock("m", EX, { drives: [drive] }), 0);
    assertEquals(await a.write("m", value), 0);
    assertEquals(await a.unlock("m"), 0);
  }
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), "0000000000000100");
  pair.world.failDrive("sda");
  assertEquals(await a.read("m"), "ffffffff00000000");
  pair.world.failDrive("sdb");
  const { result, ms } = await a.call("read", "m");
  assertEquals(result, EPERM);
  assertGreaterOrEqual(ms, WINDOW_MS);
});

Deno.test("after a lock was taken from a dead host, all ones are read", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.write("m", ONE), 0);
  world.host(1).stopManager();
  for (const drive of ["sda", "sdb", "sdc"]) world.expire(drive, "m");
  assertEquals(await b.lock("m", EX), 0);
  assertEquals(await b.read("m"), BROKEN);
  assertEquals(await b.unlock("m"), 0);
  assertEquals(await b.lock("m", EX), 0);
  assertEquals(await b.read("m"), "ff".repeat(7) + "00"); // as the release has written it
});

Deno.test("writing to a lock that is not held ends the connection", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await a.lock("held", EX), 0);
  assertEquals(await a.write("m", ONE), EPERM);
  assertEquals(await a.result("ended"), 0);
  assertEquals([await a.unlock("held"), await a.unlock("held")], [-104, EPIPE]);
  assertEquals(await b.lock("held", EX), 0); // and what it had is free
  assertEquals(await a.result("disconnect"), EPIPE);
  const again = await a.driver.connect();
  assertEquals(again.fd === a.fd, false); // the descriptor is still open
});

Deno.test("any length of a value but eight is the end of the connection", async () => {
  await using pair = await Pair.open();
  const { a, drivers: [one], world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.result("read", "m", 7), EPERM);
  assertEquals(await a.unlock("m"), EPIPE);
  const again = await one!.connect();
  assertEquals(await again.lock("m", EX), 0);
  assertEquals(await again.result("write", "m", ONE, 7), EPERM);
  assertEquals(await again.unlock("m"), EPIPE);
  assertEquals(world.host(1).violations.length, 2);
  world.host(1).forgive();
});
