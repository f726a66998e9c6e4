/**
 * Requests of clients 2.03.16 to 2.03.40: their names, fields and options.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { emptyRequest, LockType, Mode, Op, OptionFlag, ResourceType } from "../types.ts";
import { parseConfigText } from "./config_text.ts";
import { parseOptions, toRequest } from "./request.ts";

const { none, gl, vg, lv } = ResourceType;

function parse(text: string) {
  const request = toRequest(parseConfigText(text));
  if (request === undefined) throw new Error(`not understood: ${text}`);
  return request;
}

/** Number of the operation in replies, and what it is about. */
const names: Record<string, [number, ResourceType]> = {
  hello: [1, none],
  quit: [2, none],
  init_vg: [3, vg],
  init_lv: [3, lv],
  free_vg: [4, vg],
  free_lv: [4, lv],
  start_vg: [5, vg],
  stop_vg: [6, vg],
  lock_gl: [7, gl],
  lock_vg: [7, vg],
  lock_lv: [7, lv],
  vg_update: [8, vg],
  enable_gl: [10, gl],
  disable_gl: [11, gl],
  start_wait: [12, none],
  stop_all: [13, none],
  info: [14, none],
  dump: [15, none],
  rename_vg_before: [16, vg],
  rename_vg_final: [17, vg],
  running_lm: [18, none],
  find_free_lock: [19, vg],
  kill_vg: [20, vg],
  drop_vg: [21, vg],
  busy_vg: [22, vg],
  query_lock_vg: [23, vg],
  query_lock_lv: [23, lv],
  vg_status: [25, vg],
  setlockargs_vg_before: [28, vg],
  setlockargs_vg_final: [29, vg],
  set_remote_lv_lock: [30, lv],
};

Deno.test("every request name", () => {
  for (const [name, [op, resourceType]] of Object.entries(names)) {
    const request = parse(`request="${name}"`);
    assertEquals([request.op, request.resourceType, request.name], [op, resourceType, name], name);
  }
  assertEquals(parse('request="refresh_lv"').op, Op.refreshLv);
});

Deno.test("no other name, and no other kind of name", () => {
  const unknown = ['request="lock"', "request=1", 'name="hello"', 'request="none"'];
  for (const text of [...unknown, 'request="LOCK_VG"', 'request="toString"']) {
    assertEquals(toRequest(parseConfigText(text)), undefined, text);
  }
});

Deno.test("a lock request of lvcreate", () => {
  const request = parse(
    'request="lock_lv"\ncmd ="lvcreate"\npid =7788\nmode ="ex"\nopts ="persistent"\n' +
      'vg_name ="capvg"\nlv_name ="lv2"\nlv_uuid ="MtdEX2-GA2c-QSQF-qZJm-6EZK-o1We-aYbmhd"\n' +
      'vg_lock_type ="dlm"\nvg_lock_args ="1.0.0:test"\nlv_lock_args ="dlm"\n',
  );
  assertEquals(request, {
    ...emptyRequest,
    name: "lock_lv",
    command: "lvcreate",
    dumpRoom: 0,
    op: Op.lock,
    resourceType: lv,
    mode: Mode.ex,
    flags: OptionFlag.persistent,
    lockType: LockType.dlm,
    vgName: "capvg",
    vgArgs: "1.0.0:test",
    lvName: "lv2",
    lvUuid: "MtdEX2-GA2c-QSQF-qZJm-6EZK-o1We-aYbmhd",
    lvArgs: "dlm",
  });
});

Deno.test("the numbers and texts that only some requests have", () => {
  const request = parse(
    'request="start_vg" vg_uuid="U" version=15 host_id=2000 max_retries=1 align_mb=8 ' +
      'lv_size_bytes=268435456 path="/dev//vg/lv" path_num=2 path[0]="/dev/sda" path[1]="/dev/sdb" ' +
      'path[2]="/dev/sdc" prev_lv_args="1.0.0:70254592"',
  );
  const { vgUuid, version, hostId, maxRetries, alignMb, lvSizeBytes, path, pvPaths } = request;
  assertEquals([vgUuid, version, hostId, maxRetries], ["U", 15, 2000, 1]);
  assertEquals([alignMb, lvSizeBytes, path], [8, 268435456, "/dev//vg/lv"]);
  assertEquals(pvPaths, ["/dev/sda", "/dev/sdb"]);
  const gaps = parse(
    'request="lock_lv" path_num=4 path[3]="/dev/d" path[1]="none" path[0]="/dev/a"',
  );
  assertEquals(gaps.pvPaths, ["/dev/a", "/dev/d"]);
  assertEquals(parse('request="lock_lv" path_num=-1 path[0]="/dev/a"').pvPaths, []);
  assertEquals(request.otherArgs, "1.0.0:70254592");
  const both = parse('request="init_vg" set_lock_args="persist" prev_lv_args="x"');
  assertEquals(both.otherArgs, "persist");
});

