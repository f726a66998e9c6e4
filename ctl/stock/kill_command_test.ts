/** Reading the kill command from LVM's configuration and splitting it into words. @module */
import { assertEquals } from "@std/assert";
import { parseSetting, splitCommand } from "./kill_command.ts";

Deno.test("words are split at white space that no backslash protects", () => {
  assertEquals(splitCommand("/k"), ["/k"]);
  assertEquals(splitCommand("/k a  b\tc "), ["/k", "a", "b", "c"]);
  assertEquals(splitCommand("/k a\\ b c\\\\ d"), ["/k", "a b", "c\\", "d"]);
  assertEquals(splitCommand('/k \\"q\\" \\x'), ["/k", '"q"', "\\x"]);
});

Deno.test("the setting is what stands between the quotes", () => {
  const read = (line: string) => parseSetting(line, "lvm config");
  const unrecognized = { problem: "unrecognized config value from lvm config" };
  assertEquals(read('lvmlockctl_kill_command="/sbin/k -x"'), "/sbin/k -x");
  assertEquals(read('lvmlockctl_kill_command="/k \\"a\\" b"'), '/k \\"a\\" b');
  assertEquals(read('lvmlockctl_kill_command=""'), unrecognized);
  assertEquals(read("lvmlockctl_kill_command=3"), unrecognized);
  assertEquals(read('lvmlockctl_kill_command="k"'), {
    problem: "lvmlockctl_kill_command must be full path",
  });
});
