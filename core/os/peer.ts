/** Who is at the other end of a Unix socket, as the kernel knows it. @module */
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

function bytes(view: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}
