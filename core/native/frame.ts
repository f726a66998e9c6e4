/**
 * Frames of the native protocol: a body, then `\n##\n`. Clients send one request and wait for its
 * reply, in pieces as small as they like.
 *
 * @module
 */

/** What ends a request or reply. */
export const TERMINATOR = "\n##\n";

const terminator = new TextEncoder().encode(TERMINATOR);

/** Do the first `length` bytes end with a terminator? */
export function endsFrame(bytes: Uint8Array, length: number): boolean {
  const from = length - terminator.length;
  if (from < 0) return false;
  for (let i = 0; i < terminator.length; i++) if (bytes[from + i] !== terminator[i]) return false;
  return true;
}

/**
 * Longest request taken, in bytes. Real ones have less than 1 KiB; an idm request has one path for
 * each PV. The stock daemon takes 16 MiB.
 */
export const MAX_REQUEST = 1024 * 1024;

/** Collects pieces and cuts them into bodies. */
export class FrameReader {
  #parts: string[] = [];
  #length = 0;
  /** The last three characters, where a terminator may have begun. */
  #tail = "";

  /** Adds a piece, as a byte string. Returns false once a body has grown beyond the limit. */
  push(piece: string): boolean {
    this.#parts.push(piece);
    this.#length += piece.length;
    this.#complete ||= (this.#tail + piece).includes(TERMINATOR);
    this.#tail = (this.#tail + piece).slice(-3);
    return this.#complete || this.#length <= MAX_REQUEST;
  }

  #complete = false;

  /** The next complete body, without its terminator; undefined until there is one. */
  next(): string | undefined {
    if (!this.#complete) return undefined;
    const text = this.#parts.length === 1 ? this.#parts[0]! : this.#parts.join("");
    const end = text.indexOf(TERMINATOR);
    const rest = text.slice(end + TERMINATOR.length);
    this.#parts = rest === "" ? [] : [rest];
    this.#length = rest.length;
    this.#tail = rest.slice(-3);
    this.#complete = rest.includes(TERMINATOR);
    return text.slice(0, end);
  }

  /** Bytes that belong to no body taken yet. */
  get pending(): number {
    return this.#length;
  }
}
