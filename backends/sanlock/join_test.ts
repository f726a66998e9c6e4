/**
 * Joining: what is said about how long it takes, and that a rival who is alive is not waited for.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { until } from "../../tests/integration/daemon.ts";
import type { DeltaLease } from "./delta_lease.ts";
import { addLockspace, prospectOf } from "./join.ts";
import { lockspaceArg } from "./lockspace.ts";
import { formatted, joined } from "./test_lockspace.ts";

const HOSTID_BUSY = -262;

const lease: DeltaLease = {
  hostId: 1,
  hostName: "node1",
  generation: 4,
  timestamp: 500,
  ioTimeout: 10,
};

Deno.test("a host id that nobody has is joined within two I/O timeouts", () => {
  for (const free of [undefined, { ...lease, timestamp: 0 }]) {
    const { joining, rival } = prospectOf(free, 1, "node2", 10);
    assertEquals([joining.note, joining.longestMs, rival], [
      "joining as host 1",
      23_000,
      undefined,
    ]);
  }
  assertEquals(prospectOf(undefined, 1, "node2", 0).joining.longestMs, 23_000); // sanlock's default
  assertEquals(prospectOf(undefined, 1, "node2", 2).joining.longestMs, 7_000);
  // What the last one wrote counts, not what this host will write.
  assertEquals(prospectOf({ ...lease, timestamp: 0 }, 1, "node2", 2).joining.longestMs, 23_000);
});

Deno.test("a host that did not leave joins again as fast", () => {
  const { joining, rival } = prospectOf(lease, 1, "node1", 10);
  assertMatch(joining.note, /again; this host did not leave/);
  assertEquals([joining.longestMs, rival], [23_000, undefined]);
});

Deno.test("somebody else's host id takes until that one must be dead", () => {
  const { joining, rival } = prospectOf(lease, 1, "node2", 10);
  assertMatch(joining.note, /last used by "node1"/);
  assertEquals([joining.longestMs, rival], [163_000, lease]);
  // Who we are is not known: it may have been ourselves.
  assertEquals(prospectOf(lease, 1, "", 10).rival, undefined);
});

/** The first sector of a device, with the lease of host 1. */
function sector({ hostName, timestamp }: Pick<DeltaLease, "hostName" | "timestamp">): Uint8Array {
  const bytes = new Uint8Array(512);
  bytes.set(Uint8Array.fromHex("1020211204000300"));
  bytes.set(new TextEncoder().encode(hostName), 104);
  new DataView(bytes.buffer).setBigUint64(152, BigInt(timestamp), true);
  return bytes;
}

const never = new AbortController().signal;

interface Scene {
  /** What the lease of our host id holds, one after the other, each as soon as it has been read. */
  seen: DeltaLease[];
  /** The join of sanlock ends by itself when all of it was seen. */
  ends?: number;
}

/** Joins while somebody else has the host id; the result, and what sanlock was asked. */
async function contested({ seen, ends }: Scene): Promise<[number, string[]]> {
  const path = await Deno.makeTempFile();
  const { client, lockspace } = await joined(await formatted(path, []), 1);
  const added = Promise.withResolvers<number>();
  client.addLockspace = () => added.promise;
  const remLockspace = client.remLockspace.bind(client);
  client.remLockspace = (arg, flags) => {
    added.resolve(-201); // as sanlock answers a join that is given up
    return remLockspace(arg, flags);
  };
  const write = (lease: DeltaLease) => Deno.writeFile(path, sector(lease));
  try {
    await write(seen[0]!);
    const result = addLockspace(client, lockspace, 1, lease, never);
    for (const each of seen.slice(1)) {
      await write(each);
      // It is looked at once a second.
      await new Promise((wake) => setTimeout(wake, 1500));
    }
    if (ends !== undefined) added.resolve(ends);
    else await until("the join is given up", () => client.calls.length > 0);
    return [await result, client.calls];
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a rival who renews its lease is alive: the join is given up", async () => {
  const renewed = { ...lease, timestamp: 520 };
  assertEquals(await contested({ seen: [lease, renewed] }), [HOSTID_BUSY, ["remLockspace lvm_vg"]]);
});

Deno.test("a rival who does not, or whose lease is taken over, is waited for", async () => {
  const ours = { ...lease, hostName: "node2", timestamp: 9 };
  const scenes: Scene[] = [
    { seen: [lease, lease], ends: 0 },
    { seen: [lease, ours], ends: 0 },
    { seen: [lease, { ...lease, timestamp: 0 }], ends: -202 },
  ];
  const results = await Promise.all(scenes.map(contested));
  assertEquals(results, [[0, []], [0, []], [-202, []]]);
});

Deno.test("a start that is given up: sanlock is told to leave, or not asked at all", async () => {
  const { client, lockspace } = await joined(await formatted("/none/leases", []), 1);
  const added = Promise.withResolvers<number>();
  client.addLockspace = () => added.promise;
  client.remLockspace = () => {
    added.resolve(-201); // as sanlock answers a join that is given up
    return Promise.resolve(0);
  };
  const cancelled = new AbortController();
  const result = addLockspace(client, lockspace, 1, undefined, cancelled.signal);
  cancelled.abort();
  assertEquals(await result, -201);
  assertEquals(await addLockspace(client, lockspace, 1, undefined, cancelled.signal), -125);
});

Deno.test("without a rival it is sanlock's own result", async () => {
  const { client, lockspace } = await joined(await formatted("/none/leases", []), 1);
  assertEquals(await addLockspace(client, lockspace, 1, undefined, never), -17);
  await client.remLockspace(lockspaceArg(lockspace), 0);
  assertEquals(await addLockspace(client, lockspace, 1, undefined, never), 0);
});