Deno.test("none is nothing, a field of another kind is missing", () => {
  const request = parse(
    'request="lock_vg" vg_name="none" vg_uuid="none" mode=3 vg_lock_type="none" opts="none" ' +
      'version="7" max_retries="1" host_id=[1] cmd="none"',
  );
  const { name: _name, ...fields } = request;
  assertEquals(fields, {
    ...emptyRequest,
    op: Op.lock,
    resourceType: vg,
    command: "",
    dumpRoom: 0,
  });
});

Deno.test("modes and lock types", () => {
  const modes = { un: 0, nl: 1, sh: 2, ex: 3, iv: -1, EX: -1, constructor: -1 };
  for (const [word, mode] of Object.entries(modes)) {
    assertEquals(parse(`request="lock_vg" mode="${word}"`).mode as number, mode, word);
  }
  const types = { none: 0, dlm: 2, sanlock: 3, idm: 4, clvm: -2, valueOf: -2 };
  for (const [word, type] of Object.entries(types)) {
    assertEquals(parse(`request="lock_vg" vg_lock_type="${word}"`).lockType as number, type, word);
  }
});

Deno.test("names are cut to 64 bytes", () => {
  const long = "x".repeat(65);
  const keys = ["vg_name", "lv_name", "lv_uuid", "vg_uuid", "cmd", "vg_lock_args", "lv_lock_args"];
  const request = parse(`request="lock_lv" ${keys.map((key) => `${key}="${long}"`).join(" ")}`);
  const { vgName, lvName, lvUuid, vgUuid, command, vgArgs, lvArgs } = request;
  for (const text of [vgName, lvName, lvUuid, vgUuid, command, vgArgs, lvArgs]) {
    assertEquals(text, long.slice(1));
  }
});

/** What clients put into `opts`, and words that they might. */
const options: [string, (keyof typeof OptionFlag)[]][] = [
  ["", []],
  ["none", []],
  ["persistent", ["persistent"]],
  ["persistent,", ["persistent"]],
  ["persistent,adopt_only", ["persistent", "adoptOnly"]],
  ["persistent,adopt", ["persistent", "adopt"]],
  ["persistent,repair", ["persistent", "repair"]],
  ["persistent,adopt_onlyrepair", ["persistent", "adoptOnly", "repair"]],
  ["adopt_onlyrepair", ["adoptOnly", "repair"]],
  ["adoptrepair", ["adopt", "repair"]],
  ["start_init", []],
  ["nodelay,adopt_only,", ["nodelay", "adoptOnly"]],
  ["nodelay,adopt,repair", ["nodelay", "adopt", "repair"]],
  ["wait ", ["wait"]],
  ["force ", ["force"]],
  ["wait force ", ["wait", "force"]],
  ["unlock_cancel", ["unlockCancel"]],
  ["next_version", ["nextVersion"]],
  ["ex_disable", ["exDisable"]],
  ["enable", ["enable"]],
  ["disable", ["disable"]],
  ["unknown,wait", ["wait"]],
  ["nowait", []],
];

Deno.test("option words, alone and run together", () => {
  for (const [opts, words] of options) {
    const flags = words.reduce((flags, word) => flags | OptionFlag[word], 0);
    assertEquals(parseOptions(opts), flags, opts);
  }
});

Deno.test("a client says how much it has room for", () => {
  assertEquals(parse('request = "info"\ndump_room = 5000000\n').dumpRoom, 5_000_000);
  assertEquals(parse('request = "info"\ndump_room = "much"\n').dumpRoom, 0);
});
