/**
 * The double's locks between two hosts: who gets one, conversions, the answers to what is wrong, and
 * how drives are counted.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { EX, SH } from "./driver.ts";
import { EBUSY, EINVAL, emulation, ENOENT, ENOMEM, EPERM, Pair, WINDOW_MS } from "./double_pair.ts";

Deno.test("connections are descriptors of their own", async () => {
  await using pair = await Pair.open();
  const { a, drivers: [one] } = pair;
  const more = [await one!.connect(), await one!.connect()];
  const fds = [a, ...more].map(({ fd }) => fd);
  assertEquals(new Set(fds).size, 3);
  for (const fd of fds) {
    assertEquals(
      (await Deno.readLink(`/proc/${one!.pid}/fd/${fd}`)).replace(/\d+/, "N"),
      "socket:[N]",
    );
  }
  for (const connection of more) assertEquals(await connection.result("disconnect"), 0);
  assertEquals((await a.call("version", "/dev/sda")).words, ["1.0"]);
  assertEquals(await a.result("disconnect"), 0);
});

Deno.test("a request that names no mode or no drives is invalid", async () => {
  await using pair = await Pair.open();
  const { a } = pair;
  assertEquals(await a.lock("m", 0), EINVAL);
  assertEquals(await a.lock("m", 3), EINVAL);
  assertEquals(await a.result("lock", "m", EX, 60_000), EINVAL);
  assertEquals(await a.result("lock", "m", EX, 60_000, "/dev/sda", "-"), EINVAL);
  assertEquals(await a.result("lock_nothing", "m"), EINVAL);
  assertEquals(await a.result("lock", "m", EX, 60_000, "/dev/sda", "@513"), EINVAL);
  assertEquals(pair.world.mutexes("sda"), []);
});

Deno.test("an exclusive lock keeps the other host out for the whole window", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX), 0);
  for (const mode of [EX, SH]) {
    assertEquals(await a.lock("m", mode), EBUSY);
    const { result, ms } = await b.lockCall("m", mode);
    assertEquals(result, EPERM);
    assertGreaterOrEqual(ms, WINDOW_MS);
  }
  assertEquals(await b.lock("another", EX), 0);
  assertEquals(await b.unlock("m"), EPERM);
  assertEquals([await a.unlock("m"), await a.unlock("m")], [0, EPERM]);
  assertEquals(await b.lock("m", EX), 0);
});

Deno.test("the window is five seconds, sped up", async () => {
  for (const scale of [10, 50]) {
    await using pair = await Pair.open({ env: { ILM_DOUBLE_SCALE: `${scale}` } });
    assertEquals(await pair.a.lock("m", EX), 0);
    const { result, ms } = await pair.b.lockCall("m", EX);
    assertEquals(result, EPERM);
    assertGreaterOrEqual(ms, 5000 / scale);
  }
});

Deno.test("a lock that gets free within the window is had", async () => {
  await using pair = await Pair.open({ env: { ILM_DOUBLE_WINDOW_MS: "30000" } });
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX), 0);
  const waiting = b.lock("m", EX);
  // Other connections of the waiting process are not in its way.
  const other = await b.driver.connect();
  assertEquals([await other.lock("n", EX), await other.unlock("n")], [0, 0]);
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await waiting, 0);
});

Deno.test("two hosts share, and only a sole sharer becomes exclusive", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals([await a.lock("m", SH), await b.lock("m", SH)], [0, 0]);
  assertEquals(await a.count("m"), [0, 1, 1]);
  assertEquals(await a.mode("m"), [0, SH]);
  assertEquals(await a.convert("m", EX), EPERM);
  assertEquals(await a.mode("m"), [0, SH]);
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await b.unlock("m"), 0);
  assertEquals(await a.count("m"), [0, 0, 1]);
  for (const mode of [EX, SH, SH, EX]) assertEquals(await a.convert("m", mode), 0);
  assertEquals(await a.mode("m"), [0, EX]);
  assertEquals(await b.lock("m", SH), EPERM);
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await b.lock("m", SH), 0);
  assertEquals(await b.count("m"), [0, 1, 1]);
});

Deno.test("a promotion needs most drives, not all", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await b.lock("m", SH, { drives: ["sda"] }), 0);
  assertEquals(await a.lock("m", SH), 0);
  assertEquals(await a.convert("m", EX), 0);
  assertEquals(pair.world.mutex("sda", "m")?.mode, SH);
  assertEquals(pair.world.mutex("sdb", "m")?.mode, EX);
});

Deno.test("nothing is known of a lock that nobody has asked for", async () => {
  for (const options of [{}, emulation]) {
    await using pair = await Pair.open(options);
    const { a } = pair;
    assertEquals(await a.convert("m", SH), EPERM);
    assertEquals(await a.unlock("m"), EPERM);
    assertEquals(await a.read("m"), EPERM);
    // Firmware answers that nobody has it.
    const [count, mode] = options === emulation
      ? [[ENOENT, 0, -9], [ENOENT, 0]]
      : [[0, 0, 0], [0, 0]];
    assertEquals(await a.count("m"), count!);
    assertEquals(await a.mode("m"), mode!);
    for (const drives of [[], ["nowhere"]]) {
      assertEquals(await a.count("m", drives), [ENOMEM, -9, -9]);
    }
  }
});

Deno.test("drives that cannot be found count each time, the others once", async () => {
  const cases: [string[], number][] = [
    [["no"], ENOMEM],
    [["sda", "no"], ENOMEM],
    [["sda", "no", "sdb"], 0],
    [["no", "sda", "nothing"], ENOMEM],
    [["sda1", "sda2"], 0],
    [["sda1", "sda2", "no"], ENOMEM],
    [["nvme0n1p1", "nvme0n1p2"], 0],
    [["sda", "sdb", "no", "no"], ENOMEM],
    [["sda", "sdb", "no", "sdb1"], 0],
  ];
  await using pair = await Pair.open({ drives: ["sda", "sdb", "nvme0n1"] });
  const { a, world } = pair;
  for (const [drives, expected] of cases) {
    assertEquals(await a.lock("m", EX, { drives }), expected, drives.join());
    if (expected === 0) assertEquals(await a.unlock("m"), 0);
  }
  assertEquals(await a.result("lock", "m", EX, 60_000, "/dev/sda", "@512"), 0);
  assertEquals(world.mutex("sda", "m")?.members.length, 1);
  assertEquals(world.mutexes("nvme0n1").length, 1);
});

Deno.test("most of the drives decide, and the others are gained later", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await b.lock("m", EX, { drives: ["sda"] }), 0);
  assertEquals(await a.lock("m", EX, { drives: ["sda", "sdb"] }), EPERM);
  assertEquals(await a.lock("m", EX), 0);
  assertEquals(await a.read("m"), "ff".repeat(8));
  assertEquals(await b.unlock("m"), 0);
  const owner = () => world.mutex("sda", "m")?.members.map(({ pid }) => pid) ?? [];
  await until("the drive is gained", () => owner().includes(a.driver.pid));
  assertEquals(await a.read("m"), "00".repeat(8));
});

Deno.test("a host is known by its process and its manager, or by a name of its own", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  const second = await a.driver.connect();
  assertEquals([await a.lock("m", SH), await second.lock("n", SH)], [0, 0]);
  const [host, same] = ["m", "n"].map((id) => world.mutex("sda", id)!.members[0]!.host);
  assertEquals(host, same);
  assertEquals(host!.slice(8, 32), "0".repeat(24));
  assert(/[1-9a-f]/.test(host!.slice(32)));
  assertEquals(await a.unlock("m"), 0);
  assertEquals(await a.result("hostid", "chosen"), 0);
  assertEquals(await second.result("hostid", "chosen"), EBUSY);
  assertEquals(await b.result("hostid", "chosen"), 0); // of another manager
  assertEquals(await a.lock("m", SH), 0);
  assertEquals(world.mutex("sda", "m")!.members[0]!.host.startsWith("63686f73656e00"), true);
});
