/**
 * What the daemon answers to text that is no request, to requests with wrong or missing fields, and
 * to requests that come in odd pieces or sizes. Every case states the whole answer.
 */
import { assertEquals, assertLess } from "@std/assert";
import { terminator } from "../../ctl/native_text.ts";
import { vgFields } from "./conversation.ts";
import { attempts, VG } from "./target.ts";
import { helloReply, message, refusal, reply, type Wire } from "./wire.ts";

const attempt = attempts("bad input");
const hello = message("hello");

/** Text that is no request, and the reason that is given. */
const unparsable: [string, string][] = [
  ["", "The request is empty"],
  [" \t\r\n# only a comment\n", "The request is empty"],
  ["\n##", "The request is empty"],
  ["request", '"=" or "{" expected after "request" at byte 7 (line 1)'],
  ["request=", "a value is missing at byte 8 (line 1)"],
  ["= hello", "a name is missing at byte 0 (line 1)"],
  ['request="hello', "a string is not closed at byte 9 (line 1)"],
  ['request="hel\\"lo', "a string is not closed at byte 16 (line 1)"],
  ["request='hello", "a string is not closed at byte 8 (line 1)"],
  ['request="hello"\n}', 'unexpected "}" at byte 16 (line 2)'],
  ["a {\n b = 1\n", "a section is not closed at byte 11 (line 3)"],
  ["a = [1, 2", "an array is not closed at byte 9 (line 1)"],
  ["a = [1 = 2]", "a value is missing at byte 7 (line 1)"],
  ["a{".repeat(100), "sections are nested too deeply at byte 66 (line 1)"],
  ["a=" + "[".repeat(100), "arrays are nested too deeply at byte 34 (line 1)"],
  ["\u0001\u0002\u00ff\u00fe", '"=" or "{" expected after "????" at byte 4 (line 1)'],
  ["request=hello\0", "a NUL at byte 13"],
  ["GET / HTTP/1.1\r\nHost: x\r\n\r", '"=" or "{" expected after "GET" at byte 4 (line 1)'],
  ["a=1\nrequest=quit\0\0\0", "a NUL at byte 16"],
];

/** Config text without a request that the daemon knows. */
const unknown: [string, string][] = [
  ["a = 1", "No request field"],
  ["request = 7", "No request field"],
  ["request = [hello]", "No request field"],
  ["request = 1.5", "No request field"],
  ["request { hello = 1 }\na = 1", "No request field"],
  ["section {\n request = hello\n}\na = 1", "No request field"],
  ['request = "lock_pv"', "Unknown request lock_pv"],
  ['request = "HELLO"', "Unknown request HELLO"],
  ['request = "hello "', "Unknown request hello "],
  ['request = ""', "Unknown request "],
  ['request = "none"', "Unknown request none"],
  ['request = "constructor"', "Unknown request constructor"],
  ['request = "a\\"b\\\\c"', 'Unknown request a"b\\c'],
  ['request = "a\nop_result = 0\n"', "Unknown request a?op_result = 0?"],
  [`request = "${"x".repeat(10_000)}"`, `Unknown request ${"x".repeat(184)}`],
  ['request = lock_pv\nrequest = "hello"', "Unknown request lock_pv"],
];

attempt(
  "what is no request is refused with a reason, and the connection goes on",
  async (target, t) => {
    const wire = await target.wire();
    for (const [text, reason] of [...unparsable, ...unknown]) {
      await t.step(JSON.stringify(text.slice(0, 40)), async () => {
        assertEquals(await wire.ask(text + terminator), refusal(reason));
        assertEquals(await wire.ask(hello), helloReply);
      });
    }
    wire.close();
    await target.unharmed();
  },
);

const init = (result: number) =>
  `response = "OK"\nop = 3\nop_result = ${result}\nlm_result = 0\nvg_lock_args = "none"\n` +
  'lv_lock_args = "none"\nresult_flags = "none"\n';
const query = (result: number, mode: string) =>
  `response = "OK"\nop = 23\nop_result = ${result}\nlock_type = "none"\nmode = "${mode}"\n`;

/** The answer to each request of which only the name is sent. */
const bare: Record<string, string> = {
  init_vg: init(-22),
  init_lv: init(-22),
  free_vg: reply(4, -210, "none"),
  free_lv: reply(4, -210, "none"),
  start_vg: reply(5, -22, "none"),
  stop_vg: reply(6, -210, "none"),
  lock_gl: reply(7, -22),
  lock_vg: reply(7, -210, "none"),
  lock_lv: reply(7, -210, "none"),
  vg_update: reply(8, -210, "none"),
  start_wait: reply(12, 0, "none"),
  rename_vg_before: reply(16, -210, "none"),
  rename_vg_final: reply(17, -22, "none"),
  running_lm: reply(18, 2, "none"),
  find_free_lock: reply(19, -210, "none"),
  kill_vg: reply(20, -210, "none"),
  drop_vg: reply(21, -210, "none"),
  busy_vg: reply(22, -210, "none"),
  query_lock_vg: query(-210, "iv"),
  query_lock_lv: query(-210, "iv"),
  refresh_lv: reply(24, 0, "none"),
  setlockargs_vg_before: reply(28, -210, "none"),
  setlockargs_vg_final: init(-22).replace("op = 3", "op = 29"),
  set_remote_lv_lock: 'response = "OK"\nop = 30\nop_result = -210\n',
  quit: helloReply.replace("result = 0", "result = -16"),
};

attempt(
  "a request without any field gets the answer that says what is missing",
  async (target, t) => {
    const wire = await target.wire();
    for (const [name, expected] of Object.entries(bare)) {
      await t.step(name, async () => assertEquals(await wire.ask(message(name)), expected));
    }
    wire.close();
    await target.unharmed();
  },
);

