/**
 * The double's ways to die: of a client, of its connection, of the manager, and of a whole host; and
 * the alarm that the manager gives when it cannot renew leases.
 *
 * @module
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { exists, until } from "../integration/daemon.ts";
import { Driver, EX, SH } from "./driver.ts";
import { BROKEN, EPERM, EPIPE, Pair, ZERO } from "./double_pair.ts";
import { World } from "./double.ts";

/** Leases that nothing here waits for. */
const long = { env: { ILM_DOUBLE_SCALE: "20", ILM_DOUBLE_LEASE_MS: "3600000" } };

Deno.test("what a dead client had is free at once, with the value that it has written", async () => {
  await using pair = await Pair.open(long);
  const { a, b } = pair;
  assertEquals([await a.lock("m", EX), await a.lock("n", SH)], [0, 0]);
  assertEquals(await a.write("m", "0100000000000000"), 0);
  await a.driver.kill();
  assertEquals(await b.count("n"), [0, 0, 0]);
  assertEquals([await b.lock("m", EX), await b.lock("n", EX)], [0, 0]);
  assertEquals([await b.read("m"), await b.read("n")], ["0100000000000000", ZERO]);
});

Deno.test("what a dead host had stays until its leases run out", async () => {
  await using pair = await Pair.open(long);
  const { a, b, world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  world.host(1).stopManager({ socketStays: true });
  await a.driver.kill();
  assertEquals(await b.lock("m", EX), EPERM);
  assertEquals(await b.count("m"), [0, 1, 0]);
  world.host(1).startManager(); // it is another one: it knows nothing of the old leases
  assertEquals(await b.lock("m", SH), EPERM);
  for (const drive of ["sda", "sdb", "sdc"]) world.expire(drive, "m");
  assertEquals(await b.lock("m", EX), 0);
  assertEquals(await b.read("m"), BROKEN);
});

Deno.test("a descriptor that the client closes frees what it had, a disconnect does not", async () => {
  await using pair = await Pair.open(long);
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.result("close"), 0);
  await until("it is free", async () => (await b.count("m"))[1] === 0);
  assertEquals([await b.lock("m", EX), await b.unlock("m")], [0, 0]);
  const second = await a.driver.connect();
  assertEquals(await second.lock("m", EX), 0);
  assertEquals(await second.result("disconnect"), 0);
  assertEquals(await b.lock("m", EX), EPERM);
  await a.driver.kill();
  assertEquals(await b.lock("m", EX), EPERM);
});

Deno.test("without a manager there are no connections", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  const host = world.host(1);
  assertEquals(await a.lock("m", EX), 0);
  host.stopManager({ socketStays: true });
  assertEquals(await a.result("ended"), 0); // the client is told by its descriptor
  assertEquals(await a.lock("n", EX), EPIPE);
  assertEquals(await a.result("disconnect"), EPIPE);
  assertEquals((await a.driver.call("connect")).result, -111);
  host.startManager();
  assertEquals(await a.unlock("m"), EPIPE); // a connection does not come back
  const again = await a.driver.connect();
  host.stopManager();
  assertEquals((await a.driver.call("connect")).result, -2);
  assertEquals((await a.driver.call("connect")).words, ["-9"]);
  assertEquals(await again.count("m"), [EPIPE, -9, -9]);
  assertEquals(await b.count("m"), [0, 1, 0]);
});

Deno.test("a manager that was started anew is another host", async () => {
  await using pair = await Pair.open(long);
  const { a, world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  const before = world.mutex("sda", "m")!.members[0]!.host;
  world.host(1).startManager();
  assertEquals(await a.result("ended"), 0);
  const again = await a.driver.connect();
  assertEquals(await again.lock("m", EX), EPERM);
  assertEquals(await again.lock("n", EX), 0);
  const after = world.mutex("sda", "n")!.members[0]!.host;
  assertEquals([after.slice(0, 32), after === before], [before.slice(0, 32), false]);
});

Deno.test("a process that is stopped renews nothing", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX, { lease: 3000 }), 0);
  a.driver.signal("SIGSTOP");
  await until("the lock is had", async () => await b.lock("m", EX) === 0);
  a.driver.signal("SIGCONT");
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await a.convert("m", EX), EPERM);
});

Deno.test("the kill command runs once when leases cannot be renewed, and nothing after it", async () => {
  const env = { ILM_DOUBLE_SCALE: "100" };
  await using pair = await Pair.open({ env });
  const { a, b, world } = pair;
  const command = `${world.directory}/kill`;
  await Deno.writeTextFile(command, '#!/bin/sh\necho "$#" "$*" "$PPID" >> "$0.calls"\n', {
    mode: 0o755,
  });
  assertEquals(await a.result("killpath", command, "--kill"), 0);
  assertEquals(await a.lock("m", EX), 0);
  const host = world.host(1);
  for (const drive of ["sda", "sdb", "sdc"]) host.failDrive(drive);
  assertEquals(await b.lock("m", EX), EPERM); // the lease is longer than the alarm takes
  await until("the command was run", () => exists(`${command}.calls`));
  for (const drive of ["sda", "sdb", "sdc"]) host.restoreDrive(drive);
  await until("the lock is had", async () => await b.lock("m", EX) === 0);
  // Other locks can be taken, and are not renewed.
  assertEquals(await a.lock("n", EX), 0);
  await until("its lease is over", async () => (await b.count("n"))[1] === 0);
  const calls = (await Deno.readTextFile(`${command}.calls`)).trimEnd().split("\n");
  assertEquals(calls.length, 1);
  assertStringIncludes(calls[0]!, "1 --kill ");
  assertEquals(calls[0]!.endsWith(` ${a.driver.pid}`), false);
});

Deno.test("a signal is sent if there is no kill command", async () => {
  await using pair = await Pair.open({ env: { ILM_DOUBLE_QUIESCENT_MS: "50" } });
  const { a, world } = pair;
  assertEquals(await a.result("signal", 10), 0);
  assertEquals(await a.lock("m", EX), 0);
  for (const drive of ["sda", "sdb"]) world.failDrive(drive);
  await a.driver.signalled();
});

Deno.test("half of the drives hold off the alarm, if their number is even", async () => {
  await using pair = await Pair.open({ env: { ILM_DOUBLE_QUIESCENT_MS: "700" } });
  const { a, world } = pair;
  const command = `${world.directory}/kill`;
  await Deno.writeTextFile(command, '#!/bin/sh\necho "$*" >> "$0.calls"\n', { mode: 0o755 });
  assertEquals(await a.result("killpath", command, "--kill"), 0);
  assertEquals(await a.lock("m", EX, { drives: ["sda", "sdb"] }), 0);
  world.failDrive("sda");
  const renewed = () => world.mutex("sdb", "m")!.members[0]!.renewedMs;
  const first = renewed();
  await until("the alarm was due", () => renewed() > first + 1400);
  assertEquals(exists(`${command}.calls`), false);
  assertEquals(await a.lock("n", EX, { drives: ["sdb", "sdc", "sda"] }), 0);
  world.failDrive("sdc"); // one of three
  await until("the alarm is given", () => exists(`${command}.calls`));
});

Deno.test("the manager of one host is no other host's business", async () => {
  await using world = await World.open({ hosts: 2 });
  await using one = await Driver.start(world.host(1));
  world.host(2).stopManager();
  await using two = await Driver.start(world.host(2));
  const connection = await one.connect();
  await assertRejects(() => two.connect(), Error, "-2");
  assertEquals(await connection.lock("m", EX), 0);
});
