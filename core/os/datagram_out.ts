/**
 * Sends datagrams to a Unix socket by name, path or abstract: the dump transfer to lvmlockctl and
 * the notifications to the service manager.
 *
 * @module
 */
import { cString, errno, libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const EINTR = 4;
const ENOBUFS = 105;

/** Address of a Unix socket; a leading `@` stands for the NUL of an abstract name. */
function address(name: string): Uint8Array<ArrayBuffer> {
  const abstract = name.startsWith("@");
  const path = abstract ? new TextEncoder().encode(name.slice(1)) : cString(name);
  const bytes = new Uint8Array(2 + (abstract ? 1 : 0) + path.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(path, abstract ? 3 : 2);
  return bytes;
}

/** Sends one datagram. 0, or the errno that prevented it. */
export function sendDatagram(name: string, data: Uint8Array<ArrayBuffer>): number {
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno();
  try {
    return send(fd, address(name), data);
  } finally {
    libc().close(fd);
  }
}

function send(fd: number, to: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): number {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const sent = libc().sendto(fd, data, BigInt(data.length), flags, to, to.length);
  return sent < 0n ? errno() : 0;
}

/**
 * Sends data as datagrams of at most `size` bytes, waiting while the receiver is busy.
 * @param patienceMs how long the receiver may take none before it is given up.
 * @returns the number of bytes sent.
 */
export async function sendAll(
  name: string,
  data: Uint8Array<ArrayBuffer>,
  size: number,
  patienceMs: number,
): Promise<number> {
  const to = address(name);
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  try {
    let waited = 0;
    let at = 0;
    while (at < data.length) {
      const error = send(fd, to, data.slice(at, at + size));
      if (error === 0) {
        at = Math.min(at + size, data.length);
        waited = 0;
      } else if (![EAGAIN, EINTR, ENOBUFS].includes(error) || waited >= patienceMs) {
        return at;
      } else {
        await new Promise((wake) => setTimeout(wake, 1));
        waited++;
      }
    }
    return at;
  } finally {
    libc().close(fd);
  }
}
