/**
 * Replies, byte for byte as the stock daemon was seen to write them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { LockType, Mode, Op, type Reply, ResultFlag } from "../types.ts";
import { parseConfigText } from "./config_text.ts";
import { printDump, printHello, printRefusal, printReply, resultFlags } from "./reply.ts";
import { toRequest } from "./request.ts";

const noOwner = { hostId: 0, generation: 0, timestamp: 0, state: "", name: "" };
const empty: Reply = {
  op: Op.lock,
  result: 0,
  lmResult: 0,
  lockType: LockType.none,
  flags: 0,
  mode: Mode.iv,
  vgArgs: "",
  lvArgs: "",
  owner: noOwner,
  lsGeneration: 0,
  prevGeneration: 0,
};

/** The answer to a request as text, with the lines of one reply each ending in `\n`. */
function answer(request: string, reply: Partial<Reply>): string {
  const parsed = toRequest(parseConfigText(request))!;
  return printReply(parsed, { ...empty, op: parsed.op, ...reply });
}

const END = "\n##\n";
const { noLockspaces, noGlLs, noLm, dupGlLs, warnGlRemoved, shExists, hostsUnknown } = ResultFlag;

Deno.test("hello and quit", () => {
  const text = (result: number) =>
    `response = "OK"\nresult = ${result}\nprotocol = "lvmlockd"\nversion = 1\n${END}`;
  assertEquals(printHello(0), text(0));
  assertEquals(printHello(-16), text(-16));
});

Deno.test("info and dump", () => {
  assertEquals(printDump(0, 148), `response = "OK"\nresult = 0\ndump_len = 148\n${END}`);
});

Deno.test("captured replies of 2.03.16", () => {
  const { dlm, sanlock } = LockType;
  const captured: [string, Partial<Reply>, string][] = [
    ['request="running_lm"', { result: 2 }, `op = 18\nlock_type = "none"\nop_result = 2\n`],
    [
      'request="lock_gl" mode="ex" vg_lock_type="dlm"',
      { lockType: dlm },
      `op = 7\nlock_type = "dlm"\nop_result = 0\n`,
    ],
    [
      'request="vg_update" vg_name="capvg" version=2',
      { result: -210 },
      `op = 8\nlock_type = "none"\nop_result = -210\n`,
    ],
    ['request="start_vg"', { lockType: dlm }, `op = 5\nlock_type = "dlm"\nop_result = 0\n`],
    ['request="start_wait"', {}, `op = 12\nlock_type = "none"\nop_result = 0\n`],
    [
      'request="lock_lv" mode="ex"',
      { lockType: dlm, result: -114 },
      `op = 7\nlock_type = "dlm"\nop_result = -114\n`,
    ],
    [
      'request="lock_gl" mode="un"',
      { lockType: sanlock, result: -211 },
      `op = 7\nlock_type = "sanlock"\nop_result = -211\n`,
    ],
  ];
  for (const [request, reply, head] of captured) {
    const text = `response = "OK"\n${head}lm_result = 0\nresult_flags = "none"\n${END}`;
    assertEquals(answer(request, reply), text);
  }
});

Deno.test("captured result flags", () => {
  const text = (flags: string) =>
    `response = "OK"\nop = 8\nlock_type = "none"\nop_result = -210\nlm_result = 0\n` +
    `result_flags = "${flags}"\n${END}`;
  const update = (flags: number) => answer('request="vg_update"', { result: -210, flags });
  assertEquals(update(noLockspaces), text("NO_LOCKSPACES,"));
  assertEquals(update(noGlLs), text("NO_GL_LS,"));
  assertEquals(update(noLockspaces | noGlLs), text("NO_LOCKSPACES,NO_GL_LS,"));
  assertEquals(update(noLockspaces | noGlLs | noLm), text("NO_LOCKSPACES,NO_GL_LS,NO_LM"));
});

Deno.test("every result flag has its word", () => {
  assertEquals(resultFlags(0), "none");
  assertEquals(resultFlags(dupGlLs), "DUP_GL_LS,");
  assertEquals(resultFlags(warnGlRemoved), "WARN_GL_REMOVED,");
  assertEquals(resultFlags(shExists), "SH_EXISTS,");
  assertEquals(resultFlags(hostsUnknown), "HOSTS_UNKNOWN,");
  assertEquals(resultFlags(1 << 20), "none");
});

