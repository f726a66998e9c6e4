/**
 * What a change writes, and what is made of what others wrote.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ChangeStamp } from "./change_stamps.ts";

const none = { version: 0, flags: 0, resourceVersion: 0 };
const written = (resourceVersion: number) => ({ version: 0x0101, flags: 0, resourceVersion });

Deno.test("a change is stamped with the time, or just after the last one", () => {
  let now = 1000n;
  const stamp = new ChangeStamp(() => now);
  assertEquals(stamp.change(1), 1000n);
  assertEquals(stamp.change(2), 1001n);
  now = 500n;
  assertEquals(stamp.change(3), 1002n);
  now = 5000n;
  assertEquals(stamp.change(4), 5000n);
  stamp.read(9000n); // the clock of another host is ahead
  assertEquals(stamp.change(5), 9001n);
});

Deno.test("what was written counts as long as the drives have the same stamp", () => {
  const stamp = new ChangeStamp(() => 1000n);
  assertEquals(stamp.read(0n), none);
  const at = stamp.change(7);
  assertEquals(stamp.read(at), written(7));
  assertEquals(stamp.read(at + 1n), none);
  assertEquals(stamp.read(at), none);
});

Deno.test("a stamp that is not known is that of no earlier change", () => {
  const stamp = new ChangeStamp(() => 1000n);
  const at = stamp.change(7);
  assertEquals(stamp.read(undefined), none);
  assertEquals(stamp.read(at), none);
  stamp.change(8);
  stamp.forget();
  assertEquals(stamp.read(1000n), none);
});

Deno.test("after a broken lock the next stamp is the time, not a number that comes again", () => {
  for (const broken of [(1n << 64n) - 1n, (1n << 56n) - 1n]) {
    const stamp = new ChangeStamp(() => 1000n);
    stamp.change(7);
    assertEquals(stamp.read(broken), none);
    assertEquals(stamp.change(8), 1000n);
    stamp.read(broken);
    assertEquals(stamp.read(broken), none);
  }
});
