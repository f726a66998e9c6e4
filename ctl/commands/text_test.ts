/** How times, tables and names are printed by the readable commands. @module */
import { assertEquals } from "@std/assert";
import { lockspacesText } from "./lockspaces.ts";
import { locksText } from "./locks.ts";
import { statusText } from "./status.ts";
import {
  type ClientJson,
  clientText,
  type HolderJson,
  holdersText,
  hostText,
  type LockspaceJson,
  type ResourceJson,
  table,
  type WaiterJson,
} from "./text.ts";

const lvUuid = "16wgc7-qsD4-fgCk-391b-w1P6-CnpP-KuhQk2";
const since = "2026-01-31T12:00:00.000Z";

const client: ClientJson = {
  id: 7,
  origin: "native",
  pid: 123,
  command: "lvs",
  connected: true,
};
const holder: HolderJson = { mode: "ex", persistent: false, client, since, ageSeconds: 3.2 };
const waiter: WaiterJson = {
  op: "lock",
  mode: "sh",
  persistent: false,
  client: { ...client, pid: 124 },
  since,
  ageSeconds: 61,
  blockedBy: null,
};
const heldSince = "2026-01-31T11:57:00.000Z";
const nowMs = Date.parse(since);
const host = { hostId: 2, generation: 5, state: "LIVE", name: "node2", heldSince };
const vgLock: ResourceJson = {
  type: "vg",
  vg: "vg0",
  lockspace: "lvm_vg0",
  name: "VGLK",
  lvUuid: null,
  mode: "ex",
  version: 6,
  holders: [holder],
  waiters: [waiter],
};
const lvLock: ResourceJson = {
  ...vgLock,
  type: "lv",
  name: lvUuid,
  lvUuid,
  holders: [{ ...holder, persistent: true, client: { ...client, connected: false } }],
  waiters: [{ ...waiter, op: "free" }, { ...waiter, blockedBy: host }],
};
const lockspace: LockspaceJson = {
  vg: "vg0",
  lockspace: "lvm_vg0",
  vgUuid: null,
  lockType: "sanlock",
  lockArgs: "1.0.0:lvmlock",
  hostId: 1,
  generation: 4,
  state: "running",
  killed: true,
  dropped: false,
  globalLock: true,
  locks: 2,
  waiting: 1,
  pending: [],
  since,
  ageSeconds: 7200,
  joining: null,
  lease: null,
  hosts: [],
};

Deno.test("columns are as wide as their widest cell, lines end without blanks", () => {
  assertEquals(table([["a", "bb", ""], ["ccc", "d", "e"]]), "a    bb\nccc  d   e\n");
});

Deno.test("clients are named as well as they are known", () => {
  assertEquals(clientText(client), "lvs pid 123");
  assertEquals(clientText({ ...client, command: null, connected: false }), "pid 123, gone");
  assertEquals(clientText({ ...client, pid: null }), "lvs client 7");
  assertEquals(clientText({ ...client, pid: null, command: null }), "client 7");
  assertEquals(clientText(null), "unknown");
});

Deno.test("locks: a line for each holder and each waiter", () => {
  assertEquals(
    locksText([vgLock, lvLock], nowMs, new Map([[lvUuid, "lv0"]])),
    `\
LOCK        MODE  STATE             FOR        BY
VG vg0      ex    held              3 s        lvs pid 123
VG vg0      sh    waiting           1 min 1 s  lvs pid 124
LV vg0/lv0  ex    held, persistent  3 s        lvs pid 123, gone
LV vg0/lv0        waiting to free   1 min 1 s  lvs pid 124
LV vg0/lv0  sh    waiting           1 min 1 s  lvs pid 124; held by host 2 (node2), LIVE, for 3 min 0 s
`,
  );
});

Deno.test("lockspaces: state and marks of each", () => {
  const global = { ...lockspace, vg: null, lockType: null, lockArgs: null, hostId: null };
  assertEquals(
    lockspacesText([{ ...global, killed: false, dropped: true, state: "stopping" }, lockspace]),
    `\
*** VG vg0 lost its lock storage: deactivate its LVs, then run lvmlockctl drop vg0
VG        TYPE     STATE              FOR        HOST            LOCKS  WAITING  GLOBAL LOCK  ARGS
(global)  unknown  stopping, dropped  2 h 0 min                  2      1        yes
vg0       sanlock  running, killed    2 h 0 min  1 generation 4  2      1        yes          1.0.0:lvmlock
`,
  );
});

Deno.test("status: what is served, in words", () => {
  assertEquals(
    statusText({
      apiVersion: "v1",
      version: "1.2.3",
      pid: 44,
      started: since,
      uptimeSeconds: 75,
      testMode: false,
      globalLockType: null,
      lockManagers: [{
        type: "dlm",
        provider: "embedded",
        clusterName: "local-1",
        protects: "this host only",
        acrossHosts: false,
      }],
      nativeSocket: "/n",
      apiSocket: "/a",
      tableSha256: "00",
      counts: { clients: 1, lockspaces: 2, locks: 1, waiting: 3, sessions: 0 },
    }),
    `\
lvmlockd 1.2.3, pid 44, up 1 min 15 s
Lock manager   dlm (embedded), cluster local-1: this host only
Global lock    not chosen yet
Native socket  /n
API socket     /a
Serving        2 lockspaces, 1 lock, 3 waiting, 1 client, 0 sessions
`,
  );
});

Deno.test("a host is named as well as it is known", () => {
  assertEquals(hostText(host, nowMs), "host 2 (node2), LIVE, for 3 min 0 s");
  assertEquals(hostText(host, nowMs - 600_000), "host 2 (node2), LIVE, for 0 s");
  assertEquals(hostText({ ...host, name: null, state: null, heldSince: null }, nowMs), "host 2");
});

Deno.test("who is waited for, in one line", () => {
  assertEquals(holdersText(undefined, nowMs), "");
  assertEquals(holdersText({ ...vgLock, holders: [] }, nowMs), "");
  assertEquals(holdersText(vgLock, nowMs), "held ex by lvs pid 123 for 3 s");
  assertEquals(
    holdersText(lvLock, nowMs),
    "held ex by lvs pid 123, gone for 3 s, persistent; by host 2 (node2), LIVE, for 3 min 0 s",
  );
  const many = { ...vgLock, holders: [holder, holder, holder, holder, holder] };
  assertEquals(holdersText(many, nowMs).endsWith(" and 2 more"), true);
});
