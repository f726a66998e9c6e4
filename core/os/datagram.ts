/**
 * Owns the one thing Deno and Node cannot do that the dump transfer needs: receiving on a Unix
 * datagram socket bound to a name in the abstract namespace. Calls libc through FFI.
 *
 * @module
 */
import { errno, libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const sunPathSize = 108;
const EAGAIN = 11;
const EINTR = 4;

const symbols = {
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
} as const;

let calls: Deno.DynamicLibrary<typeof symbols>["symbols"] | undefined;

/** The calls that only receivers need. */
function receiving() {
  calls ??= Deno.dlopen("libc.so.6", symbols).symbols;
  return calls;
}

/** A libc call failed; `errno` is the positive Linux number. */
export class OsError extends Error {
  constructor(readonly call: string, readonly errno: number) {
    super(`${call} failed with errno ${errno}`);
    this.name = "OsError";
  }
}

/** The address bytes of an abstract name: family, one NUL, the name; no NUL at the end. */
export function abstractAddress(name: string): Uint8Array<ArrayBuffer> {
  const path = new TextEncoder().encode(name);
  if (path.length === 0 || path.length >= sunPathSize) {
    throw new RangeError(`abstract socket name of ${path.length} bytes; 1 to 107 are possible`);
  }
  const address = new Uint8Array(3 + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, 3);
  return address;
}

/** A datagram socket that receives under an abstract name until it is closed. */
export class AbstractDatagramSocket implements Disposable {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes `name` (1 to 107 bytes, without the leading NUL) in this network namespace.
   *
   * @throws {OsError} EADDRINUSE (98) when another socket has it.
   */
  static bind(name: string): AbstractDatagramSocket {
    const address = abstractAddress(name);
    const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new OsError("socket", errno());
    if (receiving().bind(fd, address, address.length) < 0) {
      const error = new OsError("bind", errno());
      libc().close(fd);
      throw error;
    }
    return new AbstractDatagramSocket(fd);
  }

  /**
   * Takes one datagram without waiting. What does not fit into `into` is lost, as always with
   * datagrams. Returns its length, or undefined when none is there.
   *
   * @throws {OsError} for every failure but EAGAIN and EINTR.
   */
  receive(into: Uint8Array<ArrayBuffer>): number | undefined {
    const length = Number(receiving().recv(this.#fd, into, BigInt(into.length), MSG_DONTWAIT));
    if (length >= 0) return length;
    const error = errno();
    if (error === EAGAIN || error === EINTR) return undefined;
    throw new OsError("recv", error);
  }

  /** Waits on a thread of its own until a datagram is there or `timeoutMs` have passed. */
  async readable(timeoutMs: number): Promise<boolean> {
    const entry = new Uint8Array(8);
    const view = new DataView(entry.buffer);
    view.setInt32(0, this.#fd, true);
    view.setInt16(4, POLLIN, true);
    return await receiving().poll(entry, 1n, timeoutMs) > 0;
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    libc().close(this.#fd);
    this.#fd = -1;
  }
}
