/** Who is at the other end of a Unix socket, and whether still, as the kernel knows it. @module */
import { libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

const credentials = new Int32Array(3);
const length = new Uint32Array(1);

/** Process id of the peer when it connected; 0 if it cannot be known. */
export function peerPid(fd: number): number {
  if (fd < 0) return 0;
  length[0] = credentials.byteLength;
  const result = libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, bytes(credentials), bytes(length));
  return result === 0 ? credentials[0]! : 0;
}

const POLLHUP = 0x10;
/** `struct pollfd`: descriptor, then 16 bits each of events asked for (none) and found. */
const entry = new Int32Array(2);

/** Has the peer closed the socket altogether? Not so if it only sends no more. */
export function hungUp(fd: number): boolean {
  if (fd < 0) return true;
  entry[0] = fd;
  entry[1] = 0;
  return libc().poll(bytes(entry), 1n, 0) > 0 && (entry[1]! >>> 16 & POLLHUP) !== 0;
}

function bytes(view: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}
