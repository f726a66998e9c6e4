/**
 * The watch over the leases of this host: told when they are late, lost or given up, and which hosts
 * are seen. The I/O timeouts of these tests are parts of a second.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { HostEntry } from "./client.ts";
import { HostState } from "./constants.ts";
import { Monitor } from "./monitor.ts";
import { formatted, joined, NAME } from "./test_lockspace.ts";

/** Seconds: late after 40 ms, lost after 80 ms, looked at each 10 ms. */
const T = 0.01;
const PATH = "/none/leases";

type Told = ["lost" | "expired", string];

/** A host with a monitor that watches its lockspace. */
async function watching(ioTimeout = T) {
  const { client, lockspace } = await joined(await formatted(PATH, []), 1);
  const told: Told[] = [];
  const tell = (word: Told[0]) => (_: unknown, why: string) => void told.push([word, why]);
  const monitor = new Monitor(() => client, ioTimeout, {
    lost: tell("lost"),
    expired: tell("expired"),
  });
  const entries = client.storage.get(PATH)!.lockspace!.hosts;
  const own = entries.get(1)!;
  own.ioTimeout = ioTimeout;
  return {
    ...{ client, lockspace, monitor, told, own, entries },
    /** The host renews its lease whenever it is looked at. */
    renewing(on: boolean) {
      const getHosts = Object.getPrototypeOf(client).getHosts.bind(client);
      client.getHosts = (name, id) => {
        if (on) own.timestamp++;
        return getHosts(name, id);
      };
    },
    /** Resolves when it has been told of something. */
    async tellsOne() {
      while (told.length === 0) await new Promise((wake) => setTimeout(wake, 1));
    },
    /** Resolves when the hosts have been looked at `count` times more. */
    async looks(count: number) {
      const asked = () => client.calls.filter((call) => call.startsWith("getHosts")).length;
      const before = asked();
      while (asked() < before + count) await new Promise((wake) => setTimeout(wake, 1));
    },
    [Symbol.dispose]: () => monitor.stop(),
  };
}

Deno.test("a lease that is renewed is healthy", async () => {
  // Longer than a busy machine keeps a timer waiting.
  using host = await watching(0.25);
  host.renewing(true);
  host.monitor.watch(host.lockspace);
  await host.looks(3);
  const { lease, hosts } = host.monitor.outlook(1)!;
  assertEquals([lease!.state, lease!.note], ["healthy", "renewed in time"]);
  assertEquals(lease!.expiresMs - lease!.renewedMs, 2000);
  assertEquals(hosts.map(({ hostId, self, state }) => [hostId, self, state]), [[1, true, "LIVE"]]);
  assert(hosts[0]!.lastSeenMs > 0);
  assertEquals(host.told, []);
});

Deno.test("one that is not renewed is late, and then lost, of which is told once", async () => {
  using host = await watching();
  host.renewing(false);
  host.monitor.watch(host.lockspace);
  await host.tellsOne();
  assertEquals(host.monitor.outlook(1)!.lease!.state, "lost");
  await host.looks(5);
  assertEquals(host.told.map(([word]) => word), ["expired"]);
});

Deno.test("a sanlock that does not answer renews nothing", async () => {
  using host = await watching();
  host.renewing(true);
  host.monitor.watch(host.lockspace);
  await host.looks(2);
  host.client.getHosts = () => new Promise(() => {});
  await host.tellsOne();
  assertEquals(host.told.map(([word]) => word), ["expired"]);
  assertEquals(host.monitor.outlook(1)!.lease!.state, "lost");
});

Deno.test("a lockspace that sanlock does not have any more is lost", async () => {
  using host = await watching();
  host.renewing(true);
  host.monitor.watch(host.lockspace);
  await host.looks(1);
  host.client.joined.delete(NAME);
  await host.tellsOne();
  assertEquals(host.told, [["lost", "sanlock has given the lockspace up"]]);
  assertEquals(host.monitor.outlook(1), undefined); // and not watched any more
});

Deno.test("with the sanlock daemon all lockspaces are lost", async () => {
  using host = await watching();
  host.renewing(true);
  host.monitor.watch(host.lockspace);
  await host.monitor.checkDaemon();
  assertEquals(host.told, []);
  host.client.failures.set("version", [-111]);
  await host.monitor.checkDaemon();
  assertEquals(host.told.map(([word]) => word), ["lost"]);
  host.client.failures.set("version", [-111]);
  await host.monitor.checkDaemon(); // nothing is left to lose
  assertEquals(host.told.length, 1);
});

Deno.test("no answer yet, or none to this question, is no loss", async () => {
  using host = await watching(0.25);
  host.renewing(true);
  host.client.failures.set("getHosts", [-11, -5]);
  host.monitor.watch(host.lockspace);
  await host.looks(4);
  assertEquals(host.told, []);
  assertEquals(host.monitor.outlook(1)!.lease!.state, "healthy");
});

Deno.test("a daemon that has no descriptors left does not take sanlock for gone", async () => {
  using host = await watching(0.25);
  host.renewing(true);
  host.client.failures.set("getHosts", [-24]);
  host.client.failures.set("version", [-24, -24]);
  host.monitor.watch(host.lockspace);
  await host.looks(2);
  host.client.failures.set("version", [-23, -12]);
  await host.monitor.checkDaemon();
  await host.monitor.checkDaemon();
  assertEquals(host.told, []);
});

Deno.test("hosts are seen when their clocks move", async () => {
  using host = await watching(0.25);
  host.renewing(true);
  const other: HostEntry = {
    ...{ hostId: 2, generation: 7, timestamp: 5, ioTimeout: 1, state: HostState.unknown },
  };
  host.entries.set(2, other);
  host.monitor.watch(host.lockspace);
  await host.looks(2);
  const seen = () => host.monitor.outlook(1)!.hosts.find(({ hostId }) => hostId === 2)!;
  assertEquals([seen().lastSeenMs, seen().state, seen().generation], [0, "UNKNOWN", 7]);
  Object.assign(other, { timestamp: 6, state: HostState.live });
  await host.looks(2);
  const moved = seen();
  assert(moved.lastSeenMs > 0);
  assertEquals(moved.state, "LIVE");
  await host.looks(2);
  assertEquals(seen().lastSeenMs, moved.lastSeenMs); // it stood still since
});

Deno.test("what is not watched is not asked for", async () => {
  using host = await watching();
  host.renewing(true);
  host.monitor.watch(host.lockspace);
  await host.looks(2);
  host.monitor.unwatch(host.lockspace);
  assertEquals(host.monitor.outlook(1), undefined);
  const calls = host.client.calls.length;
  await new Promise((wake) => setTimeout(wake, 100));
  assertEquals(host.client.calls.length, calls);
});
