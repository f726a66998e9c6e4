/**
 * What sanlock answers when two hosts share leases: who gets a lock, who does not, and what travels
 * with it. Both hosts are alive; the times after which a dead host's locks are free are not waited for.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SanlockConnection } from "../../backends/sanlock/client.ts";
import { AcquireFlag, HostState, Res } from "../../backends/sanlock/constants.ts";
import { until } from "../integration/daemon.ts";
import { Cluster } from "./cluster.ts";
import type { Host } from "./hosts.ts";
import type { LeaseFile } from "./leases.ts";

const NOWAIT = AcquireFlag.ownerNowait;

interface Scene {
  a: SanlockConnection;
  b: SanlockConnection;
  hostA: Host;
  hostB: Host;
  leases: LeaseFile;
}

/** Takes a shared lock that both may have: the other host's attempt can be in the way for a moment. */
async function acquireShared(host: SanlockConnection, lease: ReturnType<LeaseFile["sh"]>) {
  let result: number;
  do result = await host.acquire(lease, NOWAIT); while ([-243, -244, -245].includes(result));
  return result;
}

/** Each uses the lease that has its number, which nobody holds before and after. */
const scenes: Record<string, (slot: number, scene: Scene) => Promise<void>> = {
  async "an exclusive lock keeps the other host out"(slot, { a, b, leases }) {
    assertEquals(await a.acquire(leases.ex(slot), NOWAIT), 0);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT), -243);
    assertEquals(await b.acquire(leases.sh(slot), NOWAIT), -243);
    assertEquals(await a.release(leases.ex(slot), 0), 0);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT), 0);
    assertEquals(await b.release(leases.ex(slot), 0), 0);
  },
  async "a shared lock is had by both, and keeps out the exclusive"(slot, { a, b, ...scene }) {
    const { hostB, leases } = scene;
    assertEquals(await a.acquire(leases.sh(slot), NOWAIT), 0);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT), -11);
    assertEquals(await acquireShared(b, leases.sh(slot)), 0);
    const { owners } = await hostB.client.readOwners(leases.at(slot));
    assertEquals(owners.map(({ hostId }) => hostId), [1, 2]);
    assertEquals(await b.convert(leases.ex(slot), NOWAIT), -11);
    assertEquals(await b.release(leases.sh(slot), 0), 0); // it is still held, shared
    assertEquals(await a.convert(leases.ex(slot), NOWAIT), 0);
    assertEquals(await b.acquire(leases.sh(slot), NOWAIT), -243);
    assertEquals(await a.convert(leases.sh(slot), NOWAIT), 0);
    assertEquals(await acquireShared(b, leases.sh(slot)), 0);
    assertEquals(await a.release(leases.sh(slot), 0), 0);
    assertEquals(await b.release(leases.sh(slot), 0), 0);
  },
  async "both want a shared lock at the same time"(slot, { a, b, leases }) {
    const results = [a, b].map((host) => acquireShared(host, leases.sh(slot)));
    assertEquals(await Promise.all(results), [0, 0]);
    for (const host of [a, b]) assertEquals(await host.release(leases.sh(slot), 0), 0);
  },
  async "both want an exclusive lock at the same time: one gets it"(slot, { a, b, leases }) {
    const results = await Promise.all([a, b].map((h) => h.acquire(leases.ex(slot), NOWAIT)));
    assertEquals(results.filter((result) => result === 0).length, 1);
    assert(results.every((result) => [0, -243, -244, -245].includes(result)), `${results}`);
    const holder = results[0] === 0 ? a : b;
    assertEquals(await holder.release(leases.ex(slot), 0), 0);
  },
  async "the value block goes from host to host"(slot, { a, b, hostA, hostB, leases }) {
    const lvb = NOWAIT | AcquireFlag.lvb;
    const block = new Uint8Array([1, 1, 0, 0, 255, 254, 253, 252]);
    assertEquals(await a.acquire(leases.ex(slot), lvb), 0);
    assertEquals(await hostA.client.setLvb(leases.ex(slot), block), 0);
    assertEquals(await a.release(leases.ex(slot), 0), 0);
    assertEquals(await b.acquire(leases.sh(slot), lvb), 0);
    const { result, bytes } = await hostB.client.getLvb(leases.sh(slot), block.length);
    assertEquals([result, [...bytes]], [0, [...block]]);
    assertEquals(await b.release(leases.sh(slot), 0), 0);
  },
  async "a conversion to shared writes the value block"(slot, { a, b, hostA, hostB, leases }) {
    const lvb = NOWAIT | AcquireFlag.lvb;
    assertEquals(await a.acquire(leases.ex(slot), lvb), 0);
    assertEquals(await hostA.client.setLvb(leases.ex(slot), new Uint8Array(8).fill(7)), 0);
    assertEquals(await a.convert(leases.sh(slot), NOWAIT), 0);
    let result: number;
    do result = await b.acquire(leases.sh(slot), lvb); while ([-243, -244, -245].includes(result));
    assertEquals(result, 0);
    const { bytes } = await hostB.client.getLvb(leases.sh(slot), 8);
    assertEquals([...bytes], Array(8).fill(7));
    for (const host of [a, b]) assertEquals(await host.release(leases.sh(slot), 0), 0);
  },
  async "a lease with another name is not the one that was asked for"(slot, { a, b, leases }) {
    assertEquals(await a.acquire(leases.ex(slot), NOWAIT), 0);
    assertEquals(await a.release(leases.ex(slot), 0, "invalid_removed"), 0);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT), -227);
  },
  async "what is not there cannot be locked"(_slot, { a, leases }) {
    assertEquals(await a.acquire(leases.ex(70), NOWAIT), -223); // never formatted
    assertEquals(await a.acquire(leases.ex(500), NOWAIT), -90); // beyond the end
    assertEquals(await a.acquire({ ...leases.ex(1), path: "/none" }, NOWAIT), -2);
    assertEquals(await a.acquire({ ...leases.ex(1), lockspace: "lvm_none" }, NOWAIT), -28);
  },
  async "what is not held cannot be converted, released or looked into"(slot, { a, ...scene }) {
    const { hostA, leases } = scene;
    assertEquals(await a.convert(leases.ex(slot), NOWAIT), -2);
    assertEquals(await a.release(leases.ex(slot), 0), -1);
    assertEquals((await hostA.client.getLvb(leases.ex(slot), 8)).result, -2);
  },
  async "an orphan is the host's: the other does not get it"(slot, { a, b, hostA, leases }) {
    const ended = await hostA.connect();
    assertEquals(await ended.acquire(leases.ex(slot), NOWAIT), 0);
    await ended.close();
    const isOrphan = async () => await a.acquire(leases.ex(slot), NOWAIT) === -117;
    await until("the lock is an orphan", isOrphan);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT), -243);
    assertEquals(await b.acquire(leases.ex(slot), NOWAIT | AcquireFlag.orphan), -243);
    assertEquals(await a.acquire(leases.ex(slot), NOWAIT | AcquireFlag.orphan), 0);
    assertEquals(await a.release(leases.ex(slot), 0), 0);
  },
  async "a lock that is not persistent ends with its connection"(slot, { b, hostA, leases }) {
    const ended = await hostA.connect();
    const lease = leases.at(slot);
    assertEquals(lease.flags & Res.persistent, 0);
    assertEquals(await ended.acquire(lease, NOWAIT), 0);
    await ended.close();
    const isFree = async () => await b.acquire(lease, NOWAIT) === 0;
    await until("the lock is free", isFree);
    assertEquals(await b.release(lease, 0), 0);
  },
};

Deno.test("two hosts", async (t) => {
  await using cluster = await Cluster.start(2);
  const { leases } = cluster;
  const bodies = Object.entries(scenes);
  const [hostA, hostB] = await cluster.joined(bodies.map((_, i) => i + 1)) as [Host, Host];
  const [a, b] = [await hostA.connect(), await hostB.connect()];
  // Till then a lock of the other one is answered like that of a failed host: -247.
  await t.step("each sees the other", async () => {
    for (const { client } of [hostA, hostB]) {
      const states = async () => {
        const { hosts } = await client.getHosts(leases.lockspace, 0);
        return hosts.map(({ hostId, state }) => `${hostId} ${state}`).join(", ");
      };
      const live = `1 ${HostState.live}, 2 ${HostState.live}`;
      await until("both are alive", async () => await states() === live);
    }
  });
  for (const [i, [name, body]] of bodies.entries()) {
    await t.step(name, () => body(i + 1, { a, b, hostA, hostB, leases }));
  }
});