const lockVg = { cmd: "test", ...vgFields(VG, "none"), vg_lock_type: "none", opts: "none" };

/** Text that replaces a field of `lock_vg` with mode `sh`, and the result. */
const wrong: [string, string, number, lockType?: string][] = [
  ["mode", "mode = 2", -22],
  ["mode", "mode = [sh]", -22],
  ["mode", 'mode = "SH"', -22],
  ["mode", 'mode = "sh "', -22],
  ["mode", 'mode = ""', -22],
  ["mode", 'mode = "nl"', -22],
  ["mode", 'mode = "constructor"', -22],
  ["mode", 'mode = "__proto__"', -22],
  ["mode", "", -22],
  ["mode", "mode = sh", 0],
  ["mode", "mode = 'sh'", 0],
  ["mode", '"mode"="sh"', 0],
  ["mode", 'mode = "sh"\nmode = "ex"', 0],
  ["vg_name", "vg_name = 5", -210, "none"],
  ["vg_name", "vg_name = 1.5", -210, "none"],
  ["vg_name", 'vg_name = "none"', -210, "none"],
  ["vg_name", 'vg_name = ["vg0"]', -210, "none"],
  ["vg_lock_type", "vg_lock_type = 2", 0],
  ["vg_lock_type", 'vg_lock_type = "toString"', -22, "lm_unknown"],
  ["opts", "opts = 1", 0],
  ["opts", 'opts = "no such word"', 0],
  ["pid", 'pid = "one"', 0],
  ["pid", "pid = 99999999999999999999999999", 0],
  ["pid", "pid = -1", 0],
  ["pid", "version = 1e300", 0],
  ["pid", "max_retries = -2147483649", 0],
  ["pid", "path_num = 2000000000", 0],
  ["pid", "path_num = -1\npath[0] = 1", 0],
  ["cmd", "cmd = 3.5", 0],
];

attempt("a field of the wrong type counts as missing", async (target, t) => {
  for (const [field, text, result, lockType = "dlm"] of wrong) {
    await t.step(`${field}: ${text.slice(0, 40)}`, async () => {
      using wire = await target.wire();
      const lines = message("lock_vg", { ...lockVg, mode: "sh" }).replace(terminator, "").split(
        "\n",
      );
      const rest = lines.filter((line) => !line.startsWith(`${field} `));
      const found = await wire.ask([...rest, text, ""].join("\n") + terminator);
      assertEquals(found, reply(7, result, lockType));
    });
  }
  await target.unharmed();
});

async function conversation(wire: Wire, send: (text: string) => Promise<void>) {
  const replies = [];
  for (const text of [hello, lock("ex"), message("running_lm"), lock("un")]) {
    await send(text);
    replies.push(await wire.reply());
  }
  return replies;
}

const lock = (mode: string) => message("lock_vg", { ...lockVg, mode });
const expected = [helloReply, reply(7, 0), reply(18, 2, "none"), reply(7, 0)];

attempt("a request may come one byte at a time, or in any two pieces", async (target) => {
  {
    using wire = await target.wire();
    const found = await conversation(wire, async (text) => {
      for (const byte of text) await wire.send(byte);
    });
    assertEquals(found, expected);
    for (let cut = 1; cut < hello.length; cut++) {
      await wire.send(hello.slice(0, cut));
      await wire.send(hello.slice(cut));
      assertEquals(await wire.reply(), helloReply);
    }
  }
  await target.unharmed();
});

attempt("many requests at once are answered in order, each one", async (target) => {
  const count = 5000;
  {
    using wire = await target.wire();
    // The first has to wait, so that the others are all there when it is answered.
    using other = await target.place.connect();
    assertEquals(await other.lockVg(VG, "ex"), 0);
    await wire.send(lock("sh") + (message("stop_vg") + hello).repeat(count));
    assertEquals(await other.lockVg(VG, "un"), 0);
    assertEquals(await wire.reply(), reply(7, 0));
    for (let i = 0; i < count; i++) {
      assertEquals(await wire.reply(), reply(6, -210, "none"));
      assertEquals(await wire.reply(), helloReply);
    }
    assertEquals(await wire.ask(lock("un")), reply(7, 0));
  }
  await target.unharmed();
});

const MIB = 1024 * 1024;

attempt("a request of 1 MiB is taken, of 20 MiB refused without being kept", async (target) => {
  {
    using wire = await target.wire();
    const padding = `#${"x".repeat(MIB - hello.length - 2)}\n`;
    assertEquals(await wire.ask(padding + hello), helloReply);
  }
  const chunk = new Uint8Array(MIB).fill(0x78);
  const tooLong = async () => {
    using wire = await target.wire();
    await wire.send('request="');
    for (let i = 0; i < 20; i++) await wire.send(chunk);
    await wire.finish();
    assertEquals(await wire.reply(), refusal("Request longer than 1048576 bytes"));
    assertEquals(await wire.rest(), "");
  };
  await tooLong();
  await target.unharmed();
  // Garbage comes and goes; what was kept would be there in full.
  const before = target.daemon.residentKib;
  for (let i = 0; i < 20; i++) await tooLong();
  const grown = target.daemon.residentKib - before;
  assertLess(grown, 200 * 1024, `400 MiB of bad requests cost ${grown} KiB`);
});

attempt("more than 1 MiB behind a request that waits ends the connection", async (target) => {
  {
    using other = await target.place.connect();
    assertEquals(await other.lockVg(VG, "ex"), 0);
    using wire = await target.wire();
    await wire.send(lock("ex"));
    await wire.send("x".repeat(2 * MIB));
    assertEquals(await wire.reply(), refusal("Request longer than 1048576 bytes"));
    await wire.finish();
    assertEquals(await wire.rest(), "");
  }
  await target.unharmed();
});
