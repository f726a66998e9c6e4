/**
 * One connection to the native socket: one request at a time, each answered once, in order. The
 * connection is the client; when it ends, so do its transient locks.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { Errno } from "../errno.ts";
import { logger, logText, trace } from "../log.ts";
import type { ClientInfo, LockService } from "../service.ts";
import { type InfoLayout, Op, type Reply } from "../types.ts";
import { ConfigTextError, parseConfigText } from "./config_text.ts";
import { readPlain } from "./plain_text.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { sendDump } from "./dump.ts";
import { endsFrame, FrameReader, MAX_REQUEST, TERMINATOR } from "./frame.ts";
import { printInfo } from "./info.ts";
import { killedLine, receivedLine, sentLine } from "./log_lines.ts";
import { printDump, printHello, printRefusal, printReply } from "./reply.ts";
import { type NativeRequest, requestOf, toRequest } from "./request.ts";

const log = logger("native");

export interface SessionOptions {
  infoLayout: InfoLayout;
}

export class NativeSession implements ConnectionEvents {
  readonly #reader = new FrameReader();
  /** What has come is a request, unless more of it comes than its terminator. */
  #begun: { request: NativeRequest; text: string } | undefined;
  readonly #client: ClientInfo;
  /** A request has not been answered yet. */
  #waiting = false;
  /** Requests are being taken: an answer that comes at once must not take the next one itself. */
  #taking = false;
  /** The peer has half-closed: it sends no more, but reads. */
  #lastSent = false;
  /** Nothing more is taken from the peer. */
  #finished = false;

  constructor(
    private readonly connection: Connection,
    private readonly service: LockService,
    private readonly options: SessionOptions,
    pid: number,
  ) {
    this.#client = service.openClient({ origin: "native", command: "", pid, fd: connection.fd });
  }

  received(bytes: Buffer, length: number): void {
    if (this.#finished || this.#takePlain(bytes, length)) return;
    const piece = bytes.toString("latin1", 0, length);
    if (!this.#reader.push(piece) || (this.#waiting && this.#reader.pending > MAX_REQUEST)) {
      this.#write(printRefusal(-Errno.EINVAL, `Request longer than ${MAX_REQUEST} bytes`));
      return this.#finish();
    }
    this.#next();
  }

  /**
   * Takes a request that came alone and plain, as requests of LVM's commands do, whole or with its
   * terminator in a piece of its own.
   */
  #takePlain(bytes: Buffer, length: number): boolean {
    const whole = endsFrame(bytes, length);
    const { blocked } = this.connection;
    if (this.#begun !== undefined) {
      return this.#takeBegun(whole && length === TERMINATOR.length && !blocked);
    }
    if (this.#waiting || this.#taking || this.#reader.pending > 0 || blocked) return false;
    const fields = readPlain(bytes, whole ? length - TERMINATOR.length : length);
    const request = fields && requestOf(fields);
    if (request === undefined) return false;
    if (whole) this.#take(request);
    else this.#begun = { request, text: bytes.toString("latin1", 0, length) };
    return true;
  }

  /** @param ends a terminator has come and nothing else, and the answer can be sent. */
  #takeBegun(ends: boolean): boolean {
    const { request, text } = this.#begun!;
    this.#begun = undefined;
    if (ends) this.#take(request);
    else this.#reader.push(text);
    return ends;
  }

  #take(request: NativeRequest): void {
    this.#taking = true;
    this.#handle(request);
    this.#taking = false;
  }

  /** Takes requests until one waits for its answer, or until the peer lets answers pile up. */
  #next(): void {
    if (this.#taking) return;
    this.#taking = true;
    while (!this.#waiting && !this.#finished) {
      if (this.connection.blocked) {
        this.connection.pause();
        break;
      }
      const body = this.#reader.next();
      if (body === undefined) {
        if (this.#lastSent) this.#finish();
        break;
      }
      const request = this.#parse(body);
      if (request !== undefined) this.#handle(request);
    }
    this.#taking = false;
  }

  /** The peer has read its answers. */
  drained(): void {
    this.connection.resume();
    this.#next();
  }

  #handle(request: NativeRequest): void {
    if (this.#client.command === "") this.#client.command = request.command;
    switch (request.op) {
      case Op.hello:
        return this.#write(printHello(0));
      case Op.dumpInfo:
        return void this.#dump(this.#listing(), request.dumpRoom);
      case Op.dumpLog:
        return void this.#dump(logText().then((text) => [text]));
      default:
        return this.#submit(request);
    }
  }

  #listing(): Promise<Buffer<ArrayBuffer>[]> {
    const { infoLayout } = this.options;
    return this.service.listing((rows) => printInfo([...this.service.clients()], rows, infoLayout));
  }

  /** The request; one that is not understood is refused, the connection goes on. */
  #parse(body: string): NativeRequest | undefined {
    try {
      const pairs = parseConfigText(body);
      const request = toRequest(pairs);
      if (request !== undefined) return request;
      const name = pairs.get("request");
      const reason = typeof name === "string" ? `Unknown request ${name}` : "No request field";
      this.#write(printRefusal(-Errno.EINVAL, reason));
    } catch (error) {
      if (!(error instanceof ConfigTextError)) throw error;
      this.#write(printRefusal(-Errno.EINVAL, error.message));
    }
    return undefined;
  }

  #submit(request: NativeRequest): void {
    this.#waiting = true;
    const { vgName, lvName, lvUuid, op, resourceType, mode, flags } = request;
    trace(receivedLine, [this.#who, vgName, lvName, lvUuid], [op, resourceType, mode, flags]);
    this.service.submit(this.#client.id, request, (reply) => this.#answer(request, reply));
  }

  #answer(request: NativeRequest, reply: Reply): void {
    this.#waiting = false;
    trace(sentLine, [this.#who, "", "", ""], [reply.op, reply.result, 0, 0]);
    if (reply.op === Op.killVg && reply.result === 0) {
      trace(killedLine, [request.vgName, "", "", ""], [0, 0, 0, 0]);
    }
    const text = reply.op === Op.quit ? printHello(reply.result) : printReply(request, reply);
    if (reply.created) {
      const onLost = () => this.service.replyFailed(this.#client.id, request);
      this.connection.write(text, onLost);
    } else {
      this.#write(text);
    }
    this.#next();
  }

  async #dump(
    made: Promise<Buffer<ArrayBuffer>[]>,
    room = 0,
  ): Promise<void> {
    this.#waiting = true;
    const { result, length } = await answerWith(made, room);
    this.#waiting = false;
    this.#write(printDump(result, length));
    this.#next();
  }

  #write(text: string): void {
    this.connection.write(text);
  }

  /** The client in a log line, with a blank behind it. Made once: a command does not change. */
  get #who(): string {
    const { command, pid, id } = this.#client;
    if (command === "") return `client[${pid}][${id}] `;
    return this.#name ||= `${command}[${pid}][${id}] `;
  }
  #name = "";

  /** The peer sends no more, but wants the answers to what it has sent. */
  ended(): void {
    this.#lastSent = true;
    this.#next();
  }

  #finish(): void {
    this.#finished = true;
    this.connection.finish();
  }

  closed(): void {
    this.#finished = true;
    this.service.closeClient(this.#client.id);
  }
}

/** Starts to send what is being made; a defect in making it keeps nobody waiting. */
async function answerWith(
  made: Promise<Buffer<ArrayBuffer>[]>,
  room: number,
) {
  try {
    return sendDump(await made, room);
  } catch (error) {
    log.error(`listing: ${error instanceof Error ? error.stack : error}`);
    return { result: -Errno.EIO, length: 0 };
  }
}
