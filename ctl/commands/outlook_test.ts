/** How joins, leases and hosts are told by the readable commands. @module */
import { assertEquals } from "@std/assert";
import { lockspacesText, lockspaceText } from "./lockspaces.ts";
import { alarms, hostsText, joiningText, leaseText, notices } from "./outlook.ts";
import type { LockspaceJson } from "./text.ts";

const since = "2026-01-31T12:00:00.000Z";
const lockspace: LockspaceJson = {
  vg: "vg0",
  lockspace: "lvm_vg0",
  vgUuid: null,
  lockType: "sanlock",
  lockArgs: "1.0.0:lvmlock",
  hostId: 1,
  generation: 4,
  state: "running",
  killed: false,
  dropped: false,
  globalLock: false,
  locks: 2,
  waiting: 1,
  pending: [],
  since,
  ageSeconds: 61,
  joining: null,
  lease: null,
  hosts: [],
};

type Lease = NonNullable<LockspaceJson["lease"]>;
const healthy: Lease = {
  state: "healthy",
  note: "renewed in time",
  renewed: since,
  expires: since,
  remainingSeconds: 72,
};
const late: Lease = {
  ...healthy,
  state: "late",
  note: "not renewed for 60 s",
  remainingSeconds: 19.2,
};
const lost: Lease = { ...healthy, state: "lost", note: "given up", remainingSeconds: 0 };

const node1 = {
  hostId: 1,
  name: "node1",
  generation: 4,
  state: "LIVE",
  self: true,
  lastSeen: since,
  lastSeenSeconds: 3.4,
};
const node2 = {
  ...node1,
  hostId: 2,
  name: "node2",
  state: "FAIL",
  self: false,
  lastSeenSeconds: 75,
};
const node3 = {
  ...node2,
  hostId: 3,
  name: null,
  state: "UNKNOWN",
  lastSeen: null,
  lastSeenSeconds: null,
};

Deno.test("a join is told with the time that it may still take", () => {
  const joining = { note: "joining as host 1", since, ageSeconds: 5, remainingSeconds: 54.1 };
  assertEquals(joiningText(joining), "joining as host 1, at most 55 s more");
  assertEquals(joiningText({ ...joining, remainingSeconds: null }), "joining as host 1");
  assertEquals(
    notices([{ ...lockspace, state: "starting", joining }]),
    "VG vg0 is starting: joining as host 1, at most 55 s more\n",
  );
});

Deno.test("the state of a lease in a cell", () => {
  assertEquals([null, healthy, late, lost].map(leaseText), [
    "",
    "healthy",
    "LATE, 20 s left",
    "LOST",
  ]);
  assertEquals(leaseText({ ...late, remainingSeconds: null }), "LATE");
});

Deno.test("late and lost leases and killed VGs are alarms, the rest is none", () => {
  const global = { ...lockspace, vg: null };
  assertEquals(
    alarms([{ ...lockspace, lease: late }, { ...global, lease: lost }, {
      ...lockspace,
      vg: "vg1",
      killed: true,
      lease: lost,
    }]),
    `\
*** VG vg0: LEASE LATE (20 s left): not renewed for 60 s
*** The global lockspace: LEASE LOST: given up
*** VG vg1: LEASE LOST: given up
*** VG vg1 lost its lock storage: deactivate its LVs, then run lvmlockctl drop vg1
`,
  );
  assertEquals(alarms([{ ...lockspace, lease: healthy, hosts: [node2] }, lockspace]), "");
});

Deno.test("hosts are counted, and those that failed are named", () => {
  assertEquals(hostsText([]), "");
  assertEquals(hostsText([node1, { ...node2, state: "LIVE" }]), "2 live");
  assertEquals(hostsText([node1, node2, node3]), "1 live, 1 FAIL, 1 UNKNOWN");
  const dead = { ...node3, state: "DEAD" };
  assertEquals(
    notices([{ ...lockspace, hosts: [node1, node2, node3, dead] }]),
    "VG vg0: host 2 (node2) is FAIL, last seen 1 min 15 s ago\nVG vg0: host 3 is DEAD\n",
  );
});

Deno.test("leases and hosts have columns where they are known", () => {
  const shared = { ...lockspace, lease: late, hosts: [node1, node2] };
  assertEquals(
    lockspacesText([{ ...lockspace, vg: "local", lockType: "dlm" }, shared]),
    `\
*** VG vg0: LEASE LATE (20 s left): not renewed for 60 s
VG     TYPE     STATE    FOR        HOST            LOCKS  WAITING  LEASE            HOSTS           GLOBAL LOCK  ARGS
local  dlm      running  1 min 1 s  1 generation 4  2      1                                                      1.0.0:lvmlock
vg0    sanlock  running  1 min 1 s  1 generation 4  2      1        LATE, 20 s left  1 live, 1 FAIL               1.0.0:lvmlock
VG vg0: host 2 (node2) is FAIL, last seen 1 min 15 s ago
`,
  );
});

Deno.test("one lockspace is shown with its hosts", () => {
  const text = (hosts: LockspaceJson["hosts"]) => lockspaceText({ ...lockspace, hosts });
  assertEquals(
    text([node1, node3]).split("\n\n")[1],
    `\
HOST      NAME   STATE    GENERATION  LAST SEEN
1 (this)  node1  LIVE     4           3 s ago
3                UNKNOWN  4
`,
  );
  const unknown = "The lock manager does not tell which hosts are in it.\n";
  assertEquals(text([]).split("\n\n")[1], unknown);
});
