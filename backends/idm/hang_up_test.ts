/**
 * Ends of real connections, in every order.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { HangUps, hasEnded } from "./hang_up.ts";

const libc = Deno.dlopen("libc.so.6", {
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
}).symbols;

/** Both ends of a connection, which a test closes. */
function connection(): { ours: number; theirs: number } {
  const [AF_UNIX, SOCK_STREAM] = [1, 1];
  const fds = new Int32Array(2);
  assertEquals(libc.socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  return { ours: fds[0]!, theirs: fds[1]! };
}

Deno.test("the end of a connection is told, once, and only of that one", async () => {
  const hangUps = new HangUps();
  const [one, two] = [connection(), connection()];
  const ended: string[] = [];
  const done = Promise.withResolvers<void>();
  hangUps.watch(one.ours, () => {
    ended.push("one");
    done.resolve();
  });
  const unwatch = hangUps.watch(two.ours, () => ended.push("two"));
  assertEquals([hasEnded(one.ours), hasEnded(two.ours)], [false, false]);
  libc.close(one.theirs);
  assertEquals([hasEnded(one.ours), hasEnded(two.ours)], [true, false]);
  await done.promise;
  unwatch();
  unwatch();
  assertEquals(ended, ["one"]);
  for (const fd of [one.ours, two.ours, two.theirs]) libc.close(fd);
});

Deno.test("a connection that takes the descriptor of one before has an end of its own", async () => {
  const hangUps = new HangUps();
  const before = connection();
  const ended: string[] = [];
  hangUps.watch(before.ours, () => ended.push("before"))();
  // In one step: tests beside this one open descriptors, too.
  const next = connection();
  libc.dup2(next.ours, before.ours);
  libc.close(next.ours);
  next.ours = before.ours;
  const done = Promise.withResolvers<void>();
  hangUps.watch(next.ours, () => {
    ended.push("next");
    done.resolve();
  });
  libc.close(before.theirs);
  libc.close(next.theirs);
  await done.promise;
  assertEquals(ended, ["next"]);
  libc.close(next.ours);
});

Deno.test("when nothing is left to watch, watching can begin anew", async () => {
  const hangUps = new HangUps();
  for (let i = 0; i < 2; i++) {
    const { ours, theirs } = connection();
    const ended = new Promise<void>((resolve) => void hangUps.watch(ours, resolve));
    libc.close(theirs);
    await ended;
    libc.close(ours);
  }
});
