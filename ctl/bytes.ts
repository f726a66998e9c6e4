/**
 * Byte strings: one character (0 to 255) a byte, so that names of any encoding pass through.
 *
 * @module
 */

/** Bytes as a byte string. */
export function toByteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** A byte string as bytes. Characters above 255 lose their upper bits: encode text before. */
export function fromByteString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Text as the byte string of its UTF-8 form, for values that go onto the wire. */
export function encodeText(text: string): string {
  return toByteString(new TextEncoder().encode(text));
}
