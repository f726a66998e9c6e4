/**
 * The value block is the one that other hosts read and write.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import * as block from "./value_block.ts";

Deno.test("the block of 8 bytes, little endian", () => {
  const bytes = new Uint8Array([1, 1, 1, 0, 0x0d, 0x0c, 0x0b, 0xfa]);
  const decoded = { version: 0x0101, flags: 1, resourceVersion: 0xfa0b0c0d };
  assertEquals(block.decodeValueBlock(bytes), decoded);
  assertEquals(block.encodeValueBlock(decoded, 0xfa0b0c0d), bytes);
  assertEquals(block.VALUE_BLOCK_LENGTH, bytes.length);
});

Deno.test("one that was never written gets its format with the first version", () => {
  assertEquals(block.decodeValueBlock(new Uint8Array(8)), { ...block.noValueBlock });
  assertEquals([...block.encodeValueBlock(block.noValueBlock, 1)], [1, 1, 0, 0, 1, 0, 0, 0]);
});

Deno.test("another format and flags stay as they were read", () => {
  const newer = { version: 0x0105, flags: 0x8000, resourceVersion: 1 };
  assertEquals([...block.encodeValueBlock(newer, 0xffffffff)], [5, 1, 0, 128, 255, 255, 255, 255]);
});

Deno.test("part of a larger buffer is read where it lies, and nothing beyond its end", () => {
  const larger = new Uint8Array([9, 9, 1, 1, 0, 0, 7, 0, 0, 0, 9]);
  assertEquals(block.decodeValueBlock(larger.subarray(2)).resourceVersion, 7);
  assertThrows(() => block.decodeValueBlock(new Uint8Array(7)));
});

Deno.test("the empty block cannot be changed by who reads it", () => {
  assertThrows(() => Object.assign(block.noValueBlock, { flags: 1 }));
});
