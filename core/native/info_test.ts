/**
 * The state listing, line for line as lvmlockctl scans it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { assertEquals, assertMatch } from "@std/assert";
import type { ClientInfo } from "../service.ts";
import {
  type ActionRow,
  type InspectRow,
  type LockspaceRow,
  LockType,
  Mode,
  Op,
  ResourceType,
} from "../types.ts";
import { MAX_CLIENT_LINES, printInfo } from "./info.ts";

const client = (id: number, more: Partial<ClientInfo> = {}): ClientInfo => ({
  id,
  origin: "native",
  pid: 9739,
  fd: 5 + id,
  command: "vgs",
  connectedMs: 0,
  ...more,
});

const lockspace: LockspaceRow = {
  kind: "lockspace",
  name: "lvm_vg1",
  vgName: "vg1",
  vgUuid: "FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ",
  vgArgs: "1.0.0:test",
  lockType: LockType.dlm,
  hostId: 1,
  generation: 0,
  state: "running",
  createFail: false,
  createDone: true,
  threadWork: false,
  threadStop: false,
  threadDone: false,
  killed: false,
  dropped: false,
  glEnabled: false,
  sinceMs: 0,
};

const waiting: ActionRow = {
  kind: "action",
  resource: true,
  clientId: 3,
  requestId: 8,
  flags: 0,
  version: 0,
  op: Op.lock,
  type: ResourceType.vg,
  mode: Mode.sh,
  lockType: LockType.dlm,
  result: 0,
  lmResult: 0,
  owner: { hostId: 0, generation: 0, timestamp: 0, state: "", name: "" },
  sinceMs: 0,
};

const lv = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const rows: InspectRow[] = [
  lockspace,
  { kind: "resource", name: "VGLK", type: ResourceType.vg, mode: Mode.ex, shCount: 0, version: 0 },
  {
    kind: "lock",
    mode: Mode.ex,
    version: 6,
    persistent: false,
    clientId: 2,
    takenBy: 2,
    sinceMs: 0,
  },
  waiting,
  { kind: "resource", name: lv, type: ResourceType.lv, mode: Mode.sh, shCount: 1, version: 0 },
  {
    kind: "lock",
    mode: Mode.sh,
    version: 0,
    persistent: true,
    clientId: 0,
    takenBy: 2,
    sinceMs: 0,
  },
];

/** Lines without the first, which only counts structures. */
function linesOf(pieces: Buffer[]): string[] {
  const lines = Buffer.concat(pieces).toString("latin1").split("\n");
  assertEquals(lines.pop(), "", "the last line ends as the others");
  assertMatch(
    lines.shift()!,
    /^info=structs unused_action_count=\d+ unused_client_count=\d+ unused_resource_count=\d+ unused_lock_count=\d+$/,
  );
  return lines;
}

const clients = [client(2), client(3), client(5, { command: "" })];

Deno.test("the captured listing of 2.03.16", async () => {
  assertEquals(linesOf(await printInfo(clients, rows, "2.03.16")), [
    "info=client pid=9739 fd=7 pi=2 id=2 name=vgs",
    "info=client pid=9739 fd=8 pi=3 id=3 name=vgs",
    "info=client pid=9739 fd=10 pi=4 id=5 name=.",
    "info=ls ls_name=lvm_vg1 vg_name=vg1 vg_uuid=FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ " +
    "vg_sysid=. vg_args=1.0.0:test lm_type=dlm host_id=1 create_fail=0 create_done=1 " +
    "thread_work=0 thread_stop=0 thread_done=0 kill_vg=0 drop_vg=0 sanlock_gl_enabled=0",
    "info=r name=VGLK type=vg mode=ex sh_count=0 version=0",
    "info=lk mode=ex version=6 flags=0x0 client_id=2",
    "info=r_action client_id=3 flags=0x0 version=0 op=lock rt=vg mode=sh lm_type=dlm result=0 lm_rv=0",
    `info=r name=${lv} type=lv mode=sh sh_count=1 version=0`,
    "info=lk mode=sh version=0 flags=0x1 client_id=0",
  ]);
});

Deno.test("the lines of 2.03.40 that differ", async () => {
  const lines = linesOf(await printInfo(clients, rows, "2.03.40"));
  assertEquals(
    lines[3],
    "info=ls ls_name=lvm_vg1 vg_name=vg1 vg_uuid=FxAsZb-jWbk-CdCT-5uoR-hh4N-rU2D-op5gxZ " +
      "vg_args=1.0.0:test lm_type=dlm host_id=1 generation=0 create_fail=0 create_done=1 " +
      "thread_work=0 thread_stop=0 thread_done=0 kill_vg=0 fence_pr=0 no_timeout=0 " +
      "sanlock_gl_enabled=0",
  );
  assertEquals(
    lines[6],
    "info=r_action client_id=3 flags=0x0 version=0 op=lock rt=vg mode=sh lm_type=dlm result=0 " +
      "lm_rv=0 owner_host_id=0 owner_generation=0",
  );
});

