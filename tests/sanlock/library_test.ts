/**
 * Calls of the library to a real sanlock daemon, on one host: formatting and reading, joining, locking
 * with its value block, orphans, several connections, and leaving.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { AcquireFlag, ConfigCommand, HostState } from "../../backends/sanlock/constants.ts";
import { Lsf, ReleaseFlag, RemFlag, Res, RestrictFlag } from "../../backends/sanlock/constants.ts";
import { until } from "../integration/daemon.ts";
import { Cluster } from "./cluster.ts";
import type { Host } from "./hosts.ts";
import { IO_TIMEOUT, LeaseFile, MIB } from "./leases.ts";

const NOWAIT = AcquireFlag.ownerNowait;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("the library is opened by the first call, and tells what it has", async () => {
  await using cluster = await Cluster.start(1);
  const { client, extras } = cluster.host(0);
  assertEquals(await extras.isLibraryOpen(), false);
  const { result, version } = await client.version();
  assertEquals(result, 0);
  assertEquals(await extras.isLibraryOpen(), true);
  assert(version >= 0x03000000 && version < 0x10000000, version.toString(16));
  const features = await extras.features();
  assertEquals(features.sanlock_acquire2, version >= 0x04000000);
  assertEquals(Object.keys(features).length, 4);
  assertEquals(await client.getLockspaces(), { result: 0, lockspaces: [] });
  assertEquals(await client.getHosts("lvm_vg", 0), { result: -2, hosts: [] });
});

Deno.test("leases are formatted and read", async (t) => {
  await using cluster = await Cluster.start(1);
  const { client } = cluster.host(0);
  const { leases } = cluster;

  await t.step("nothing is there at first", async () => {
    assertEquals((await client.readLockspace(leases.host(1))).result, -223);
    assertEquals((await client.readResource(leases.at(1))).result, -223);
    assertEquals((await client.readResource(leases.at(500))).result, -90);
    assertEquals((await client.readLockspace({ ...leases.host(1), path: "/none" })).result, -19);
    assertEquals((await client.readResource({ ...leases.at(1), path: "/none" })).result, -2);
    assertEquals(await client.align(leases.path), MIB);
    assertEquals(await client.align("/none"), -19);
  });
  await leases.format(client, [1, 2]);
  await t.step("a lockspace is read with its name, sizes and I/O timeout", async () => {
    const asked = { name: "", hostId: 1, path: leases.path, flags: 0 };
    assertEquals(await client.readLockspace(asked), {
      result: 0,
      lockspace: leases.host(1),
      ioTimeout: IO_TIMEOUT,
    });
    assertEquals((await client.readLockspace({ ...asked, name: "lvm_other" })).result, -226);
  });
  await t.step("a resource is read with its name and sizes", async () => {
    const head = { lockspace: "lvm_vg", name: "lock1", lver: 0, flags: leases.at(1).flags };
    const asked = { ...leases.at(1, ""), lockspace: "", flags: 0 };
    assertEquals(await client.readResource(asked), { result: 0, head });
    assertEquals(await client.readOwners(leases.at(1)), { result: 0, head, owners: [] });
    assertEquals((await client.readOwners(asked)).result, -226); // this call wants the names
    assertEquals((await client.readResource(leases.at(1, "lock2"))).result, -227);
    assertEquals((await client.readOwners(leases.at(3))).result, -22);
  });
  await t.step("offsets beyond 4 GiB and names of 48 bytes", async () => {
    const names = { lockspace: "l".repeat(48), name: "\xff".repeat(48) };
    const far = { ...leases.at(1), ...names, offset: 5 * 2 ** 30 };
    assertEquals(await client.writeResource(far), 0);
    const { result, head } = await client.readResource({ ...far, lockspace: "", name: "" });
    assertEquals([result, head.lockspace, head.name], [0, names.lockspace, names.name]);
    assertEquals((await client.readResource({ ...far, offset: 2 ** 30 })).result, -223);
  });
  await t.step("a path is bytes, and too long a one is refused", async () => {
    await Deno.symlink(leases.path, `${cluster.directory}/caf\u00e9`);
    const path = `${cluster.directory}/caf\xc3\xa9`;
    assertEquals((await client.readLockspace({ ...leases.host(1), path })).result, 0);
    const long = `/${"p".repeat(1023)}`;
    assertEquals((await client.readLockspace({ ...leases.host(1), path: long })).result, -22);
    assertEquals(await client.writeLockspace({ ...leases.host(1), path: long }, 1), -22);
    assertEquals((await client.readOwners({ ...leases.at(1), path: long })).owners, []);
    assertEquals(await client.align(long), -22);
  });
  await t.step("sizes that do not fit each other are refused", async () => {
    const flags = Lsf.align2m | Lsf.sector512;
    assert(await client.writeLockspace({ ...leases.host(0), flags }, 1) < 0);
    assert(await client.writeResource({ ...leases.at(1), flags: Res.align1m }) < 0);
  });
});

Deno.test("a lockspace is joined, looked at and left", async (t) => {
  await using cluster = await Cluster.start(1);
  const { client } = cluster.host(0);
  const quick = cluster.leases;
  // Its first renewal is 18 s after it is joined, because it is joined with another I/O timeout.
  const slow = new LeaseFile(cluster.daemons[0]!.runDir, "l".repeat(48));
  for (const leases of [quick, slow]) await leases.format(client, []);
  const joins = [quick.join(client, 7), slow.join(client, 7, 10)];
  const listed = async () => {
    const { result, lockspaces } = await client.getLockspaces();
    assertEquals(result, 0);
    return lockspaces.sort((a, b) => a.path === quick.path ? -1 : b.path === quick.path ? 1 : 0);
  };

  await t.step("while it is being joined", async () => {
    await until("both are being joined", async () => (await listed()).length === 2);
    for (const { flags } of await listed()) assertEquals(flags, Lsf.add);
    assertEquals(await client.addLockspace(quick.host(7), 0, IO_TIMEOUT), -115);
  });
  await Promise.all(joins);
  await t.step("hosts are known after the first renewal, not at once", async () => {
    assertEquals(await client.getHosts(slow.lockspace, 0), { result: -11, hosts: [] });
    const known = async () => (await client.getHosts(quick.lockspace, 0)).result === 0;
    await until("the hosts are known", known);
    const { hosts } = await client.getHosts(quick.lockspace, 0);
    const entries = hosts.map((host) => ({ ...host, timestamp: host.timestamp > 0 }));
    const live = { hostId: 7, generation: 1, timestamp: true, state: HostState.live };
    assertEquals(entries, [{ ...live, ioTimeout: IO_TIMEOUT }]);
    const free = (await client.getHosts(quick.lockspace, 77)).hosts[0];
    assertEquals([free?.hostId, free?.state], [77, HostState.free]);
  });
  await t.step("what is joined is listed; joining again and otherwise is refused", async () => {
    assertEquals(await listed(), [quick, slow].map((one) => ({ ...one.host(7), flags: 0 })));
    assertEquals(await client.addLockspace(quick.host(7), 0, IO_TIMEOUT), -17);
    assertEquals(await client.addLockspace(quick.host(8), 0, IO_TIMEOUT), -22);
  });
  await t.step("settings and leaving", async () => {
    for (const { lockspace } of [quick, slow]) {
      assertEquals(await client.setConfig(lockspace, ConfigCommand.usedByOrphans), 0);
    }
    assertEquals(await client.setConfig("lvm_none", ConfigCommand.usedByOrphans), -2);
    const left = [quick, slow].map((one) => client.remLockspace(one.host(7), RemFlag.unused));
    assertEquals(await Promise.all(left), [0, 0]);
    assertEquals(await listed(), []);
    assertEquals(await client.remLockspace(quick.host(7), 0), -2);
  });
});

/** Calls of a host that has joined, each with leases of its own. */
const onOneHost: [string, (host: Host, cluster: Cluster) => Promise<void>][] = [
  [
    "a lock with its value block, and its owner on disk",
    async ({ client, connect }, { leases }) => {
      const connection = await connect();
      assertEquals(await connection.killpath("/bin/true", "--kill vg"), 0);
      assertEquals(await connection.restrict(RestrictFlag.sigkill), 0);
      assertEquals(await connection.acquire(leases.ex(10), NOWAIT | AcquireFlag.lvb), 0);
      assertEquals(
        await client.setLvb(leases.ex(10), new Uint8Array([1, 1, 0, 0, 9, 8, 7, 255])),
        0,
      );
      const { head, owners } = await client.readOwners(leases.at(10));
      assertEquals([head.lver, head.flags & Res.shared], [1, 0]);
      assertEquals(owners.map(({ hostId, generation }) => [hostId, generation]), [[1, 1]]);
      assert(owners[0]!.timestamp > 0);
      assertEquals(await connection.convert(leases.sh(10), NOWAIT), 0);
      const shared = await client.readOwners(leases.at(10));
      assertEquals(shared.head.flags & Res.shared, Res.shared);
      assertEquals(shared.owners.map(({ hostId, timestamp }) => [hostId, timestamp]), [[1, 0]]);
      assertEquals(await connection.release(leases.sh(10), 0), 0);
      assertEquals(await connection.acquire(leases.ex(10), NOWAIT | AcquireFlag.lvb), 0);
      const { result, bytes } = await client.getLvb(leases.ex(10), 8);
      assertEquals([result, [...bytes]], [0, [1, 1, 0, 0, 9, 8, 7, 255]]);
      assertEquals(await connection.release(leases.ex(10), 0), 0);
      assertEquals((await client.getLvb(leases.ex(10), 8)).result, -2);
      assertEquals(await client.setLvb(leases.ex(10), new Uint8Array(8)), -2);
      await connection.close();
    },
  ],
  ["a lock without a value block", async ({ client, connect }, { leases }) => {
    const connection = await connect();
    assertEquals(await connection.acquire(leases.ex(11), NOWAIT), 0);
    assertEquals((await client.getLvb(leases.ex(11), 8)).result, -22);
    assertEquals(await client.setLvb(leases.ex(11), new Uint8Array(8)), -22);
    assertEquals(await connection.release(leases.ex(11), 0), 0);
    await connection.close();
  }],
  ["a lease gets another name as it is released", async ({ client, connect }, { leases }) => {
    const connection = await connect();
    assertEquals(await connection.acquire(leases.ex(12), NOWAIT), 0);
    assertEquals(await connection.release(leases.ex(12), 0, "invalid_removed"), 0);
    assertEquals((await client.readResource(leases.at(12, ""))).head.name, "invalid_removed");
    assertEquals(await connection.acquire(leases.ex(12), NOWAIT), -227);
    await connection.close();
  }],
  ["three connections at once: own locks, and one that all want", async (host, { leases }) => {
    const connections = await Promise.all([0, 1, 2].map(() => host.connect()));
    const own = connections.map((one, i) => one.acquire(leases.ex(13 + i), NOWAIT));
    assertEquals(await Promise.all(own), [0, 0, 0]);
    const same = await Promise.all(connections.map((one) => one.acquire(leases.ex(16), NOWAIT)));
    assertEquals(same.filter((result) => result === 0).length, 1);
    // Busy while another is about to get it, else already locked on this host.
    for (const result of same) assert([0, -16, -17].includes(result), `${result}`);
    const released = connections.map((one, i) => one.release(leases.ex(13 + i), 0));
    assertEquals(await Promise.all(released), [0, 0, 0]);
    const holder = same.indexOf(0);
    const others = await Promise.all(connections.map((one) => one.release(leases.ex(16), 0)));
    assertEquals(others, [-1, -1, -1].with(holder, 0));
    for (const one of connections) await one.close();
  }],
  ["two hundred calls on one connection get their own answers", async (host, { leases }) => {
    const connection = await host.connect();
    const round = () =>
      [
        [connection.acquire(leases.ex(17), NOWAIT), 0],
        [connection.acquire(leases.ex(17), NOWAIT), -17],
        [connection.convert(leases.ex(17), NOWAIT), -114],
        [connection.restrict(RestrictFlag.sigkill), 0],
        [connection.release(leases.ex(17), 0), 0],
        [connection.release(leases.ex(17), 0), -1],
        [connection.convert(leases.ex(17), NOWAIT), -2],
        [connection.acquire({ ...leases.ex(17), name: "other" }, NOWAIT), -227],
        [connection.acquire(leases.ex(79), NOWAIT), -223],
        [connection.acquire({ ...leases.ex(17), lockspace: "lvm_none" }, NOWAIT), -28],
      ] as const;
    const calls = numbers(20).flatMap(round);
    // Others of the same process at the same time, on connections of their own.
    const reads = numbers(40).map(() => host.client.readResource(leases.at(18)));
    assertEquals(await Promise.all(calls.map(([result]) => result)), calls.map(([, due]) => due));
    for (const { result, head } of await Promise.all(reads)) {
      assertEquals([result, head.name], [0, "lock18"]);
    }
    await connection.close();
  }],
  ["calls on a closed connection", async ({ connect }, { leases }) => {
    const connection = await connect();
    await connection.close();
    assertEquals(await connection.acquire(leases.ex(18), NOWAIT), -9);
    assertEquals(await connection.killpath("/bin/true", ""), -9);
  }],
];

