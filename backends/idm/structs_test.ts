/**
 * Memory of a call, as the library reads it.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { IlmMode } from "./constants.ts";
import { cText, layout, lockOp } from "./structs.ts";

/** The C string at an address. */
function textAt(address: bigint): string {
  return Deno.UnsafePointerView.getCString(Deno.UnsafePointer.create(address)!);
}

Deno.test("a lock operation points to its drives", () => {
  const { op, memory } = lockOp(IlmMode.shareable, ["/dev/a", "/dev/disk/by-id/b"], 60_000);
  const view = new DataView(op.buffer, op.byteOffset, op.byteLength);
  assertEquals(op.length, layout.idm_lock_op.size);
  assertEquals([0, 4].map((at) => view.getUint32(at, true)), [IlmMode.shareable, 2]);
  assertEquals(view.getInt32(4104, true), 60_000);
  const paths = [8, 16].map((at) => textAt(view.getBigUint64(at, true)));
  assertEquals(paths, ["/dev/a", "/dev/disk/by-id/b"]);
  assertEquals(view.getBigUint64(24, true), 0n);
  assertEquals(op.buffer, memory);
});

Deno.test("there is room for 512 drives and not for more", () => {
  const paths = Array.from({ length: 513 }, (_, i) => `/dev/d${i}`);
  const { op } = lockOp(IlmMode.exclusive, paths.slice(0, 512), 1);
  assertEquals(textAt(new DataView(op.buffer).getBigUint64(8 + 511 * 8, true)), "/dev/d511");
  assertThrows(() => lockOp(IlmMode.exclusive, paths, 1), RangeError);
});

Deno.test("byte strings become C strings byte by byte", () => {
  assertEquals([...cText("a\xff")], [0x61, 0xff, 0]);
});
