/**
 * The second half of info and dump: the text goes to the abstract datagram socket that lvmlockctl
 * has bound, in pieces, after the reply has said how many bytes there are.
 *
 * @module
 */
import { Errno } from "../errno.ts";
import { logger } from "../log.ts";
import { sendAll } from "../os/datagram_out.ts";

const log = logger("dump");

/** The name that lvmlockctl binds, in the abstract namespace. */
const RECEIVER = "@lvmlockd-dump.sock";
/** Largest datagram that lvmlockctl has room for. */
const DATAGRAM_BYTES = 65536;
/** The 2.03.16 lvmlockctl has a buffer of 1 MiB and puts a NUL at its end without looking. */
const MAX_BYTES = 1024 * 1024 - 1;
/** How long lvmlockctl may take nothing before it is given up, in milliseconds. */
const PATIENCE_MS = 5000;

/** Transfers that may wait; there is one receiver, which takes one at a time. */
const MAX_WAITING = 16;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/**
 * Starts the transfer and returns what to reply. Text that is too long ends at the last whole line
 * that fits, with result -ENOSPC.
 */
export function sendDump(text: string): { result: number; data: Uint8Array } {
  if (waiting >= MAX_WAITING) return { result: -Errno.EBUSY, data: new Uint8Array(0) };
  let result = 0;
  if (text.length > MAX_BYTES) {
    result = -Errno.ENOSPC;
    text = text.slice(0, text.lastIndexOf("\n", MAX_BYTES - 1) + 1);
  }
  const data = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) data[i] = text.charCodeAt(i);
  waiting++;
  last = last.then(() => transfer(data)).catch((error) => log.error(`dump: ${error}`))
    .finally(() => waiting--);
  return { result, data };
}

async function transfer(data: Uint8Array<ArrayBuffer>): Promise<void> {
  await new Promise((next) => setImmediate(next)); // the reply goes first
  const sent = await sendAll(RECEIVER, data, DATAGRAM_BYTES, PATIENCE_MS);
  if (sent < data.length) log.debug(`dump: ${sent} of ${data.length} bytes were taken`);
}
