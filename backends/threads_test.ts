/** How calls of lock managers share the runtime's threads. @module */
import { assertEquals, assertRejects } from "@std/assert";
import { POOL_SIZE, Threads, threads } from "./threads.ts";

/** Calls that end when they are told to; `started` in the order in which they were let through. */
function calls(pool: Threads, count: number) {
  const started: number[] = [];
  const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const done = ends.map(({ promise }, i) =>
    pool.run(async () => {
      started.push(i);
      await promise;
      return i;
    })
  );
  return { started, done, end: (i: number) => ends[i]!.resolve() };
}

Deno.test("as many as there are threads are under way, the others follow in order", async () => {
  const { started, done, end } = calls(new Threads(2), 5);
  assertEquals(started, [0, 1]);
  end(1);
  await done[1];
  end(2);
  await done[2];
  assertEquals(started, [0, 1, 2, 3]);
  for (const i of [0, 3, 4]) end(i);
  assertEquals(await Promise.all(done), [0, 1, 2, 3, 4]);
});

Deno.test("a call that fails gives its thread back", async () => {
  const pool = new Threads(1);
  const fail = () => {
    throw new Error("at once");
  };
  await assertRejects(() => pool.run(fail), Error, "at once");
  await assertRejects(() => pool.run(() => Promise.reject(new Error("later"))), Error, "later");
  assertEquals(await pool.run(() => Promise.resolve(7)), 7);
});

Deno.test("calls that hang on all of their threads leave some to the runtime", async () => {
  const libc = Deno.dlopen("libc.so.6", {
    sem_init: { parameters: ["buffer", "i32", "u32"], result: "i32" },
    sem_post: { parameters: ["buffer"], result: "i32" },
    sem_wait: { parameters: ["buffer"], result: "i32", nonblocking: true },
  });
  const { sem_init, sem_post, sem_wait } = libc.symbols;
  const semaphore = new Uint8Array(32);
  sem_init(semaphore, 0, 0);
  const hanging = Array.from({ length: POOL_SIZE }, () => threads.run(() => sem_wait(semaphore)));
  // This one too needs a thread: it would never end if the others had all of them.
  await Deno.readTextFile("/proc/self/status");
  for (const _ of hanging) sem_post(semaphore);
  assertEquals(await Promise.all(hanging), hanging.map(() => 0));
  libc.close();
});
