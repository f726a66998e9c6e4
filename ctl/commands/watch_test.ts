/** How events are printed, one a line. @module */
import { assertEquals } from "@std/assert";
import type { Event } from "../../core/api/client.ts";
import { eventText } from "./watch.ts";

const time = "2026-01-31T12:00:00.000Z";
const client = { id: 7, origin: "native" as const, pid: 12, command: "lvs", connected: true };
const resource = {
  type: "vg" as const,
  vg: "vg0",
  lockspace: "lvm_vg0",
  name: "VGLK",
  lvUuid: null,
};
const holder = { mode: "ex" as const, persistent: false, client, since: time };
const waiter = {
  op: "lock",
  mode: "sh" as const,
  persistent: false,
  client,
  since: time,
  blockedBy: null,
};
const lockspace = { vg: "vg0", lockspace: "lvm_vg0", killed: false, dropped: false };

/** Events and what is shown of them behind the time. */
const shown: [Event, string][] = [
  [{ event: "lockspace", time, ...lockspace, state: "starting" }, "lockspace of VG vg0: starting"],
  [
    { event: "lockspace", time, ...lockspace, vg: null, state: "gone", killed: true },
    "global lockspace: gone, killed",
  ],
  [{ event: "granted", time, resource, holder }, "granted VG vg0 ex: lvs pid 12"],
  [
    { event: "released", time, resource, holder: { ...holder, persistent: true } },
    "released VG vg0 ex: lvs pid 12, persistent",
  ],
  [
    { event: "converted", time, resource, holder, previousMode: "sh" },
    "converted VG vg0 sh to ex: lvs pid 12",
  ],
  [
    { event: "waiting", time, resource, lockspace: "lvm_vg0", waiter },
    "waiting VG vg0 sh: lvs pid 12",
  ],
  [
    {
      event: "wait-ended",
      time,
      resource: null,
      lockspace: "lvm_vg0",
      waiter: { ...waiter, op: "stop" },
    },
    "wait-ended stop of lvm_vg0: lvs pid 12",
  ],
  [{ event: "sync", time }, "that is the state now, changes follow"],
  [{ event: "end", time, reason: "The daemon stops" }, "end: The daemon stops"],
];

for (const [event, text] of shown) {
  Deno.test(`watch shows ${event.event}: ${text}`, () => {
    assertEquals(eventText(event).slice(8), ` ${text}\n`);
  });
}

Deno.test("heartbeats are not shown", () => {
  assertEquals(eventText({ event: "heartbeat", time }), "");
});
