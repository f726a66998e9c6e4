/**
 * A connection to a Unix socket whose user decides about every byte: for requests that no client
 * would send, and for clients that do not behave.
 *
 * @module
 */
import { fromByteString, toByteString } from "../../ctl/bytes.ts";
import { fieldRequest, terminator } from "../../ctl/native_text.ts";
import type { Fields } from "./conversation.ts";

/** No answer takes as long as this; only a test that fails waits for it. */
const PATIENCE_MS = 60_000;

/** A request as LVM spells it, with its terminator. */
export function message(name: string, fields: Fields = {}): string {
  return fieldRequest(name, fields) + terminator;
}

/** What the daemon answers to hello. */
export const helloReply = 'response = "OK"\nresult = 0\nprotocol = "lvmlockd"\nversion = 1\n';

/** What the daemon answers to a request that it does not understand. */
export function refusal(reason: string): string {
  return 'response = "OK"\nop = 0\nlock_type = "none"\nop_result = -22\nlm_result = 0\n' +
    `result_flags = "none"\nreason = "${reason.replace(/["\\]/g, "\\$&")}"\n`;
}

/** The usual reply, to requests about a VG in a lockspace of the given type. */
export function reply(op: number, result: number, lockType = "dlm"): string {
  return `response = "OK"\nop = ${op}\nlock_type = "${lockType}"\nop_result = ${result}\n` +
    'lm_result = 0\nresult_flags = "none"\n';
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("no answer")), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One connection. Text is a byte string. */
export class Wire implements Disposable {
  #text = "";
  #closed = false;
  readonly #chunk = new Uint8Array(65536);

  private constructor(private readonly connection: Deno.UnixConn) {}

  static async open(path: string): Promise<Wire> {
    return new Wire(await Deno.connect({ transport: "unix", path }));
  }

  /**
   * Sends everything.
   * @throws {Deno.errors.BrokenPipe} when the peer has closed.
   */
  async send(text: string | Uint8Array): Promise<void> {
    let bytes = typeof text === "string" ? fromByteString(text) : text;
    while (bytes.length > 0) bytes = bytes.subarray(await this.connection.write(bytes));
  }

  /** The next native reply without its terminator; undefined if the connection ends first. */
  reply(): Promise<string | undefined> {
    return this.upTo(terminator);
  }

  /** What comes before the next `end`; undefined if the connection ends first. */
  async upTo(end: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const found = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + end.length);
        return found;
      }
      if (!await this.#more()) return undefined;
    }
  }

  /** Sends a request and returns the reply. */
  async ask(text: string): Promise<string | undefined> {
    await this.send(text);
    return await this.reply();
  }

  /** Everything until the peer closes. */
  async rest(): Promise<string> {
    while (await this.#more());
    return this.#text;
  }

  async #more(): Promise<boolean> {
    const length = await inTime(this.connection.read(this.#chunk));
    if (length === null) return false;
    this.#text += toByteString(this.#chunk.subarray(0, length));
    return true;
  }

  /** Sends no more; reading goes on. */
  async finish(): Promise<void> {
    await this.connection.closeWrite();
  }

  /** Closes the connection, whatever is under way on it. */
  close(): void {
    if (!this.#closed) this.connection.close();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
