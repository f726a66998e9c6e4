/**
 * Receives what the daemon sends beside its native socket: the state listing and the log, as
 * datagrams to an abstract name that only one process of a network namespace can have at a time.
 *
 * @module
 */
import { AbstractDatagramSocket, OsError } from "../core/os/datagram.ts";

const socketName = "lvmlockd-dump.sock";
const EADDRINUSE = 98;
/** How long one wait for a datagram takes at most, so that the limit is looked at now and then. */
const pollMs = 200;

/** Fewer bytes arrived than announced. */
export class DumpIncomplete extends Error {
  override name = "DumpIncomplete";
  constructor(readonly received: number, readonly announced: number) {
    super(`${received} of ${announced} bytes arrived`);
  }
}

/** The bound socket. Bind before the request, for the daemon sends as soon as it has answered. */
export class DumpReceiver implements Disposable {
  readonly #socket: AbstractDatagramSocket;

  private constructor(socket: AbstractDatagramSocket) {
    this.#socket = socket;
  }

  /**
   * Takes the name. While another process has it, tries again for up to `patienceMs`: such a process
   * usually is another control tool that is done within milliseconds.
   *
   * @throws {OsError} EADDRINUSE (98) when it stays taken.
   */
  static async bind(patienceMs: number, signal: AbortSignal): Promise<DumpReceiver> {
    const start = performance.now();
    for (;;) {
      try {
        return new DumpReceiver(AbstractDatagramSocket.bind(socketName));
      } catch (error) {
        const taken = error instanceof OsError && error.errno === EADDRINUSE;
        if (!taken || signal.aborted || performance.now() - start >= patienceMs) throw error;
      }
      // Different pauses, so that several waiting tools do not keep in step.
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
    }
  }

  /** Throws away what a late daemon may still have sent to the name's last owner. */
  discard(): void {
    const scrap = new Uint8Array(1);
    while (this.#socket.receive(scrap) !== undefined);
  }

  /**
   * Collects `length` bytes.
   *
   * @throws {DumpIncomplete} when nothing came for `patienceMs`, or `signal` aborted.
   */
  async receive(
    length: number,
    patienceMs: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let at = 0;
    let last = performance.now();
    while (at < length) {
      const got = this.#socket.receive(bytes.subarray(at));
      if (got !== undefined) {
        at += got;
        last = performance.now();
        continue;
      }
      const left = patienceMs - (performance.now() - last);
      if (left <= 0 || signal.aborted) throw new DumpIncomplete(at, length);
      await this.#socket.readable(Math.ceil(Math.min(left, pollMs)));
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
