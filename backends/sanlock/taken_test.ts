/** Which lockspaces count as taken away. @module */
import { assertEquals } from "@std/assert";
import { Lsf } from "./constants.ts";
import { isTakenAway } from "./taken.ts";

const listed = (name: string, flags: number) => [{ name, hostId: 1, path: "/x", offset: 0, flags }];
const long = `lvm_${"v".repeat(50)}`;

Deno.test("one of ours that sanlock removes is taken away", () => {
  assertEquals(isTakenAway(listed("lvm_a", Lsf.rem), ["lvm_b", "lvm_a"], []), true);
  assertEquals(isTakenAway(listed(long.slice(0, 48), Lsf.rem), [long], []), true);
});

Deno.test("one that is there, that we leave, or that is not ours is not", () => {
  assertEquals(isTakenAway(listed("lvm_a", 0), ["lvm_a"], []), false);
  assertEquals(isTakenAway(listed("lvm_a", Lsf.add), ["lvm_a"], []), false);
  assertEquals(isTakenAway(listed("lvm_a", Lsf.rem), ["lvm_a"], ["lvm_a"]), false);
  assertEquals(isTakenAway(listed(long.slice(0, 48), Lsf.rem), [long], [long]), false);
  assertEquals(isTakenAway(listed("lvm_other", Lsf.rem), ["lvm_a"], []), false);
  assertEquals(isTakenAway([], ["lvm_a"], []), false);
});
