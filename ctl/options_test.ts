/** Options as getopt takes them: bundles, prefixes, mistakes. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { parseSeconds, parseStockOptions, pickAction, type StockOptions } from "./options.ts";

/** Command lines, the action that is run, and options that matter for it. */
const accepted: [string, string, Partial<StockOptions>][] = [
  ["-i", "info", { dump: false }],
  ["-id", "info", { dump: true }],
  ["--inf --dump", "info", { dump: true }],
  ["-qid", "quit", {}],
  ["-S -i", "info", {}],
  ["-S", "stopLockspaces", { wait: true, force: false }],
  ["-ew0 -S", "stopLockspaces", { wait: false, stderr: true }],
  ["-S -w 2", "stopLockspaces", { wait: true }],
  ["-S -w -1", "stopLockspaces", { wait: true }],
  ["-S -wx", "stopLockspaces", { wait: false }],
  ["-S --wait=", "stopLockspaces", { wait: false }],
  ["-S -w0 --wait 1", "stopLockspaces", { wait: true }],
  ["-S -f 1", "stopLockspaces", { force: true }],
  ["--force=1 -S --forc 0", "stopLockspaces", { force: false }],
  ["-E a -D b", "glEnable", { vgName: "b" }],
  ["-r x -E y", "drop", { vgName: "y" }],
  ["-ekvg0", "kill", { vgName: "vg0", stderr: true, makeSafe: false }],
  ["--make-safe --kill vg0", "kill", { vgName: "vg0", makeSafe: true }],
  ["--set vg0 --lv U --lock sh", "setRemoteLvLock", {
    vgName: "vg0",
    lvUuid: "U",
    lockMode: "sh",
  }],
  ["foo -i bar", "info", {}],
  ["-- -x", "none", {}],
  ["-w 1", "none", {}],
  ["-", "none", {}],
  ["-i --socket-path /s --deadline 1.5", "info", { socketPath: "/s", deadlineMs: 1500 }],
];

for (const [line, action, expected] of accepted) {
  Deno.test(`lvmlockctl ${line} runs ${action}`, () => {
    const { options, mistake } = parseStockOptions(line.split(" "));
    assertEquals(mistake, undefined);
    assertEquals(pickAction(options), action);
    for (const [name, value] of Object.entries(expected)) {
      assertEquals(options[name as keyof StockOptions], value, name);
    }
  });
}

/** Command lines and getopt's message, as the stock tool prints them after its name. */
const refused: [string, string][] = [
  ["-x", "invalid option -- 'x'"],
  ["-ix", "invalid option -- 'x'"],
  ["foo -x", "invalid option -- 'x'"],
  ["--bogus", "unrecognized option '--bogus'"],
  ["--bogus=3", "unrecognized option '--bogus=3'"],
  ["-w", "option requires an argument -- 'w'"],
  ["--wait", "option '--wait' requires an argument"],
  ["--dr", "option '--drop' requires an argument"],
  ["--info=3", "option '--info' doesn't allow an argument"],
  ["--st", "option '--st' is ambiguous; possibilities: '--stop-lockspaces' '--stderr'"],
  ["--d", "option '--d' is ambiguous; possibilities: '--dump' '--drop'"],
  ["--gl", "option '--gl' is ambiguous; possibilities: '--gl-enable' '--gl-disable'"],
  ["--so /s", "unrecognized option '--so'"],
  ["--kill vg0 --make", "unrecognized option '--make'"],
  ["--make-safe", "option '--make-safe' is for --kill only"],
  ["--drop vg0 --make-safe", "option '--make-safe' is for --kill only"],
  ["--deadline 0", "option '--deadline': '0' is not a number of seconds above 0"],
];

for (const [line, message] of refused) {
  Deno.test(`lvmlockctl ${line} is refused`, () => {
    assertEquals(parseStockOptions(line.split(" ")).mistake, message);
  });
}

Deno.test("help ends the reading, a mistake before it comes first", () => {
  const help = parseStockOptions(["-hx"]);
  assertEquals([help.options.help, help.mistake], [true, undefined]);
  const mistake = parseStockOptions(["-xh"]);
  assertEquals([mistake.options.help, mistake.mistake], [false, "invalid option -- 'x'"]);
});

Deno.test("seconds may have a fraction, and are neither negative nor another base", () => {
  assertEquals(parseSeconds("0.25"), 250);
  for (const text of ["", "-1", "1e3", "0x10", "Infinity", "10000001"]) {
    assertThrows(() => parseSeconds(text), RangeError);
  }
});
