/**
 * The 64 bytes that name a mutex.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { lockIdOf } from "./lock_id.ts";
import { globalLock, LV_UUID, lvLock, VG_UUID, vgLock } from "./test_lockspace.ts";

const vg = { vgUuid: VG_UUID };
const textOf = (bytes: Uint8Array | undefined) =>
  bytes && String.fromCharCode(...bytes).replaceAll("\0", ".");
const empty = ".".repeat(32);

Deno.test("a mutex is named by the characters of the UUIDs, without dashes", () => {
  const [vgPart, lvPart] = [VG_UUID.replaceAll("-", ""), LV_UUID.replaceAll("-", "")];
  assertEquals(textOf(lockIdOf(vg, globalLock)), empty + empty);
  assertEquals(textOf(lockIdOf(vg, vgLock)), vgPart + empty);
  assertEquals(textOf(lockIdOf(vg, lvLock())), vgPart + lvPart);
});

Deno.test("a UUID that would be cut or padded names nothing", () => {
  for (const vgUuid of ["", "abc", `${VG_UUID}x`, VG_UUID.replace("1", "\0")]) {
    assertEquals(lockIdOf({ vgUuid }, vgLock), undefined);
    assertEquals(lockIdOf(vg, lvLock([], vgUuid)), undefined);
  }
});
