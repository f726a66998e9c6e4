/** Reading of `--deadline` and what happens when it passes. @module */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Deadline } from "./deadline.ts";

Deno.test("without a limit nothing ever passes", () => {
  using deadline = new Deadline(undefined);
  assertEquals([deadline.leftMs, deadline.passed], [undefined, false]);
});

Deno.test("at the limit the signal is given and no time is left", async () => {
  using deadline = new Deadline(1);
  await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
  assertEquals([deadline.leftMs, deadline.passed], [0, true]);
  const { code, stderr } = deadline.exit("lvmlockctl", "nothing came");
  assertEquals([code, stderr], [110, "lvmlockctl: gave up after 0.001 s: nothing came\n"]);
});

Deno.test("a limit of months is waited for, too", () => {
  using deadline = new Deadline(1e10);
  assertGreater(deadline.leftMs ?? 0, 9e9);
  assert(!deadline.passed);
});
