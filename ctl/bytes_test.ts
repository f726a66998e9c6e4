/** Byte strings of the wire against text of the terminal. @module */
import { assertEquals } from "@std/assert";
import { encodeText, fromByteString, toByteString } from "./bytes.ts";

Deno.test("every byte comes back as it went in, in any number", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);
  assertEquals(fromByteString(toByteString(bytes)), bytes);
});

Deno.test("text becomes the bytes of its UTF-8 form", () => {
  assertEquals(encodeText("vgé"), "vg\xc3\xa9");
});