Deno.test("init_vg and init_lv", () => {
  const init = (vgArgs: string, lvArgs: string, result = 0) =>
    `response = "OK"\nop = 3\nop_result = ${result}\nlm_result = 0\nvg_lock_args = "${vgArgs}"\n` +
    `lv_lock_args = "${lvArgs}"\nresult_flags = "none"\n${END}`;
  const vg = 'request="init_vg" vg_name="capvg"';
  assertEquals(answer(vg, { vgArgs: "1.0.0:test" }), init("1.0.0:test", "none"));
  const lv = 'request="init_lv" vg_lock_args="1.0.0:lvmlock"';
  const lvArgs = "1.0.0:70254592";
  assertEquals(answer(lv, { lvArgs }), init("1.0.0:lvmlock", lvArgs));
  assertEquals(answer('request="init_lv"', { result: -22 }), init("none", "none", -22));
  const final = 'request="setlockargs_vg_final"';
  const made = answer(final, { vgArgs: "2.0.0:lvmlock:notimeout" });
  assertEquals(made, init("2.0.0:lvmlock:notimeout", "none").replace("op = 3", "op = 29"));
});

Deno.test("query_lock and set_remote_lv_lock", () => {
  const query = 'request="query_lock_lv"';
  assertEquals(
    answer(query, { lockType: LockType.dlm, mode: Mode.sh }),
    `response = "OK"\nop = 23\nop_result = 0\nlock_type = "dlm"\nmode = "sh"\n${END}`,
  );
  assertEquals(
    answer(query, { result: -210 }),
    `response = "OK"\nop = 23\nop_result = -210\nlock_type = "none"\nmode = "iv"\n${END}`,
  );
  const remote = answer('request="set_remote_lv_lock"', { result: -1, lockType: LockType.dlm });
  assertEquals(remote, `response = "OK"\nop = 30\nop_result = -1\n${END}`);
});

Deno.test("what only 2.03.40 tells: owner, generations", () => {
  const owner = { hostId: 2, generation: 7, timestamp: 1234, state: "LIVE", name: "host2" };
  const sanlock = { lockType: LockType.sanlock };
  const head = `lock_type = "sanlock"\nop_result = -11\nlm_result = -243\n`;
  assertEquals(
    answer('request="lock_vg"', { ...sanlock, result: -11, lmResult: -243, owner }),
    `response = "OK"\nop = 7\n${head}owner_host_id = 2\nowner_generation = 7\n` +
      `owner_timestamp = 1234\nowner_state = "LIVE"\nowner_name = "host2"\n` +
      `result_flags = "none"\n${END}`,
  );
  const start = answer('request="start_vg"', { ...sanlock, prevGeneration: 4, lsGeneration: 5 });
  assertEquals(
    start,
    `response = "OK"\nop = 5\nlock_type = "sanlock"\nop_result = 0\nlm_result = 0\n` +
      `prev_generation = 4\nresult_flags = "none"\n${END}`,
  );
  const lock = answer('request="lock_vg"', { ...sanlock, lsGeneration: 5 });
  assertEquals(
    lock,
    `response = "OK"\nop = 7\nlock_type = "sanlock"\nop_result = 0\nlm_result = 0\n` +
      `result_flags = "none"\nls_generation = 5\n${END}`,
  );
});

Deno.test("vg_status shows the owner's place even when it is empty, never a name", () => {
  const status = (owner: Reply["owner"]) =>
    answer('request="vg_status"', { lockType: LockType.sanlock, owner });
  const text = (numbers: number[], state: string) =>
    `response = "OK"\nop = 25\nlock_type = "sanlock"\nop_result = 0\nlm_result = 0\n` +
    `owner_host_id = ${numbers[0]}\nowner_generation = ${numbers[1]}\n` +
    `owner_timestamp = ${numbers[2]}\nowner_state = "${state}"\nowner_name = "none"\n` +
    `result_flags = "none"\n${END}`;
  assertEquals(status(noOwner), text([0, 0, 0], "none"));
  const owner = { hostId: 1, generation: 2, timestamp: 3, state: "LIVE", name: "me" };
  assertEquals(status(owner), text([1, 2, 3], "LIVE"));
});

Deno.test("quotes and backslashes come back as they were", () => {
  const vgArgs = String.raw`1.0.0:a"b\c`;
  const text = answer('request="init_vg"', { vgArgs });
  assertEquals(parseConfigText(text.slice(0, -END.length)).get("vg_lock_args"), vgArgs);
});

Deno.test("a refusal is a reply like others, with a reason", () => {
  const fields = parseConfigText(printRefusal(-22, 'Unknown "x"\n\xff').slice(0, -END.length));
  assertEquals(fields.get("response"), "OK");
  assertEquals(fields.get("op_result"), -22);
  assertEquals(fields.get("reason"), 'Unknown "x"??');
  const long = printRefusal(-22, "\n##\n".repeat(1000));
  assertEquals(long.indexOf(END), long.length - END.length, "a reply has one end");
});

Deno.test("every lock type has its word", () => {
  const words = [
    [LockType.unknown, "lm_unknown"],
    [LockType.none, "none"],
    [LockType.dlm, "dlm"],
    [LockType.sanlock, "sanlock"],
    [LockType.idm, "idm"],
  ] as const;
  for (const [lockType, word] of words) {
    const fields = parseConfigText(answer('request="busy_vg"', { lockType }).slice(0, -END.length));
    assertEquals(fields.get("lock_type"), word);
  }
});
