/** How calls of lock managers share the runtime's threads. @module */
import { assertEquals } from "@std/assert";
import { Lane } from "./lanes.ts";
import { POOL_SIZE, ThreadLane, threads } from "./threads.ts";

/** Lets everything that can go on do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("who only waits for a turn keeps no thread from those whose turn it is", async () => {
  const lane = new ThreadLane(14);
  const connections = Array.from({ length: 3 * POOL_SIZE }, () => new Lane(1));
  const calls = connections.flatMap((turn) => [1, 2].map(() => turn.run(() => lane.run(settle))));
  assertEquals((await Promise.all(calls)).length, 6 * POOL_SIZE);
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
