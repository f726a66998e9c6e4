/** Tests of comparing two moments. */
import { assertEquals } from "@std/assert";
import { emptyRequest, Op } from "../types.ts";
import { lockRequest, startRequest } from "./requests.ts";
import { lvUuid } from "./test_tools.ts";
import { changesBetween, emptySnapshot, takeSnapshot } from "./snapshot.ts";
import { TestService } from "./test_service.ts";

const lv = { type: "lv", vg: "vg0", lvUuid, persistent: false } as const;
const time = "2027-01-15T08:00:00.000Z";

function startedService() {
  const service = new TestService();
  const clients = ["a", "b"].map((command) =>
    service.openClient({ origin: "http", pid: 0, command, fd: 0 }).id
  ) as [number, number];
  const start = startRequest("vg0", { lockType: "dlm", lockArgs: "x", wait: false });
  service.submit(clients[0], start, () => {});
  service.joined("vg0");
  const lock = (client: number, mode: "un" | "sh" | "ex") =>
    service.submit(client, lockRequest(lv, mode), () => {});
  return { service, clients, lock };
}

Deno.test("nothing has changed between a moment and itself", async () => {
  const { service, clients, lock } = startedService();
  lock(clients[0], "ex");
  assertEquals(
    await changesBetween(await takeSnapshot(service), await takeSnapshot(service), time),
    [],
  );
});

Deno.test("whoever gives up comes before whoever gets", async () => {
  const { service, clients, lock } = startedService();
  lock(clients[0], "ex");
  lock(clients[1], "ex");
  const before = await takeSnapshot(service);
  lock(clients[0], "un");
  const events = await changesBetween(before, await takeSnapshot(service), time);
  assertEquals(events.map(({ event }) => event), ["released", "wait-ended", "granted"]);
});

Deno.test("a lock that was released and taken again is told as both", async () => {
  const { service, clients, lock } = startedService();
  lock(clients[0], "ex");
  const before = await takeSnapshot(service);
  lock(clients[0], "un");
  service.nowMs += 1;
  lock(clients[0], "ex");
  const events = await changesBetween(before, await takeSnapshot(service), time);
  assertEquals(events.map(({ event }) => event), ["released", "granted"]);
});

Deno.test("a lockspace comes before what is in it and goes after it", async () => {
  const { service, clients, lock } = startedService();
  lock(clients[0], "ex");
  const full = await takeSnapshot(service);
  const kinds = (events: { event: string }[]) => events.map(({ event }) => event);
  assertEquals(kinds(await changesBetween(emptySnapshot, full, time)), ["lockspace", "granted"]);
  const drop = { ...emptyRequest, op: Op.dropVg, vgName: "vg0" };
  service.submit(clients[0], drop, () => {});
  const events = await changesBetween(full, await takeSnapshot(service), time);
  assertEquals(kinds(events), ["released", "lockspace"]);
});
