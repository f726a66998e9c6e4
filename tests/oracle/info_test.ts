/** Reading state listings of both daemons. @module */
import { assertEquals, assertThrows } from "@std/assert";
import { guardAllows } from "./guard.ts";
import { isGone, parseInfo } from "./info.ts";
import { normaliseInfo, ReplyNormaliser, withoutVersions } from "./normalise.ts";
import type { Fields } from "./script.ts";
import type { Transcript } from "./transcript.ts";

const state = "create_fail=0 create_done=1 thread_work=1 thread_stop=0 thread_done=0 kill_vg=0";
const listing = [
  "info=structs unused_action_count=3 unused_client_count=4 unused_resource_count=5",
  "info=client pid=9 fd=6 pi=1 id=4 name=.",
  "info=client pid=9 fd=7 pi=2 id=5 name=a cmd",
  "info=ls ls_name=REM:lvm_old vg_name=old vg_uuid=u vg_sysid=. vg_args= lm_type=dlm host_id=0 " +
  state + " drop_vg=0 sanlock_gl_enabled=0",
  "info=ls ls_name=lvm_v w vg_name=v w vg_uuid=u vg_sysid=. vg_args=1.0.0:test lm_type=dlm " +
  `host_id=0 ${state} drop_vg=0 sanlock_gl_enabled=0`,
  "info=ls_action client_id=5 flags=0x0 version=0 op=start rt=vg mode=iv lm_type=dlm result=0 lm_rv=0",
  "info=r name=VGLK type=vg mode=un sh_count=0 version=0",
  "info=r name=L2 type=lv mode=un sh_count=0 version=0",
  "info=r name=L1 type=lv mode=ex sh_count=0 version=0",
  "info=lk mode=ex version=0 flags=0x1 client_id=0",
  "info=r_action client_id=5 flags=0x800001 version=0 op=lock rt=lv mode=sh lm_type=dlm result=0 lm_rv=0",
  "",
].join("\n");

const transcript: Transcript = {
  steps: [],
  controlId: 4,
  opened: [2],
  final: "",
  finalReplies: [],
  stuck: [],
};

Deno.test("a listing becomes a tree, blanks in names included", () => {
  const info = parseInfo(listing);
  assertEquals(info.clients.map(({ name }) => name), [".", "a cmd"]);
  assertEquals(info.lockspaces.map(isGone), [true, false]);
  const [, lockspace] = info.lockspaces;
  assertEquals(lockspace!.row.vg_name, "v w");
  assertEquals(lockspace!.row.lm_type, "dlm");
  assertEquals(lockspace!.actions.length, 1);
  const lv = lockspace!.resources[2]!;
  assertEquals([lv.row.name, lv.locks.length, lv.actions.length], ["L1", 1, 1]);
  assertThrows(() => parseInfo("info=what x=1\n"), Error, "unknown line");
});

Deno.test("the normal form names clients, hides chance and leaves idle LVs out", () => {
  const lines = normaliseInfo(listing, transcript);
  assertEquals(lines[0], "client id=control name=.");
  assertEquals(lines[1], "client id=client 2.0 name=a?cmd");
  assertEquals(lines.some((line) => /old|thread_work|vg_sysid|pid=|L2/.test(line)), false);
  assertEquals(lines.filter((line) => line.includes("lk mode=ex")).length, 0);
  const lv = lines.findIndex((line) => line.includes("name=L1"));
  assertEquals(lines[lv + 1], "    lock mode=ex version=0 flags=0x1 client_id=nobody");
  const waiting = "    waits client_id=client 2.0 flags=0x1 version=0 op=lock";
  assertEquals(lines[lv + 2]!.startsWith(waiting), true);
  assertEquals(withoutVersions(lines)[lv + 1], "    lock mode=ex flags=0x1 client_id=nobody");
});

Deno.test("a resource's lines are sorted with it, its locks keep their order", () => {
  const lines = normaliseInfo(listing, transcript).map((line) => line.trim().slice(0, 18));
  const order = ["lockspace ls_name=", "waits client_id=cl", "resource name=L1 t"];
  assertEquals(lines.slice(2, 5), order);
  assertEquals(lines.at(-1), "resource name=VGLK");
});

Deno.test("replies: new keys go, flags are a set, lengths and leases are relative", () => {
  const normaliser = new ReplyNormaliser();
  const reply = (text: string) => Object.fromEntries(normaliser.normalise(text));
  const flags =
    'op_result = -210\nresult_flags = "NO_LOCKSPACES,NO_GL_LS,NO_LM"\nls_generation = 4\n';
  assertEquals(reply(flags), { op_result: "-210", result_flags: "NO_GL_LS,NO_LM,NO_LOCKSPACES" });
  assertEquals(reply("result = 0\ndump_len = 77\n"), { result: "0", dump_len: "some" });
  assertEquals(reply('lv_lock_args = "1.0.0:1000"\n'), { lv_lock_args: "lease 0" });
  assertEquals(reply('lv_lock_args = "1.0.0:3000"\n'), { lv_lock_args: "lease 2000" });
  assertEquals(reply('mode = "a\\"b\\\\c"\n'), { mode: 'a"b\\c' });
});

Deno.test("guards look at the lock that the request is about", () => {
  const info = parseInfo(listing);
  const on = (uuid: string, opts = "none"): Fields => [
    ["request", "lock_lv"],
    ["vg_name", "v w"],
    ["lv_uuid", uuid],
    ["opts", opts],
  ];
  assertEquals(guardAllows("unlocked", on("L1"), info, 5), false);
  assertEquals(guardAllows("unlocked", on("L2"), info, 5), true);
  assertEquals(guardAllows("unlocked", on("L9"), info, 5), true);
  assertEquals(guardAllows("cancelSafe", on("L1"), info, 5), false);
  assertEquals(guardAllows("cancelSafe", on("L1", "persistent"), info, 5), true);
  assertEquals(guardAllows("cancelSafe", on("L2", "persistent"), info, 5), false);
});
