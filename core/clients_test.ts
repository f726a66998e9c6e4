/**
 * Who is connected, and who was.
 *
 * @module
 */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Clients } from "./clients.ts";

const native = { origin: "native" as const, pid: 42, command: "vgs", fd: 7 };

Deno.test("clients get numbers of their own", () => {
  const clients = new Clients();
  const first = clients.open(native);
  const second = clients.open({ ...native, pid: 43 });
  assertEquals([first.id, second.id, clients.size], [1, 2, 2]);
  assertEquals([...clients.present()].map(({ pid }) => pid), [42, 43]);
  assertStrictEquals(clients.find(1), first);
  assert(first.connectedMs > 0);
});

Deno.test("a client's unanswered requests go with it", () => {
  const clients = new Clients();
  const { id } = clients.open(native);
  clients.unanswered(id)!.add(10).add(11);
  assertEquals([...clients.close(id)!], [10, 11]);
  assertEquals(clients.close(id), undefined);
  assertEquals(clients.unanswered(id), undefined);
  assertEquals([clients.has(id), clients.size], [false, 0]);
});

Deno.test("one that is gone is remembered with the name it got late", () => {
  const clients = new Clients();
  const client = clients.open({ ...native, command: "" });
  client.command = "lvcreate";
  clients.close(client.id);
  assertEquals(clients.find(client.id)?.command, "lvcreate");
  assertEquals(clients.open(native).id, client.id + 1, "numbers are not used again");
});

Deno.test("only the newest of those that are gone are remembered", () => {
  const clients = new Clients();
  for (let i = 0; i < 5000; i++) clients.close(clients.open(native).id);
  assertEquals(clients.find(1), undefined);
  assertEquals(clients.find(5000 - 4096), undefined);
  assertEquals(clients.find(5001 - 4096)?.id, 5001 - 4096);
  assertEquals(clients.find(5000)?.id, 5000);
});
