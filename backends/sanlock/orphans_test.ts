/**
 * What a daemon that died left behind: lockspaces that sanlock is in, and the LV locks in them that are
 * this host's. Devices are looked up on the disk too: files there have the size and the host's lease.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { LockType, Mode } from "../../core/types.ts";
import type { MemoryClient, MemoryConnection } from "./test_client.ts";
import { takeLock } from "./locks.ts";
import { findLeftBehind } from "./orphans.ts";
import { formatted, joined, lvAt, type MemoryHost, usual, vg } from "./test_lockspace.ts";

const MIB = 2 ** 20;

const uuid = (n: number) => `aaaaaa-bbbb-cccc-dddd-eeee-ffff-00000${n}`;
/** What is found when nothing is under way any more. */
function found(client: MemoryClient, known: ReadonlySet<string> = new Set()) {
  return findLeftBehind(client, known, () => Promise.resolve());
}

/** The first sector of a device on which host 1 has joined for the `generation`th time. */
function hostSector(generation: number): Uint8Array {
  const bytes = new Uint8Array(512);
  bytes.set(Uint8Array.fromHex("1020211204000300"));
  bytes[32] = 1;
  bytes[40] = generation;
  return bytes;
}

/** A host that has joined the lockspace of VG `vg-1`, whose leases are `path`. */
async function withHost(
  lvs: string[],
  body: (host: MemoryHost, path: string) => Promise<void>,
  file = "vg--1-lvm--lock",
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/${file}`;
  try {
    const storage = await formatted(path, lvs);
    await Deno.writeFile(path, hostSector(1));
    await Deno.truncate(path, storage.get(path)!.size);
    const host = await joined(storage, 1);
    rename(host, "lvm_vg-1");
    await body(host, path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** As if it had been joined under that name. */
function rename({ client, lockspace }: MemoryHost, name: string): void {
  const [[before, joined]] = [...client.joined] as [
    [string, typeof client.joined extends Map<string, infer J> ? J : never],
  ];
  client.joined.delete(before);
  client.joined.set(name, { ...joined, arg: { ...joined.arg, name } });
  joined.device.lockspace!.name = name;
  for (const lease of joined.device.leases.values()) lease.lockspace = name;
  Object.assign(lockspace, { spec: { ...lockspace.spec, name } });
}

async function lock({ client, lockspace }: MemoryHost, slot: number, name: string, mode: Mode) {
  const lv = lvAt(slot, usual, name);
  const { result } = await takeLock(client, lockspace, lv, mode, { adopt: "no", repair: false });
  assertEquals(result, 0);
}

Deno.test("lockspaces and their LV locks, with all that is needed to take them over", async () => {
  const lvs = [uuid(1), "", uuid(2), uuid(3), "something else"];
  await withHost(lvs, async (host) => {
    await lock(host, 67, uuid(1), Mode.ex);
    await lock(host, 69, uuid(2), Mode.ex);
    await lock(host, 71, "something else", Mode.ex);
    const { client, lockspace } = host;
    await takeLock(client, lockspace, vg, Mode.ex, { adopt: "no", repair: false });
    await lockspace.connection.close();
    const lvArgs = (slot: number) => `1.0.0:${slot * MIB}`;
    assertEquals(await found(client), [{
      lockType: LockType.sanlock,
      vgName: "vg-1",
      vgUuid: "",
      vgArgs: "1.0.0:lvm-lock",
      hostId: 1,
      locks: [
        { lvUuid: uuid(1), lvArgs: lvArgs(67), mode: Mode.ex },
        { lvUuid: uuid(2), lvArgs: lvArgs(69), mode: Mode.ex },
      ],
    }]);
  });
});

Deno.test("nothing is looked at before the dead daemon's calls are done", async () => {
  await withHost([uuid(1)], async (host) => {
    const done = Promise.withResolvers<void>();
    const left = findLeftBehind(host.client, new Set(), () => done.promise);
    await new Promise((wake) => setTimeout(wake, 0));
    assertEquals(host.client.calls.includes("getLockspaces"), false);
    await lock(host, 67, uuid(1), Mode.ex); // it ends well
    done.resolve();
    assertEquals((await left)[0]!.locks.map(({ lvUuid }) => lvUuid), [uuid(1)]);
  });
});

Deno.test("locks that are known are not looked for", async () => {
  await withHost([uuid(1), uuid(2)], async (host) => {
    await lock(host, 67, uuid(1), Mode.ex);
    await lock(host, 68, uuid(2), Mode.ex);
    host.client.calls.length = 0;
    const [left] = await found(host.client, new Set([uuid(1)]));
    assertEquals(left!.locks.map(({ lvUuid }) => lvUuid), [uuid(2)]);
    assertEquals(host.client.calls.filter((call) => call.startsWith("readOwners")).length, 1);
  });
});

Deno.test("locks of other hosts, and of an earlier life of this one, are not ours", async () => {
  await withHost([uuid(1), uuid(2)], async (host, path) => {
    await lock(host, 67, uuid(1), Mode.ex);
    const other = await joined(host.client.storage, 2);
    other.client.joined.clear();
    Object.assign(other.lockspace, { spec: host.lockspace.spec });
    await other.client.addLockspace(
      { ...host.client.joined.get("lvm_vg-1")!.arg, hostId: 2 },
      0,
      1,
    );
    await lock(other, 68, uuid(2), Mode.ex);
    const [left] = await found(host.client);
    assertEquals(left!.locks.map(({ lvUuid }) => lvUuid), [uuid(1)]);
    await Deno.writeFile(path, hostSector(2)); // it has joined again since then
    await Deno.truncate(path, host.client.storage.get(path)!.size);
    assertEquals((await found(host.client))[0]!.locks, []);
  });
});

Deno.test("lockspaces that are being joined or left, or are not LVM's, are left alone", async () => {
  await withHost([], async (host) => {
    const { client } = host;
    const [joined] = client.joined.values();
    const names = async () => (await found(client)).map(({ vgName }) => vgName);
    assertEquals(await names(), ["vg-1"]);
    for (const bit of [0x1, 0x2]) {
      joined!.arg.flags |= bit;
      assertEquals(await names(), []);
      joined!.arg.flags &= ~bit;
    }
    for (const name of ["libvirt", "lvm_vg-2", "lvm_vg--1", ""]) {
      joined!.arg.name = name;
      assertEquals(await names(), []);
    }
    client.failures.set("getLockspaces", [-104]);
    assertEquals(await names(), []);
  });
});

Deno.test("of a long name the device knows all, sanlock the beginning", async () => {
  const vgName = "n".repeat(59);
  await withHost([], async (host) => {
    rename(host, `lvm_${vgName}`.slice(0, 48));
    const [left] = await found(host.client);
    assertEquals([left!.vgName, left!.vgArgs], [vgName, "1.0.0:lvmlock"]);
  }, `${vgName}-lvmlock`);
});

Deno.test("leases that cannot be read are left out, the lockspace is not", async () => {
  await withHost([uuid(1), uuid(2)], async (host) => {
    await lock(host, 68, uuid(2), Mode.ex);
    const foundAfter = async (call: string, ...results: number[]) => {
      host.client.failures.set(call, results);
      const [left] = await found(host.client);
      host.client.failures.clear();
      return left!.locks.map(({ lvUuid }) => lvUuid);
    };
    assertEquals(await foundAfter("readResource", -223), [uuid(2)]); // never formatted
    assertEquals(await foundAfter("readResource", 0, -90), []); // the end
    assertEquals(await foundAfter("readLockspace", -202), []);
    assertEquals(await foundAfter("readOwners", -202), []);
    assertEquals((host.lockspace.connection as MemoryConnection).closed, false);
  });
});
