/**
 * The value block's bytes, as other hosts write and read them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { changedBlock, decodeBlock, noBlock } from "./value_block.ts";

const bytes = (...start: number[]) => {
  const block = noBlock();
  block.set(start);
  return block;
};

Deno.test("a version is read and written little endian", () => {
  const block = bytes(0x01, 0x01, 0, 0, 7, 0, 0, 0);
  assertEquals(decodeBlock(block), { version: 0x0101, flags: 0, resourceVersion: 7 });
  const changed = changedBlock(noBlock(), { version: 0xfedcba98, removed: false });
  assertEquals(changed, bytes(0x01, 0x01, 0, 0, 0x98, 0xba, 0xdc, 0xfe));
});

Deno.test("what is not to be changed stays, down to bytes that nobody knows", () => {
  const block = bytes(0x02, 0x01, 0x04, 0, 9, 0, 0, 0, 0xaa, 0xbb);
  assertEquals(changedBlock(block, { version: 0, removed: false }), block);
  const changed = changedBlock(block, { version: 10, removed: false });
  assertEquals(changed, bytes(0x02, 0x01, 0x04, 0, 10, 0, 0, 0, 0xaa, 0xbb));
});

Deno.test("a block that was never written gets a format; that of a removed VG gets its flag", () => {
  assertEquals(changedBlock(noBlock(), { version: 0, removed: false }), bytes(0x01, 0x01));
  const removed = changedBlock(bytes(0x01, 0x01, 0, 0, 5), { version: 0, removed: true });
  assertEquals(removed, bytes(0x01, 0x01, 0x01, 0, 5));
});
