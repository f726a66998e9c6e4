/** Stream sockets of the Unix domain that never block, through libc. @module */
import { Buffer } from "node:buffer";
import { errno, libc, strerror } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const F_SETFD = 2;
const F_SETFL = 4;
const FD_CLOEXEC = 1;

const EINTR = 4;
const EAGAIN = 11;
const ENFILE = 23;
const EMFILE = 24;
const ENOBUFS = 105;
const ENOMEM = 12;

/** Bytes read or sent at a time. */
const PIECE = 65536;
const piece = Buffer.alloc(PIECE);
const outgoing = Buffer.alloc(PIECE);

/**
 * Makes a listening socket at `path`, which must be free, with the permissions of the umask.
 * @param backlog connections that may wait to be accepted.
 * @throws {Error} saying which step failed and why.
 */
export function listenAt(path: string, backlog: number): number {
  const fd = libc().socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`Cannot make a socket: ${strerror(errno())}`);
  const address = addressOf(path);
  const failed = libc().bind(fd, address, address.length) < 0 || libc().listen(fd, backlog) < 0;
  if (!failed) return fd;
  const why = strerror(errno());
  libc().close(fd);
  throw new Error(`Cannot listen on ${path}: ${why}`);
}

/** An inherited listening socket: it too must neither block nor be inherited further. */
export function adoptListening(fd: number): void {
  libc().setDescriptorFlags(fd, F_SETFL, SOCK_NONBLOCK);
  libc().setDescriptorFlags(fd, F_SETFD, FD_CLOEXEC);
}

function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + text.length + 1);
  address[0] = AF_UNIX;
  address.set(text, 2);
  return address;
}

/** The next connection; `"none"` if nobody waits, `"no room"` if the system has no descriptor left. */
export function accept(listening: number): number | "none" | "no room" {
  const fd = libc().accept4(listening, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) return fd;
  return [EMFILE, ENFILE, ENOBUFS, ENOMEM].includes(errno()) ? "no room" : "none";
}

/** What {@link receive} has received, until it is called again. */
export const received: Buffer = piece;

/**
 * Receives at most 64 KiB into {@link received}.
 * @returns how many bytes, 0 after the last one and after an error, -1 if nothing is there.
 */
export function receive(fd: number): number {
  const length = libc().recv(fd, piece, PIECE, MSG_DONTWAIT);
  return length < 0 && !passing() ? 0 : length;
}

/** Longer texts are written to the buffer by the runtime, whose calls cost more than some bytes. */
const SHORT = 512;

/**
 * Sends as much of a byte string as there is room for, 64 KiB at most.
 * @returns how many bytes were taken, -1 if the peer takes no more.
 */
export function send(fd: number, text: string): number {
  const length = text.length < SHORT ? putShort(text) : outgoing.write(text, 0, "latin1");
  const sent = libc().send(fd, outgoing, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? sent : passing() ? 0 : -1;
}

function putShort(text: string): number {
  const bytes = outgoing;
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return text.length;
}

function passing(): boolean {
  const number = errno();
  return number === EAGAIN || number === EINTR;
}

/** Tells the peer that no more will come; what it sends can still be received. */
export function endSending(fd: number): void {
  libc().shutdown(fd, SHUT_WR);
}

export function closeSocket(fd: number): void {
  libc().close(fd);
}
