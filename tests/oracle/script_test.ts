/** Saved scripts: written, read back, refused when damaged. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { generate } from "./generate.ts";
import { parseReply } from "./message.ts";
import { render, split, terminator } from "./render.ts";
import { type Fields, formatScript, parseScript, type Script, styles } from "./script.ts";
import { lockOf, placesOf, textField } from "./target.ts";

Deno.test("a script survives being saved", () => {
  const script = generate(11, { clients: 4, requests: 40 });
  assertEquals(parseScript(formatScript(script)), script);
  const own: Script = { seed: 0, base: "none", globalLock: "dlm", steps: [{ kind: "info" }] };
  assertEquals(parseScript(formatScript(own)), own);
});

Deno.test("what is no script is refused", () => {
  assertThrows(() => parseScript('{"base":"dlm","steps":[{"kind":"sing"}]}'), Error, "sing");
  assertThrows(() => parseScript('{"base":"tape","steps":[]}'), Error, "base");
  assertThrows(() => parseScript('{"base":"dlm"}'), Error, "steps");
});

Deno.test("every style says the same", () => {
  const fields: Fields = [["request", "lock_vg"], ["vg_name", 'a"b\\c d'], ["version", 7]];
  for (const style of styles) {
    const message = render(fields, style);
    const text = message.slice(0, -terminator.length).replaceAll(/#.*$/gm, "").replaceAll("'", '"');
    assertEquals(message.slice(-terminator.length), terminator, style);
    if (style === "single") continue;
    const parsed = [...parseReply(text)].sort();
    assertEquals(
      parsed,
      [["request", "lock_vg"], ["version", "7"], ["vg_name", 'a"b\\c d']],
      style,
    );
  }
  assertEquals(render([["request", "x"], ["mode", "sh"]]), 'request="x"\nmode ="sh"\n\n##\n');
  assertEquals(render([["a", "b"], ["c", "d'e"]], "single"), "a = 'b'\nc = \"d'e\"\n\n##\n");
});

Deno.test("a message in pieces is still that message", () => {
  const message = render([["request", "hello"]]);
  for (const chunking of ["whole", "terminator", "halves", "bytes"] as const) {
    assertEquals(split(message, chunking).join(""), message);
  }
  assertEquals(split(message, "bytes").length, message.length);
});

Deno.test("a request's lock and lockspace are found as the daemon finds them", () => {
  const lv: Fields = [["request", "lock_lv"], ["vg_name", "v"], ["lv_uuid", "u".repeat(70)]];
  assertEquals(lockOf(lv), `lv v ${"u".repeat(64)}`);
  assertEquals(placesOf(lv), [{ gl: false, vg: "v" }]);
  assertEquals(placesOf([["request", "lock_gl"]]), [{ gl: true }]);
  assertEquals(lockOf([["request", "query_lock_vg"], ["vg_name", "v"]]), undefined);
  assertEquals(placesOf([["request", "lock_vg"], ["vg_name", 7]]), []);
  assertEquals(textField([["vg_name", "none"], ["vg_name", "v"]], "vg_name"), "");
});
