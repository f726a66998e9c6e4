/**
 * The second half of info and dump: the text goes to the abstract datagram socket that lvmlockctl
 * has bound, in pieces, after the reply has said how many bytes there are.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { Errno } from "../errno.ts";
import { logger } from "../log.ts";
import { sendAll } from "../os/datagram_out.ts";
import { Slices } from "../os/slices.ts";

const log = logger("dump");

/** The name that lvmlockctl binds, in the abstract namespace. */
const RECEIVER = "@lvmlockd-dump.sock";
/** Largest datagram that lvmlockctl has room for. */
const DATAGRAM_BYTES = 65536;
/** The 2.03.16 lvmlockctl has a buffer of 1 MiB and puts a NUL at its end without looking. */
const STOCK_ROOM = 1024 * 1024 - 1;
/** A listing of as many locks as one table can have is smaller. */
const MOST_ROOM = 1024 * 1024 * 1024;
/** How long lvmlockctl may take nothing before it is given up, in milliseconds. */
const PATIENCE_MS = 5000;

/** Transfers that may wait; there is one receiver, which takes one at a time. */
const MAX_WAITING = 16;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/**
 * Starts the transfer and returns what to reply: `length` bytes will come. Text that is too long ends
 * at the last whole line that fits, with result -ENOSPC.
 * @param pieces the text, each of whole lines.
 * @param room bytes that the receiver said it has room for; 0 if it did not say.
 */
export function sendDump(
  pieces: Buffer<ArrayBuffer>[],
  room = 0,
): { result: number; length: number } {
  if (waiting >= MAX_WAITING) return { result: -Errno.EBUSY, length: 0 };
  const all = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const length = cutTo(room > 0 ? Math.min(room, MOST_ROOM) : STOCK_ROOM, pieces);
  waiting++;
  last = last.then(() => transfer(pieces, length)).catch((error) => log.error(`dump: ${error}`))
    .finally(() => waiting--);
  return { result: length < all ? -Errno.ENOSPC : 0, length };
}

/** Takes away what does not fit, by whole lines. Returns the length of the rest. */
export function cutTo(room: number, pieces: Buffer<ArrayBuffer>[]): number {
  let length = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    if (length + piece.length > room) {
      const end = room === length ? 0 : piece.lastIndexOf("\n", room - length - 1) + 1;
      pieces[i] = piece.subarray(0, end);
      pieces.length = i + 1;
      return length + end;
    }
    length += piece.length;
  }
  return length;
}

async function transfer(pieces: Buffer<ArrayBuffer>[], length: number): Promise<void> {
  const slices = new Slices();
  await slices.rest(); // the reply goes first
  let sent = 0;
  for (const piece of pieces) {
    const taken = await sendAll(RECEIVER, piece, DATAGRAM_BYTES, PATIENCE_MS);
    sent += taken;
    if (taken < piece.length) break;
    if (slices.over) await slices.rest();
  }
  if (sent < length) log.debug(`dump: ${sent} of ${length} bytes were taken`);
}
