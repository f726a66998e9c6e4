/**
 * The double's faults on demand: drives that fail, percentages, calls that fail or wait, slowness, and
 * what it says of clients that do not keep to the rules.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { EX, SH } from "./driver.ts";
import { EINVAL, EIO, EPERM, EPIPE, Pair, WINDOW_MS } from "./double_pair.ts";

Deno.test("an injected fault of all drives fails every call that needs them", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals([await a.lock("m", EX), await a.lock("n", EX), await a.lock("s", SH)], [0, 0, 0]);
  assertEquals(await a.result("inject", 100), 0);
  const slow: [number, ...(string | number)[]][] = [
    [EIO, "lock", "x", EX, 60_000, "/dev/sda"],
    [EPERM, "read", "m"],
    [EIO, "convert", "m", SH],
    [EIO, "convert", "s", EX],
  ];
  for (const [expected, name, ...words] of slow) {
    const { result, ms } = await a.call(`${name}`, ...words);
    assertEquals(result, expected, `${name}`);
    assertGreaterOrEqual(ms, WINDOW_MS);
  }
  assertEquals(await a.count("m"), [-2, 0, -9]);
  assertEquals([await a.unlock("m"), await a.unlock("m")], [EIO, EPERM]);
  assertEquals(await b.lock("y", EX), 0); // it is one host's manager that is ill
  assertEquals(await a.result("inject", 0), 0);
  assertEquals(await a.lock("m", EX), 0); // its own lease of before is no obstacle
});

Deno.test("percentages fail drives by their place in the list", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  const cases: [number, boolean[]][] = [
    [0, [true, true, true]],
    [30, [false, true, true]],
    [40, [false, true, true]],
    [67, [true, false, false]],
  ];
  for (const [percent, locked] of cases) {
    assertEquals(await a.result("inject", percent), 0);
    const majority = locked.filter(Boolean).length >= 2;
    assertEquals(await a.lock(`m${percent}`, EX), majority ? 0 : EIO, `${percent} %`);
    const seen = ["sda", "sdb", "sdc"].map((drive) =>
      world.mutex(drive, `m${percent}`)?.members.length === 1
    );
    if (majority) assertEquals(seen, locked, `${percent} %`);
  }
  for (const percent of [101, -1]) assertEquals(await a.result("inject", percent), EINVAL);
});

Deno.test("fewer than half of the drives may fail, half may not", async () => {
  await using pair = await Pair.open({ drives: ["sda", "sdb", "sdc", "sdd"] });
  const { a, world } = pair;
  const four = { drives: ["sda", "sdb", "sdc", "sdd"] };
  world.failDrive("sdb");
  assertEquals(await a.lock("m", EX, four), 0);
  assertEquals([await a.convert("m", SH), await a.convert("m", EX)], [0, 0]);
  assertEquals(await a.read("m"), "00".repeat(8));
  assertEquals(await a.unlock("m"), 0);
  world.failDrive("sdc");
  assertEquals(await a.lock("m", EX, four), EIO);
  world.restoreDrive("sdb");
  world.restoreDrive("sdc");
  assertEquals(await a.lock("m", EX, four), 0);
  world.failDrive("sdb");
  world.failDrive("sdc");
  assertEquals(await a.unlock("m"), EIO);
  assertEquals(world.mutex("sda", "m")?.members, []);
});

Deno.test("a drive that fails for one host works for the other", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  for (const drive of ["sda", "sdb"]) world.host(1).failDrive(drive);
  assertEquals(await a.lock("m", EX), EIO);
  assertEquals([await b.lock("m", EX), await b.unlock("m")], [0, 0]);
  world.host(1).restoreDrive("sda");
  assertEquals(await a.lock("m", EX), 0);
});

Deno.test("any call fails once, before it is made or after", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  const host = world.host(1);
  host.fault("lock", -5);
  assertEquals(await a.mode("m"), [0, 0]);
  assertEquals([await a.lock("m", EX), await a.lock("m", EX)], [EIO, 0]);
  host.fault("any", -62, { after: true });
  assertEquals([await a.unlock("m"), await a.unlock("m")], [-62, EPERM]);
  assert(host.faultTaken("any") && host.faultTaken("lock"));
  host.fault("connect", -111);
  assertEquals((await a.driver.call("connect")).result, -111);
  assertEquals(await a.lock("m", EX), 0);
  host.fault("convert", -1, { lost: true });
  assertEquals(await a.convert("m", SH), EPERM);
  assertEquals(await a.result("ended"), 0);
  assertEquals(await a.convert("m", SH), EPIPE);
  assertEquals(await pair.b.lock("m", EX), 0);
});

Deno.test("a test can hold a call, and slow calls and drives", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  const host = world.host(1);
  host.hold("lock");
  const held = a.lock("m", EX);
  await until("the call waits", () => host.isHeld("lock"));
  assertEquals([await b.lock("m", EX), await b.unlock("m")], [0, 0]);
  host.release();
  assertEquals(await held, 0);
  host.slowCalls(50);
  assertGreaterOrEqual((await a.call("unlock", "m")).ms, 50);
  host.slowCalls(0);
  world.slowDrive("sdb", 60);
  assertGreaterOrEqual((await a.lockCall("m", EX)).ms, 60);
  world.slowDrive("sdb", 0);
  world.holdDrive("sdc");
  const stuck = a.lock("n", EX);
  await until("it waits", () => world.mutex("sdb", "n")?.members.length === 1);
  assertEquals(world.mutex("sdc", "n"), undefined);
  world.releaseDrive("sdc");
  assertEquals(await stuck, 0);
});

Deno.test("calls are written down", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  assertEquals(await a.result("killpath", "/usr/sbin/x", "--kill"), 0);
  assertEquals(await a.lock("m", SH), 0);
  const [connected, killpath, lock] = world.host(1).calls;
  const id = "6d".padEnd(128, "0");
  const { pid } = a.driver;
  assertEquals(connected, `${pid} ilm_connect fd=${a.fd} result=0`);
  assertEquals(
    killpath,
    `${pid} ilm_set_killpath fd=${a.fd} path=/usr/sbin/x args=--kill result=0`,
  );
  assertEquals(
    lock,
    `${pid} ilm_lock fd=${a.fd} id=${id} mode=2 timeout=60000 ` +
      "drives=/dev/sda,/dev/sdb,/dev/sdc result=0",
  );
});

Deno.test("two calls at once on one connection end it", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  const host = world.host(1);
  host.hold("lock");
  const held = a.lock("m", EX);
  await until("the call waits", () => host.isHeld("lock"));
  assertEquals(await a.mode("m"), [EPERM, -9]);
  host.release();
  assertEquals(await held < 0, true);
  assertEquals(host.violations.length, 1);
  host.forgive();
});

Deno.test("a mode that the manager does not check is against the rules", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.convert("m", 0), EPERM);
  assertEquals(await a.unlock("m"), EPIPE);
  assertEquals(world.host(1).violations.length, 1);
  world.host(1).forgive();
});

Deno.test("long texts of the kill command are cut", async () => {
  await using pair = await Pair.open();
  const { a, world } = pair;
  const [path, args] = ["/".padEnd(200, "p"), "a".repeat(129)];
  assertEquals(await a.result("killpath", path, args), 0);
  const [line] = world.host(1).calls.slice(-1);
  assert(line!.includes(` path=${path.slice(0, 128)} args=${args.slice(0, 128)} `));
});
