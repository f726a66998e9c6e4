/**
 * The double's leases: renewal keeps them, and when one has run out, another host may break it, in the
 * ways in which firmware and emulation of the drives differ.
 *
 * @module
 */
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { until } from "../integration/daemon.ts";
import { EX, SH } from "./driver.ts";
import { BROKEN, emulation, EPERM, ETIME, Pair, ZERO } from "./double_pair.ts";

const drives = ["sda", "sdb", "sdc"];

/** Ends the leases of a host that has stopped renewing them. */
function expire({ world }: Pair, id: string): void {
  for (const drive of drives) world.expire(drive, id);
}

/** Host 1 holds a lock whose lease is over. */
async function overdue(pair: Pair, mode: number): Promise<void> {
  assertEquals(await pair.a.result("stop"), 0);
  assertEquals(await pair.a.lock("m", mode), 0);
  expire(pair, "m");
}

Deno.test("a lease that is renewed does not end, one that is not does", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await a.lock("m", EX, { lease: 3000 }), 0); // 150 ms
  const renewed = () => world.mutex("sda", "m")!.members[0]!.renewedMs;
  const first = renewed();
  await until("several leases have passed", () => renewed() > first + 450);
  assertEquals(await b.lock("m", EX), EPERM);
  assertEquals(await a.result("stop"), 0);
  await until("the lease is over", async () => (await b.count("m"))[1] === 0);
  assertEquals(await b.mode("m"), [0, EX]);
  assertEquals(await a.result("start"), 0); // of firmware: nobody has broken it, it has it again
  await until("it is renewed again", async () => (await b.count("m"))[1] === 1);
});

Deno.test("a waiter gets the lock when the lease runs out, not before", async () => {
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await a.result("stop"), 0);
  assertEquals(await a.lock("m", EX, { lease: 3000 }), 0);
  const { renewedMs, leaseMs } = world.mutex("sda", "m")!.members[0]!;
  assertEquals(leaseMs, 150);
  assertEquals(await b.lock("m", EX), 0);
  assertGreaterOrEqual(world.mutex("sdb", "m")!.members[0]!.renewedMs, renewedMs + leaseMs);
  assertEquals(await b.read("m"), BROKEN);
  assertEquals(await a.unlock("m"), 0); // its former owner hears nothing of that
  assertEquals(await b.count("m"), [0, 0, 1]);
});

Deno.test("the former owner of a broken lock has nothing left", async () => {
  for (const options of [{}, emulation]) {
    await using pair = await Pair.open(options);
    const { a, b } = pair;
    await overdue(pair, EX);
    assertEquals(await a.count("m"), [0, 0, 0]);
    assertEquals(await a.mode("m"), [0, EX]);
    assertEquals(await b.lock("m", EX), 0);
    assertEquals(await b.read("m"), BROKEN);
    assertEquals(await a.read("m"), EPERM);
    assertEquals(await a.convert("m", SH), 0); // a failed demotion is not told
    assertEquals(await a.convert("m", EX), EPERM); // but remembered
    assertEquals(await a.convert("m", SH), EPERM);
    assertEquals(await a.unlock("m"), 0);
    assertEquals(await b.unlock("m"), 0);
  }
});

Deno.test("the former sharer of a broken lock learns so by a promotion", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await overdue(pair, SH);
  assertEquals(await b.lock("m", EX), 0);
  assertEquals(await a.convert("m", EX), ETIME);
});

Deno.test("a lease that is over but not broken still counts for firmware", async () => {
  await using pair = await Pair.open();
  const { a } = pair;
  await overdue(pair, EX);
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await a.count("m"), [0, 0, 1]); // which restarts it
  expire(pair, "m");
  assertEquals(await a.read("m"), ZERO);
  assertEquals(await a.convert("m", EX), 0);
  expire(pair, "m");
  assertEquals(await a.unlock("m"), 0);
});

Deno.test("a lease that is over counts no more for the emulation", async () => {
  await using pair = await Pair.open(emulation);
  const { a } = pair;
  await overdue(pair, EX);
  assertEquals([await a.unlock("m"), await a.unlock("m")], [ETIME, EPERM]);
  await overdue(pair, EX);
  assertEquals(await a.convert("m", SH), 0);
  assertEquals(await a.read("m"), EPERM);
  assertEquals(await a.convert("m", EX), EPERM);
});

Deno.test("an expired sharer is no obstacle", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await overdue(pair, SH);
  assertEquals(await b.lock("m", SH), 0);
  assertEquals(await b.read("m"), ZERO); // nothing was broken
  assertEquals(await b.count("m"), [0, 0, 1]);
  expire(pair, "m");
  assertEquals(await b.convert("m", EX), 0);
  assertEquals(await b.unlock("m"), 0);
  assertEquals(await a.unlock("m"), 0);
  await overdue(pair, SH);
  assertEquals(await b.lock("m", EX), 0);
  assertEquals(await b.read("m"), BROKEN);
});

Deno.test("one live sharer protects the lock from being broken", async () => {
  await using pair = await Pair.open({ hosts: 3 });
  const { b, drivers } = pair;
  const c = await drivers[2]!.connect();
  assertEquals(await c.lock("m", SH), 0);
  await overdue(pair, SH);
  // All leases were ended: the third host renews its own.
  await until("it has renewed", async () => (await b.count("m"))[1] === 1);
  assertEquals(await b.lock("m", EX), EPERM);
});

Deno.test("an unlimited lease is none", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  assertEquals(await a.lock("m", EX, { lease: -1 }), 0);
  assertEquals(await b.lock("m", EX), 0);
});

Deno.test("a lock is renewed on half of the drives, if their number is even", async () => {
  const even = { drives: ["sda", "sdb"], lease: 4000 };
  await using pair = await Pair.open();
  const { a, b, world } = pair;
  assertEquals(await a.lock("m", EX, even), 0);
  assertEquals(await a.result("inject", 50), 0); // the first of them
  const renewed = () => world.mutex("sdb", "m")!.members[0]!.renewedMs;
  const first = renewed();
  await until("two leases have passed", () => renewed() > first + 400);
  assertEquals(await b.lock("m", EX, even), EPERM);
  assertEquals(await a.read("m"), EPERM);
  assertEquals(await a.convert("m", SH), -5);
  assertEquals(await a.unlock("m"), -5);
});
