/** Requests byte for byte, and replies read leniently. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { fieldRequest, parseReply, ReplySyntaxError, simpleRequest } from "./native_text.ts";

Deno.test("requests without fields have a blank on both sides of the equals sign", () => {
  assertEquals(simpleRequest("hello"), 'request = "hello"\n');
});

Deno.test("requests with fields have none after it, and one before it from the second line", () => {
  assertEquals(
    fieldRequest("enable_gl", { cmd: "lvmlockctl", pid: 21323, vg_name: "vg0" }),
    'request="enable_gl"\ncmd ="lvmlockctl"\npid =21323\nvg_name ="vg0"\n',
  );
});

Deno.test("quotes and backslashes are escaped, nothing else is", () => {
  assertEquals(
    fieldRequest("drop_vg", { vg_name: 'a"b\\c=#' }),
    'request="drop_vg"\nvg_name ="a\\"b\\\\c=#"\n',
  );
});

Deno.test("a reply of the daemon", () => {
  const reply = parseReply(
    'response = "OK"\nop = 10\nlock_type = "none"\nop_result = -210\nresult_flags = "A,B,"\n',
  );
  assertEquals([...reply], [
    ["response", "OK"],
    ["op", 10],
    ["lock_type", "none"],
    ["op_result", -210],
    ["result_flags", "A,B,"],
  ]);
});

Deno.test("layout is free, comments are skipped, the first of equal keys counts", () => {
  const reply = parseReply('# note\n a=1 b=\'x "y\' a=2\n\tc="q\\"\\\\"');
  assertEquals([...reply], [["a", 1], ["b", 'x "y'], ["c", 'q"\\']]);
});

Deno.test("a quoted number is not a number", () => {
  assertEquals(parseReply('op_result = "0"').get("op_result"), "0");
});

Deno.test("what is no config text is refused with its place", () => {
  for (
    const [text, message] of [
      ["=== =", "Parse error at byte 1 (line 1): unexpected token"],
      ["a = 1\nb 2", "Parse error at byte 7 (line 2): unexpected token"],
      ["", "Parse error at byte 1 (line 1): unexpected token"],
    ] as const
  ) {
    assertEquals(assertThrows(() => parseReply(text), ReplySyntaxError).message, message);
  }
});
