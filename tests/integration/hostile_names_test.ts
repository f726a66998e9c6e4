/**
 * Names that no LVM command would send, in every text field of every request: the daemon answers as
 * it does for a plain name, holds what it says it holds, also across a crash, and gives it back.
 */
import { assert, assertEquals } from "@std/assert";
import { parseReply } from "../../ctl/native_text.ts";
import { type Conversation, type Fields, vgFields } from "./conversation.ts";
import { CLUSTER, Place } from "./daemon.ts";
import { attempts, type Target, VG } from "./target.ts";
import { message, refusal } from "./wire.ts";

/** Byte strings. */
const hostile: Record<string, string> = {
  "quotes and backslashes": `"'\\"\\\\'`,
  "line breaks": "a\r\nop_result = 0\nb",
  "brackets and signs": "}={[,#$()`;&|",
  "control characters": "\u0001\u0007\u001b[31m\u007f",
  "UTF-8": "\u00c3\u00a4\u00e2\u0082\u00ac",
  "invalid UTF-8": "\u00ff\u00fe\u00c3\u0028\u00ed\u00a0\u0080",
  "10 kB": "x".repeat(10_000),
  "a terminator without its end": "a\n##",
  "a word of the protocol": "VGLK",
  "a word of JavaScript": "__proto__",
};

const plain = "zzz";
const gone = { cmd: "test", ...vgFields("nosuch", "none") };
const here = { cmd: "test", ...vgFields(VG, `1.0.0:${CLUSTER}`), opts: "none" };
const lv = { lv_name: "lv", lv_uuid: "u", lv_lock_args: "dlm" };

/** Requests that leave no lockspace changed, each with every text field that it can have. */
const requests: [string, Fields][] = [
  ["running_lm", {}],
  ["lock_gl", { cmd: "test", mode: "sh", opts: "none", vg_lock_type: "dlm" }],
  ["lock_vg", { ...here, mode: "ex", vg_uuid: "u" }],
  ["lock_lv", { ...here, ...lv, mode: "ex", path: "/dev/x" }],
  ["vg_update", { ...here, version: 3 }],
  ["query_lock_vg", here],
  ["query_lock_lv", { ...here, ...lv }],
  ["refresh_lv", { ...here, ...lv, path: "/dev//vg0/lv" }],
  ["find_free_lock", here],
  ["free_lv", { ...here, ...lv }],
  ["busy_vg", here],
  ["init_vg", { ...gone, set_lock_args: "none" }],
  ["init_lv", { ...gone, ...lv, prev_lv_args: "none" }],
  ["free_vg", gone],
  ["stop_vg", gone],
  ["kill_vg", gone],
  ["drop_vg", gone],
  ["enable_gl", gone],
  ["disable_gl", gone],
  ["rename_vg_before", gone],
  ["rename_vg_final", gone],
  ["start_wait", gone],
  ["vg_status", gone],
  ["setlockargs_vg_before", { ...gone, set_lock_args: "x" }],
  ["setlockargs_vg_final", { ...gone, set_lock_args: "x" }],
  ["set_remote_lv_lock", { ...gone, ...lv, mode: "ex" }],
  ["hello", gone],
];

const attempt = attempts("hostile names");

/** A new client's whole answer; lock args are given back to the client, and are left out here. */
async function answer(target: Target, text: string): Promise<string> {
  using wire = await target.wire();
  const reply = await wire.ask(text);
  assert(reply !== undefined, `the connection was closed after ${text.slice(0, 200)}`);
  return reply.replace(/^([vl][gv]_lock_args) = "([^"\\]|\\.)*"\n/gm, "$1\n");
}

for (const [name, fields] of requests) {
  attempt(`in ${name}`, async (target) => {
    for (const field of Object.keys(fields).filter((key) => typeof fields[key] === "string")) {
      const expected = await answer(target, message(name, { ...fields, [field]: plain }));
      for (const [kind, value] of Object.entries(hostile)) {
        const found = await answer(target, message(name, { ...fields, [field]: value }));
        assertEquals(found, expected, `${name} with ${kind} in ${field}`);
      }
      const nul = message(name, { ...fields, [field]: "a\0b" });
      const reason = `a NUL at byte ${nul.indexOf("\0")}`;
      assertEquals(await answer(target, nul), refusal(reason), `NUL in ${field}`);
    }
  });
}

attempt("as the name of the request", async (target) => {
  for (const value of Object.values(hostile)) {
    const shown = value.replace(/[^\x20-\x7e]/g, "?");
    const expected = refusal(`Unknown request ${shown}`.slice(0, 200));
    assertEquals(await answer(target, message(value)), expected);
  }
});

attempt("lock args come back as they were sent, up to 64 bytes", async (target) => {
  using wire = await target.wire();
  for (const value of Object.values(hostile)) {
    const text = await wire.ask(message("init_lv", { ...here, ...lv, vg_lock_args: value }));
    assertEquals(parseReply(text!).get("vg_lock_args"), value.slice(0, 64));
    const other = await wire.ask(message("init_lv", { ...here, ...lv, lv_lock_args: value }));
    assertEquals(parseReply(other!).get("lv_lock_args"), value.slice(0, 64));
  }
});

/** Starts a VG of any name, and says whether that worked. */
async function start(client: Conversation, vgName: string): Promise<number> {
  const fields = { ...vgFields(vgName, `1.0.0:${CLUSTER}`), vg_uuid: "u", version: 1, host_id: 0 };
  const result = await client.result("start_vg", { ...fields, opts: "none" });
  await client.result("start_wait");
  return result;
}

/** Those that are a different name from each other within the length that counts. */
const names = Object.values(hostile).filter((name) => name.length < 60);

Deno.test("locks and VGs with hostile names are held across a crash, and given back", async () => {
  await using place = await Place.open("embedded");
  const first = await place.start();
  {
    using client = await place.connect();
    assertEquals(await start(client, VG), 0);
    for (const name of names) {
      assertEquals(await start(client, name), 0, name);
      assertEquals(await client.lockVg(name, "ex"), 0, name);
      assertEquals(await client.lockLv(VG, name, "sh"), 0, name);
      assertEquals(await client.lockLv(name, name, "ex"), 0, name);
    }
    assertEquals(await start(client, hostile["10 kB"]!), -212);
  }
  await first.kill();
  const second = await place.start();
  using client = await place.connect();
  for (const name of names) {
    assertEquals(await client.lvMode(VG, name), "sh", name);
    assertEquals(await client.lvMode(name, name), "ex", name);
    assertEquals(await client.result("stop_vg", vgFields(name, "none")), -16, name);
    assertEquals(await client.lockLv(VG, name, "un"), 0, name);
    assertEquals(await client.lockLv(name, name, "un"), 0, name);
    assertEquals(await client.result("stop_vg", vgFields(name, "none")), 0, name);
  }
  assertEquals(await client.result("stop_vg", vgFields(VG, "none")), 0);
  second.signal("SIGTERM");
  assertEquals((await second.ended()).code, 0);
  await place.start();
  using last = await place.connect();
  for (const name of names) assertEquals(await last.lvMode(name, name), "iv", name);
});
