/**
 * Who else is in a lockspace, and who holds a lock: as sanlock knows it, and in words.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Mode } from "../../core/types.ts";
import type { HostEntry } from "./client.ts";
import { HostState } from "./constants.ts";
import { blockingOwner, countOtherHosts, describeOwner, HostNames, presentHost } from "./hosts.ts";
import { takeLock } from "./locks.ts";
import { leaseOf } from "./lockspace.ts";
import { formatted, joined, lvAt } from "./test_lockspace.ts";

const PATH = "/none/leases";
const { unknown, free, live, fail, dead } = HostState;

async function host1() {
  return await joined(await formatted(PATH, ["lv67"]), 1);
}

Deno.test("others count while they live, and while it is not known whether they do", async () => {
  const { client, lockspace } = await host1();
  const { hosts } = client.storage.get(PATH)!.lockspace!;
  const others = async (...states: number[]) => {
    for (const id of [2, 3, 4, 5]) hosts.delete(id);
    for (const [i, state] of states.entries()) {
      const hostId = i + 2;
      hosts.set(hostId, { hostId, generation: 1, timestamp: 5, ioTimeout: 1, state });
    }
    const { result, hostsUnknown } = await countOtherHosts(client, lockspace);
    return [result, hostsUnknown];
  };
  assertEquals(await others(), [0, false]);
  assertEquals(await others(live), [1, false]);
  assertEquals(await others(unknown), [1, true]);
  assertEquals(await others(unknown, live, unknown), [3, false]);
  assertEquals(await others(fail, dead, free), [0, false]);
});

Deno.test("nothing known yet counts as another host; no answer is an error", async () => {
  const { client, lockspace } = await host1();
  const counted = async (result: number) => {
    client.failures.set("getHosts", [result]);
    const answer = await countOtherHosts(client, lockspace);
    return [answer.result, answer.hostsUnknown];
  };
  assertEquals(await counted(-11), [1, true]);
  assertEquals(await counted(-2), [-1, undefined]);
  client.storage.get(PATH)!.lockspace!.hosts.delete(1);
  assertEquals((await countOtherHosts(client, lockspace)).result, -1); // it does not list ourselves
});

Deno.test("the owner of a lock, since when, and that of a shared one", async () => {
  const a = await host1();
  const b = await joined(a.client.storage, 2);
  const lease = leaseOf(a.lockspace, lvAt(67))!;
  const owner = () => blockingOwner(b.client, b.lockspace, lease, new HostNames());
  assertEquals(await owner(), undefined); // nobody
  const how = { adopt: "no", repair: false } as const;
  await takeLock(a.client, a.lockspace, lvAt(67), Mode.ex, how);
  const found = await owner();
  // In memory every lock is 10 s old.
  const age = Date.now() - found!.heldSinceMs!;
  assert(age >= 10_000 && age < 70_000, `${age}`);
  delete found!.heldSinceMs;
  const about = { hostId: 1, generation: 1, state: "LIVE", name: "" };
  assertEquals(found, { ...about, timestamp: 990 });
  // Seen from its own host nobody else is in the way.
  const own = await blockingOwner(a.client, a.lockspace, lease, new HostNames());
  assertEquals(own, undefined);
  a.client.joined.get("lvm_vg")!.device.leases.get(lease.offset)!.owners[0]!.shared = true;
  assertEquals(await owner(), { ...about, timestamp: 0 });
  b.client.failures.set("readOwners", [-202]);
  assertEquals(await owner(), undefined);
});

Deno.test("an owner of whom nothing is known", async () => {
  const a = await host1();
  const b = await joined(a.client.storage, 2);
  const how = { adopt: "no", repair: false } as const;
  await takeLock(a.client, a.lockspace, lvAt(67), Mode.ex, how);
  b.client.failures.set("getHosts", [-11]);
  const lease = leaseOf(a.lockspace, lvAt(67))!;
  const found = await blockingOwner(b.client, b.lockspace, lease, new HostNames());
  assertEquals([found?.hostId, found?.state, found?.heldSinceMs], [1, "UNKNOWN", undefined]);
});

Deno.test("owners in words", () => {
  const owner = { hostId: 2, generation: 1, timestamp: 5, state: "LIVE", name: "node2" };
  assertEquals(describeOwner(owner), "host 2 (node2), LIVE");
  assertEquals(describeOwner({ ...owner, name: "", state: "FAIL" }), "host 2, FAIL");
  const text = describeOwner({ ...owner, heldSinceMs: Date.now() - 3000 });
  assert(/^host 2 \(node2\), LIVE, for about [3-9] s$/.test(text), text);
  const ahead = describeOwner({ ...owner, heldSinceMs: Date.now() + 60_000 });
  assertEquals(ahead, "host 2 (node2), LIVE, for about 0 s"); // its clock is ahead of ours
});

Deno.test("hosts as people see them", async () => {
  const { lockspace } = await host1();
  const entry: HostEntry = { hostId: 1, generation: 3, timestamp: 5, ioTimeout: 1, state: live };
  const names = new HostNames();
  const shown = (state: number, hostId = 1) =>
    presentHost({ ...entry, hostId, state }, lockspace, names, 77);
  assertEquals(shown(live), {
    ...{ hostId: 1, name: "", generation: 3, state: "LIVE", self: true, lastSeenMs: 77 },
  });
  assertEquals(shown(dead, 2).self, false);
  const words = [unknown, free, live, fail, dead, 0, 9].map((state) => shown(state).state);
  assertEquals(words, ["UNKNOWN", "FREE", "LIVE", "FAIL", "DEAD", "UNKNOWN", "UNKNOWN"]);
});
