/**
 * A connection to lvmlockd's native socket as a client: the handshake, then one reply per request.
 * Speaks with the stock daemon and with ours.
 *
 * @module
 */
import { Errno } from "../core/errno.ts";
import { fromByteString, toByteString } from "./bytes.ts";
import {
  parseReply,
  type Reply,
  ReplySyntaxError,
  simpleRequest,
  terminator,
} from "./native_text.ts";

const EPIPE = 32;
const EPROTO = 71;
const ECONNRESET = 104;

/** Nobody answers on the socket; `message` is what the stock tool prints about it. */
export class ConnectError extends Error {
  override name = "ConnectError";
}

/** The connection broke, or the reply was unreadable (EPROTO). */
export class TransportError extends Error {
  override name = "TransportError";
  /** `detail` is a line about the cause, or `""`. */
  constructor(readonly errno: number, readonly detail = "") {
    super(`reply error ${errno}`);
  }
}

/** The limit passed while a reply was awaited. */
export class GaveUp extends Error {
  override name = "GaveUp";
}

/** One connection. Requests must not overlap. */
export class NativeClient implements Disposable {
  readonly #connection: Deno.UnixConn;
  readonly #signal: AbortSignal;
  #closed = false;
  readonly #onAbort = () => this.#close();

  private constructor(connection: Deno.UnixConn, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#close();
  }

  /**
   * Connects to `path` and shakes hands. When `signal` aborts, the connection is closed, which makes
   * the daemon forget what was asked.
   *
   * @throws {ConnectError} when there is no daemon, or it is no lvmlockd of protocol version 1.
   * @throws {GaveUp} when `signal` aborts first.
   */
  static async connect(path: string, signal: AbortSignal): Promise<NativeClient> {
    let connection: Deno.UnixConn;
    try {
      connection = await Deno.connect({ transport: "unix", path });
    } catch (error) {
      throw new ConnectError(`${path}: connect failed: ${osReason(error)}`);
    }
    const client = new NativeClient(connection, signal);
    try {
      await client.#hello();
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  async #hello(): Promise<void> {
    let reply: Reply;
    try {
      reply = await this.request(simpleRequest("hello"));
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const detail = error.detail && `${error.detail}\n`;
      throw new ConnectError(`${detail}Daemon lvmlockd returned error ${error.errno}`);
    }
    const [protocol, version] = [reply.get("protocol") ?? "", reply.get("version")];
    if (reply.get("response") !== "OK") throw new ConnectError("Daemon lvmlockd returned error 0");
    if (protocol !== "lvmlockd") {
      throw new ConnectError(`Daemon lvmlockd: requested protocol lvmlockd != ${protocol}`);
    }
    if (version !== 1) {
      throw new ConnectError(`Daemon lvmlockd: requested protocol version 1 != ${version ?? 0}`);
    }
  }

  /**
   * Sends one request and waits for its reply, for as long as that takes.
   *
   * @throws {TransportError}
   * @throws {GaveUp}
   */
  async request(body: string): Promise<Reply> {
    try {
      await this.#send(fromByteString(body + terminator));
      return parseReply(await this.#receive());
    } catch (error) {
      if (this.#signal.aborted) throw new GaveUp();
      if (error instanceof ReplySyntaxError) throw new TransportError(EPROTO, error.message);
      if (error instanceof Deno.errors.ConnectionReset) throw new TransportError(ECONNRESET);
      if (error instanceof Deno.errors.BrokenPipe) throw new TransportError(EPIPE);
      throw error;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0) bytes = bytes.subarray(await this.#connection.write(bytes));
  }

  /** The daemon writes nothing after a terminator, so that the end of the text tells all. */
  async #receive(): Promise<string> {
    const chunk = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(terminator)) {
      const length = await this.#connection.read(chunk);
      if (length === null) throw new TransportError(ECONNRESET);
      text += toByteString(chunk.subarray(0, length));
    }
    return text.slice(0, -terminator.length);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#close();
  }
}

/** The kernel's words for a failed system call: `No such file or directory`. */
export function osReason(error: unknown): string {
  const text = error instanceof Error ? error.message : `${error}`;
  return /([^:]*?) \(os error \d+\)/.exec(text)?.[1]?.trim() ?? text;
}

/** The errno of a failed system call; EIO when the error does not tell. */
export function osErrno(error: unknown): number {
  const text = error instanceof Error ? error.message : "";
  return Number(/\(os error (\d+)\)/.exec(text)?.[1] ?? Errno.EIO);
}
