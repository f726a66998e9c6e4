/**
 * Text crosses between two worlds here: JSON is Unicode, the lock table holds byte strings (one
 * character a byte). Names in LVM are ASCII, where both are the same.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Unicode text to a byte string of its UTF-8 form. */
export function toBytes(text: string): string {
  let bytes = "";
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** A byte string read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function fromBytes(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** As {@link fromBytes}, with the table's `""` for "absent" as null. */
export function fromBytesOrNull(bytes: string): string | null {
  return bytes === "" ? null : fromBytes(bytes);
}

/** Almost all names are, and big listings have many of them. */
function isAscii(bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
