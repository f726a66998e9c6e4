/**
 * The lease of the global lock: told by its name, switched by rewriting it, and retired by who holds it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Mode } from "../../core/types.ts";
import { isGlEnabled, retireGl, switchGl } from "./global_lock.ts";
import { takeLock } from "./locks.ts";
import { formatted, gl, joined } from "./test_lockspace.ts";

const MIB = 2 ** 20;
const PATH = "/none/leases";

Deno.test("it is enabled, disabled, or cannot be told", async () => {
  const { client, lockspace } = await joined(await formatted(PATH, []), 1);
  assertEquals(await isGlEnabled(client, lockspace), 1);
  assertEquals((await switchGl(client, lockspace, false)).result, 0);
  assertEquals(await isGlEnabled(client, lockspace), 0);
  assertEquals((await switchGl(client, lockspace, true)).result, 0);
  assertEquals(await isGlEnabled(client, lockspace), 1);
  client.storage.get(PATH)!.leases.get(65 * MIB)!.name = "invalid_removed";
  assertEquals(await isGlEnabled(client, lockspace), -22);
  client.failures.set("readResource", [-202]);
  assertEquals(await isGlEnabled(client, lockspace), -202);
  client.failures.set("writeResource", [-221]);
  assertEquals((await switchGl(client, lockspace, true)).result, -221);
});

Deno.test("it is retired only while no other host holds it", async () => {
  const a = await joined(await formatted(PATH, []), 1);
  const b = await joined(a.client.storage, 2);
  await takeLock(b.client, b.lockspace, gl, Mode.sh, { adopt: "no", repair: false });
  assertEquals((await retireGl(a.lockspace)).result, -11);
  assertEquals(await isGlEnabled(b.client, b.lockspace), 1);
  await b.lockspace.connection.close();
  const orphans = { lockspace: "lvm_vg", name: "", path: PATH, offset: 0, flags: 0 };
  assertEquals(await b.lockspace.connection.release(orphans, 4), 1);
  assertEquals((await retireGl(a.lockspace)).result, 0);
  assertEquals(await isGlEnabled(b.client, b.lockspace), 0);
  assertEquals(a.client.ownLeases("lvm_vg"), []);
});