Deno.test("locks on one host", async (t) => {
  await using cluster = await Cluster.start(1);
  const [host] = await cluster.joined(numbers(9).map((i) => 10 + i)) as [Host];
  for (const [name, body] of onOneHost) await t.step(name, () => body(host, cluster));
});

Deno.test("orphans of a process that was killed", async (t) => {
  await using cluster = await Cluster.start(1);
  const { leases } = cluster;
  const [dead] = await cluster.joined([1, 2, 3, 4, 5, 6]) as [Host];
  const before = await dead.connect();
  const lvb = NOWAIT | AcquireFlag.lvb;
  assertEquals(await before.acquire(leases.ex(1), lvb), 0);
  assertEquals(await dead.client.setLvb(leases.ex(1), new Uint8Array([5, 0, 0, 0, 0, 0, 0, 6])), 0);
  assertEquals(await before.acquire(leases.sh(2), NOWAIT), 0);
  assertEquals(await before.acquire(leases.ex(3), NOWAIT), 0);
  assertEquals(await before.acquire(leases.at(4), NOWAIT), 0); // not persistent: no orphan
  await dead.kill();
  const { client, connect } = cluster.host(0);
  const connection = await connect();
  const released = async () => await connection.acquire(leases.ex(4), NOWAIT) === 0;
  await until("sanlock has noticed", released); // it releases this lock last
  const orphan = NOWAIT | AcquireFlag.orphan;
  const only = lvb | AcquireFlag.orphanOnly;

  await t.step("an exclusive one is adopted as such only", async () => {
    assertEquals(await connection.acquire(leases.ex(1), NOWAIT), -117);
    assertEquals(await connection.acquire(leases.sh(1), NOWAIT), -117);
    assertEquals(await connection.acquire(leases.sh(1), orphan), -117);
    assertEquals(await connection.acquire(leases.sh(1), only), -117);
    assertEquals(await connection.acquire(leases.ex(1), only), 0);
    assertEquals([...(await client.getLvb(leases.ex(1), 8)).bytes], [5, 0, 0, 0, 0, 0, 0, 6]);
    assertEquals(await connection.release(leases.ex(1), 0), 0);
  });
  await t.step("a shared one is adopted as such only", async () => {
    assertEquals(await connection.acquire(leases.ex(2), orphan), -117);
    assertEquals(await connection.acquire(leases.sh(2), NOWAIT), -117);
    assertEquals(await connection.acquire(leases.sh(2), orphan), 0);
    assertEquals(await connection.release(leases.sh(2), 0), 0);
  });
  await t.step(
    "with none there, only the flag for value blocks keeps a lock from being taken",
    async () => {
      assertEquals(await connection.acquire(leases.ex(5), only), -2);
      const { version } = await client.version();
      const without = await connection.acquire(leases.ex(5), NOWAIT | AcquireFlag.orphanOnly);
      assertEquals(without, version <= 0x03080500 ? 0 : -2);
      assertEquals(await connection.acquire(leases.ex(6), orphan), 0);
    },
  );
  await t.step(
    "one is released without being adopted, and keeps the lockspace till then",
    async () => {
      for (const slot of [4, 5, 6]) assertEquals(await connection.release(leases.ex(slot), 0), 0);
      assertEquals(await client.setConfig("lvm_vg", ConfigCommand.usedByOrphans), 0);
      assertEquals(await client.remLockspace(leases.host(1), RemFlag.unused), -16);
      assertEquals(await connection.release(leases.ex(3), ReleaseFlag.orphan), 1);
      const free = async () => (await client.remLockspace(leases.host(1), RemFlag.unused)) !== -16;
      await until("the lockspace is left", free);
      assertEquals(await client.getLockspaces(), { result: 0, lockspaces: [] });
    },
  );
});