Deno.test("lvm_global has empty values, as in the stock listing", async () => {
  const global = {
    ...lockspace,
    name: "lvm_global",
    vgName: "",
    vgUuid: "",
    vgArgs: "",
    hostId: 0,
  };
  const [line] = linesOf(await printInfo([], [global], "2.03.16"));
  assertMatch(
    line!,
    /^info=ls ls_name=lvm_global vg_name= vg_uuid= vg_sysid=\. vg_args= lm_type=dlm /,
  );
});

Deno.test("bits, flags and a request of the lockspace", async () => {
  const killed = { ...lockspace, killed: true, dropped: true, glEnabled: true, threadStop: true };
  const flags = 0x800001;
  const ofLockspace = { ...waiting, resource: false, flags, op: Op.start, type: ResourceType.none };
  const [ls, action] = linesOf(await printInfo([], [killed, ofLockspace], "2.03.16"));
  assertMatch(ls!, /thread_stop=1 thread_done=0 kill_vg=1 drop_vg=1 sanlock_gl_enabled=1$/);
  assertMatch(
    action!,
    /^info=ls_action client_id=3 flags=0x800001 version=0 op=start rt=\. mode=sh /,
  );
});

Deno.test("hostile names stay one word on one line", async () => {
  const name = "a b\tc\nd=e\0";
  const shown = "a?b?c?d=e?";
  const resource = { ...rows[4]!, name } as InspectRow;
  const hostile = { ...lockspace, vgName: name, vgUuid: name, vgArgs: name };
  const lines = linesOf(
    await printInfo([client(1, { command: name })], [hostile, resource], "2.03.16"),
  );
  assertEquals(lines.length, 3);
  assertMatch(lines[0]!, new RegExp(` name=${RegExp.escape(shown)}$`));
  assertMatch(lines[1]!, new RegExp(` vg_name=${RegExp.escape(shown)} vg_uuid=`));
  assertMatch(lines[2]!, new RegExp(`^info=r name=${RegExp.escape(shown)} type=`));
});

Deno.test("lines are shorter than lvmlockctl's buffer", async () => {
  const long = "\xff".repeat(64);
  const widest = {
    ...lockspace,
    name: long,
    vgName: long,
    vgUuid: long,
    vgArgs: long,
    generation: 0xffffffff,
  };
  const busiest = { ...waiting, flags: -1, version: 0xffffffff, clientId: 0xffffffff };
  for (const layout of ["2.03.16", "2.03.40"] as const) {
    const lines = linesOf(
      await printInfo([client(1, { command: long })], [widest, busiest], layout),
    );
    for (const line of lines) assertEquals(line.length < 511, true, line);
  }
});

Deno.test("no more client lines than lvmlockctl has room for, those with locks first", async () => {
  const many = Array.from({ length: 150 }, (_, i) => client(i + 1));
  const holding = { ...rows[2]!, clientId: 149 } as InspectRow;
  const wanting = { ...waiting, clientId: 150 };
  const lines = linesOf(await printInfo(many, [lockspace, rows[1]!, holding, wanting], "2.03.16"));
  const ids = lines.filter((line) => line.startsWith("info=client ")).map((line) =>
    Number(/ id=(\d+) /.exec(line)![1])
  );
  assertEquals(ids.length, MAX_CLIENT_LINES);
  assertEquals(ids.slice(0, 3), [149, 150, 1]);
});

Deno.test("HTTP clients are listed while they hold or want something", async () => {
  const http = { origin: "http" as const };
  const all = [client(2, http), client(3, http), client(4, http)];
  const lines = linesOf(await printInfo(all, rows, "2.03.16"));
  const ids = lines.flatMap((line) => / id=(\d+) /.exec(line)?.[1] ?? []);
  assertEquals(ids, ["2", "3"]);
});

Deno.test("a long listing comes in pieces of whole lines, and others have their turn", async () => {
  let turns = 0;
  let done = false;
  const turn = () => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  const many = Array.from({ length: 50_000 }, () => rows[1]!);
  const pieces = await printInfo([], [lockspace, ...many], "2.03.16");
  done = true;
  for (const piece of pieces) assertEquals(piece.at(-1), 10);
  assertEquals(linesOf(pieces).length, 50_001);
  assertEquals(pieces.length > 10 && turns > 1, true);
});
