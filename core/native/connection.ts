/**
 * The bytes of one connection: hands over what comes, keeps what the peer has not taken yet.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { logger } from "../log.ts";
import { type Poller, Ready, type Watch } from "../os/poller.ts";
import { closeSocket, endSending, receive, received, send } from "../os/unix_socket.ts";

const log = logger("native");

/** Whoever serves the connection. */
export interface ConnectionEvents {
  /** The first `length` bytes came. They are there for the time of the call only. */
  received(bytes: Buffer, length: number): void;
  /** The peer sends no more, but may still read. */
  ended(): void;
  /** The peer has taken everything that was kept for it. */
  drained(): void;
  /** It is over; comes once, and nothing comes after it. */
  closed(): void;
}

/** What is to be sent. */
interface Outgoing {
  text: string;
  /** Called if the peer never takes it. */
  onLost: (() => void) | undefined;
}

/** Of all connections that have nothing to send. An array that is emptied gives up its room. */
const nothing: Outgoing[] = [];

export class Connection {
  readonly #watch: Watch;
  #events: ConnectionEvents | undefined;
  #onClosed: (() => void) | undefined;
  #outgoing = nothing;
  /** It is sent after the batch of events that is being told. */
  #soon = false;
  /** The peer does not take what it is sent. */
  #stuck = false;
  #paused = false;
  /** The peer sends no more. */
  #ended = false;
  /** The peer has closed; nothing is read or sent any more. */
  #gone = false;
  #finishing = false;
  /** Nobody serves it any more. What still comes is thrown away. */
  #over = false;
  #closed = false;

  /** Takes over the socket `fd`. {@link serve} comes next. */
  constructor(private readonly poller: Poller, readonly fd: number) {
    this.#watch = poller.watch(fd, Ready.read, (found) => this.#guarded(this.#ready, found));
  }

  /** @param onClosed called when the socket is closed, after `events` were told. */
  serve(events: ConnectionEvents, onClosed: () => void): void {
    this.#events = events;
    this.#onClosed = onClosed;
  }

  /** The peer lets pile up what it is sent. */
  get blocked(): boolean {
    return this.#stuck;
  }

  /** @param onLost called if the peer is gone before it has taken all of it. */
  write(text: string, onLost?: () => void): void {
    if (this.#over || this.#finishing) return onLost?.();
    if (this.#outgoing.length > 0) this.#outgoing.push({ text, onLost });
    else this.#outgoing = [{ text, onLost }];
    if (this.#soon || this.#stuck) return;
    this.#soon = true;
    // Whoever is woken by a reply runs while other replies are still to be made.
    this.poller.afterBatch(this.#afterBatch);
  }

  /** Made once, not for every reply. */
  readonly #afterBatch = () => {
    this.#soon = false;
    this.#guarded(this.#flush);
  };

  /** Takes no more from the peer until {@link resume}. */
  pause(): void {
    this.#paused = true;
    this.#rearm();
  }

  resume(): void {
    this.#paused = false;
    this.#rearm();
  }

  /**
   * Sends what is to be sent and nothing more. The connection is over then; what the peer still sends
   * is thrown away until it has read the end too.
   */
  finish(): void {
    this.#finishing = true;
    if (this.#outgoing.length === 0) this.#hangUp();
  }

  /** Closes at once. What the peer does not take now is lost. */
  close(): void {
    if (this.#closed) return;
    if (!this.#gone) this.#send();
    this.#closed = true;
    this.poller.forget(this.#watch);
    closeSocket(this.fd);
    this.#end();
    this.#onClosed?.();
  }

  #hangUp(): void {
    if (this.#ended || this.#closed) return this.close();
    endSending(this.fd);
    this.#paused = false;
    this.#rearm();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#events?.closed();
    const lost = this.#outgoing;
    this.#outgoing = nothing;
    for (const { onLost } of lost) onLost?.();
  }

  #ready(found: number): void {
    if ((found & (Ready.hangUp | Ready.error)) !== 0) return this.#lastWords();
    if ((found & Ready.write) !== 0) this.#flush();
    if ((found & Ready.read) === 0 || this.#paused || this.#closed) return;
    this.#receive();
    if (!this.#ended) return;
    this.#rearm();
    if (this.#over) this.close();
    else this.#events?.ended();
  }

  /** Both sides have ended. What the peer had sent before is still there. */
  #lastWords(): void {
    this.poller.forget(this.#watch);
    while (!this.#ended && !this.#paused && !this.#closed) this.#receive();
    this.#gone = true;
    // Answers that are to come in this turn of the event loop come to a client that is known.
    setImmediate(() => this.#guarded(this.close));
  }

  #receive(): void {
    const length = receive(this.fd);
    if (length < 0) return;
    if (length === 0) this.#ended = true;
    else if (!this.#over) this.#events?.received(received, length);
  }

  #flush(): void {
    if (this.#over) return;
    const wasStuck = this.#stuck;
    if (!this.#send()) return this.close();
    this.#stuck = this.#outgoing.length > 0;
    if (this.#stuck !== wasStuck) this.#rearm();
    if (this.#stuck) return;
    if (this.#finishing) this.#hangUp();
    else if (wasStuck) this.#events?.drained();
  }

  /** Sends as much as the peer takes. Returns false if it takes nothing any more. */
  #send(): boolean {
    while (this.#outgoing.length > 0) {
      const first = this.#outgoing[0]!;
      const sent = send(this.fd, first.text);
      if (sent < 0) return false;
      if (sent === 0 && first.text !== "") break;
      if (sent < first.text.length) first.text = first.text.slice(sent);
      else if (this.#outgoing.length > 1) this.#outgoing.shift();
      else this.#outgoing = nothing;
    }
    return true;
  }

  #rearm(): void {
    if (this.#closed || this.#gone) return;
    const read = this.#ended || this.#paused ? 0 : Ready.read;
    this.poller.want(this.#watch, read | (this.#stuck ? Ready.write : 0));
  }

  /** A defect in serving one connection must not keep the others from being served. */
  #guarded(action: (found: number) => void, found = 0): void {
    try {
      action.call(this, found);
    } catch (error) {
      log.error(`connection: ${error instanceof Error ? error.stack : error}`);
      this.close();
    }
  }
}
