/**
 * Tests of a registered connection with a library whose calls end when the test says so: their order,
 * what they are given, and the end of the connection. The descriptor is a real one.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { ResourceArg } from "./client.ts";
import { type ConnectionSymbols, RegisteredConnection } from "./connection.ts";
import { ReleaseFlag, Res } from "./constants.ts";
import { libc } from "./ffi.ts";
import { Lane } from "../lanes.ts";
import { alloc, decodeDisk, decodeResourceHead, layout } from "./structs.ts";

const RESOURCE_SIZE = layout.resource.size + layout.disk.size;
const O_CLOEXEC = 0o2000000;

const lease: ResourceArg = {
  lockspace: "lvm_vg",
  name: "VGLK",
  path: "/dev/mapper/vg-lvmlock",
  offset: 66 * 2 ** 20,
  flags: Res.align1m | Res.sector512,
};

/** What arrived, and how to end it. */
interface Arrived {
  name: string;
  args: unknown[];
  answer: (result: number) => void;
  fail: (error: Error) => void;
}

/** A library that waits for the test, and a connection that uses it. */
function setUp() {
  const arrived: Arrived[] = [];
  const wait = (name: string) => (...args: unknown[]) =>
    new Promise<number>((answer, fail) => arrived.push({ name, args, answer, fail }));
  const names = ["killpath", "restrict", "acquire", "release", "convert"];
  const library = Object.fromEntries(names.map((name) => [`sanlock_${name}`, wait(name)]));
  const fd = libc().fcntl(2, 0, 100n); // F_DUPFD: the first free one from 100 on
  assert(fd >= 100);
  const connection = new RegisteredConnection(
    fd,
    library as unknown as ConnectionSymbols,
    new Lane(9),
  );
  return { connection, arrived, fd };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const isOpen = (fd: number) =>
  [...Deno.readDirSync("/proc/self/fd")].some((f) => f.name === `${fd}`);

/** The resources that a list of `count` pointers leads to. */
function resources(list: unknown, count: number) {
  const pointers = new DataView((list as Uint8Array<ArrayBuffer>).buffer);
  return Array.from({ length: count }, (_, i) => {
    const bytes = alloc(RESOURCE_SIZE);
    const pointer = Deno.UnsafePointer.create(pointers.getBigUint64(i * 8, true));
    Deno.UnsafePointerView.copyInto(pointer!, bytes);
    return { ...decodeResourceHead(bytes), ...decodeDisk(bytes, layout.resource.disks) };
  });
}

Deno.test("one call at a time, in the order in which they were asked for", async () => {
  const { connection, arrived } = setUp();
  const results = [
    connection.killpath("/sbin/lvmlockctl", "--kill vg"),
    connection.restrict(2),
    connection.acquire(lease, 8),
    connection.convert(lease, 8),
    connection.release(lease, 0),
  ];
  for (const [i, name] of ["killpath", "restrict", "acquire", "convert", "release"].entries()) {
    await settle();
    assertEquals(arrived.map((call) => call.name).slice(i), [name]);
    arrived[i]!.answer(-i);
  }
  assertEquals(await Promise.all(results), [-0, -1, -2, -3, -4]);
  await connection.close();
});

Deno.test("close waits for the calls that were asked for before it; later ones answer EBADF", async () => {
  const { connection, arrived, fd } = setUp();
  const before = [connection.acquire(lease, 8), connection.release(lease, 0)];
  const closed = connection.close();
  const after = connection.acquire(lease, 8);
  assertEquals(await after, -9);
  arrived[0]!.answer(0);
  await settle();
  assert(isOpen(fd), "closed while a call was under way");
  arrived[1]!.answer(0);
  assertEquals(await Promise.all(before), [0, 0]);
  await closed;
  assert(!isOpen(fd));
  await connection.close();
  assertEquals(await connection.restrict(2), -9);
  assertEquals(arrived.length, 2);
});

Deno.test("a call that throws does not hold up the next", async () => {
  const { connection, arrived } = setUp();
  const first = connection.restrict(2);
  const second = connection.restrict(2);
  arrived[0]!.fail(new Error("no thread"));
  await assertRejects(() => first, Error, "no thread");
  await settle();
  arrived[1]!.answer(0);
  assertEquals(await second, 0);
  await connection.close();
});

Deno.test("programs that are started do not inherit the connection", async () => {
  const { connection, fd } = setUp();
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  const flags = parseInt(/^flags:\s*(\d+)$/m.exec(info)![1]!, 8);
  assertNotEquals(flags & O_CLOEXEC, 0);
  await connection.close();
});

Deno.test("acquire gives the lease, and lvmlockd as its owner", async () => {
  const { connection, arrived, fd } = setUp();
  const acquired = connection.acquire(lease, 9);
  const [sock, pid, flags, count, list, options] = arrived[0]!.args;
  assertEquals([sock, pid, flags, count], [fd, -1, 9, 1]);
  assertEquals(resources(list, 1), [{ ...lease, lver: 0 }]);
  assertEquals(
    new TextDecoder().decode((options as Uint8Array).subarray(0, 9)),
    "lvmlockd\0",
  );
  arrived[0]!.answer(0);
  await acquired;
  await connection.close();
});

Deno.test("release with a new name gives both leases, and one without it only its own", async () => {
  const { connection, arrived } = setUp();
  const renamed = connection.release(lease, 0, "invalid_removed");
  const [, , flags, count, list] = arrived[0]!.args;
  assertEquals([flags, count], [ReleaseFlag.rename, 2]);
  assertEquals(resources(list, 2), [
    { ...lease, lver: 0 },
    { ...lease, lver: 0, name: "invalid_removed" },
  ]);
  arrived[0]!.answer(0);
  assertEquals(await renamed, 0);
  const plain = connection.release(lease, ReleaseFlag.rename);
  await settle();
  assertEquals([arrived[1]!.args[2], arrived[1]!.args[3]], [0, 1]);
  arrived[1]!.answer(0);
  assertEquals(await plain, 0);
  await connection.close();
});

Deno.test("what does not fit never reaches the library", async () => {
  const { connection, arrived } = setUp();
  const results = [
    connection.release(lease, 1), // SANLK_REL_ALL
    connection.acquire({ ...lease, path: "/" + "p".repeat(1023) }, 8),
    connection.convert({ ...lease, offset: 2 ** 53 }, 8),
    connection.killpath("/sbin/\u1234", ""),
  ];
  assertEquals(await Promise.all(results), [-22, -22, -22, -22]);
  assertEquals(arrived, []);
  await connection.close();
});

Deno.test("the texts of killpath are cut to what the daemon gets", async () => {
  const { connection, arrived } = setUp();
  const result = connection.killpath("p".repeat(127), "a".repeat(200));
  const [, , path, args] = arrived[0]!.args as [number, number, Uint8Array, Uint8Array];
  assertEquals([path.length, args.length], [127, 127]);
  arrived[0]!.answer(0);
  assertEquals(await result, 0);
  await connection.close();
});
