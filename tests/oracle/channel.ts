/**
 * One connection to a daemon's native socket, used synchronously, and the datagram socket on which
 * state listings arrive.
 *
 * @module
 */
import * as libc from "./libc.ts";
import { parseReply } from "./message.ts";
import { render, split, terminator } from "./render.ts";
import type { Chunking, Fields, Style } from "./script.ts";

/** The daemon closed the connection or does not answer. */
export class Broken extends Error {}

/** A connection that collects the replies arriving on it. */
export class Channel {
  readonly fd: number;
  #pending = "";
  #replies: string[] = [];

  constructor(path: string) {
    this.fd = libc.connect(path);
  }

  /** Writes a message in pieces; throws {@link Broken} when nobody reads. */
  write(message: string, chunking?: Chunking): void {
    for (const piece of split(message, chunking)) {
      if (!libc.send(this.fd, libc.toBytes(piece))) throw new Broken("connection is closed");
    }
  }

  request(fields: Fields, style?: Style, chunking?: Chunking): void {
    this.write(render(fields, style), chunking);
  }

  /** Reads what has arrived, without waiting. */
  pump(): void {
    const bytes = libc.receive(this.fd);
    if (bytes === undefined) return;
    if (bytes.length === 0) throw new Broken("the daemon closed a connection");
    this.#pending += libc.toText(bytes);
    for (let end; (end = this.#pending.indexOf(terminator)) >= 0;) {
      this.#replies.push(this.#pending.slice(0, end));
      this.#pending = this.#pending.slice(end + terminator.length);
    }
  }

  /** The oldest reply not taken yet. */
  take(): string | undefined {
    return this.#replies.shift();
  }

  /** Waits for a reply; `undefined` after that many microseconds. */
  await(microseconds: number): string | undefined {
    const end = performance.now() + microseconds / 1000;
    for (;;) {
      const reply = this.take();
      if (reply !== undefined) return reply;
      const left = (end - performance.now()) * 1000;
      if (left <= 0 || libc.waitReadable([this.fd], left).length === 0) return undefined;
      this.pump();
    }
  }

  /** Sends a request and waits for its reply, which must come within ten seconds. */
  ask(fields: Fields): string {
    this.request(fields);
    const reply = this.await(10e6);
    if (reply === undefined) throw new Broken(`no reply to ${JSON.stringify(fields)}`);
    return reply;
  }

  /** Waits until the daemon has read everything that was written here. */
  untilRead(): void {
    const end = performance.now() + 10_000;
    while (libc.unread(this.fd) > 0) {
      if (performance.now() > end) throw new Broken("the daemon does not read a request");
      libc.waitReadable([], 20);
    }
  }

  close(): void {
    libc.close(this.fd);
  }
}

/** Receives the datagrams that follow the reply to `info` or `dump`. */
export function receiveDump(socket: number, reply: string): string {
  const length = Number(parseReply(reply).get("dump_len") ?? NaN);
  let text = "";
  while (text.length < length) {
    const part = libc.receiveDatagram(socket);
    if (part === undefined) throw new Broken("a listing is shorter than announced");
    text += libc.toText(part);
  }
  return text;
}
