/** Tests of the bell. */
import { assertEquals } from "@std/assert";
import { Bell } from "./bell.ts";

Deno.test("a ring wakes the one who waits", async () => {
  const bell = new Bell();
  const waited = bell.wait();
  bell.ring();
  await waited;
});

Deno.test("a ring before the wait is not lost, and counts once", async () => {
  const bell = new Bell();
  bell.ring();
  bell.ring();
  await bell.wait();
  const order: string[] = [];
  const second = bell.wait().then(() => order.push("woken"));
  order.push("waiting");
  bell.ring();
  await second;
  assertEquals(order, ["waiting", "woken"]);
});
