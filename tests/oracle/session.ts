/**
 * The connections to one daemon that a script needs: a control connection that looks at the state
 * and cleans up, and one for each script client.
 *
 * @module
 */
import { Broken, Channel, receiveDump } from "./channel.ts";
import type { Daemon } from "./daemon.ts";
import { type Info, isGone, parseInfo } from "./info.ts";
import * as libc from "./libc.ts";
import { result } from "./message.ts";
import { dlmVg, lockRequest, sanlockVg, startRequest } from "./requests.ts";
import type { Script } from "./script.ts";
import { pause, untilRunning } from "./settler.ts";

/** A connection of a script client. */
export interface Client {
  /** Its number in the script. */
  number: number;
  /** The id that the daemon gave the connection. */
  id: number;
  channel: Channel;
  /** The step whose request is unanswered. */
  asked?: number;
  /** The lock that request is about. */
  lock?: string;
}

/** Connections to one daemon; reset by {@link begin} for each script. */
export class Session {
  readonly #path: string;
  readonly #dump: number;
  readonly #channels = new Set<Channel>();
  /** True for daemons that notice when a client with a waiting request dies. */
  readonly noticesHangup: boolean;
  control!: Channel;
  controlId = 0;
  /** Script clients in order of connecting. */
  opened: number[] = [];
  readonly clients = new Map<number, Client>();

  constructor(daemon: Daemon) {
    this.#path = daemon.socket;
    this.#dump = libc.bindDumpSocket(daemon.pid, 10);
    this.noticesHangup = daemon.kind.name === "ours";
  }

  /** Gives up the listing socket. */
  close(): void {
    this.end();
    libc.close(this.#dump);
  }

  /** A new control connection, and no lockspace but a base one that cannot be stopped. */
  begin(script: Script): void {
    this.end();
    this.opened = [];
    this.control = this.#connect();
    this.control.ask([["request", "hello"]]);
    if (script.base !== "none") this.control.ask([["request", "stop_all"], ["opts", "force"]]);
    const alone = this.until((info) => info.clients.length === 1 && info.lockspaces.every(isGone));
    this.controlId = Number(alone.clients[0]!.id);
    if (script.base !== "none") this.#startBase(script.base);
  }

  #startBase(lockType: "dlm" | "sanlock"): void {
    const base = lockType === "sanlock" ? sanlockVg("base", 9) : dlmVg("base", 9);
    this.control.ask(startRequest(base, "none"));
    untilRunning(this.control, { gl: false, vg: "base" });
    const held = { kind: "lv", vg: base, lv: 99 } as const;
    const locked = this.control.ask(lockRequest(held, "ex", "persistent", "control"));
    if (result(locked) !== 0) throw new Broken(`the base VG does not work: ${locked}`);
  }

  /** Closes every connection. */
  end(): void {
    for (const channel of this.#channels) channel.close();
    this.#channels.clear();
    this.clients.clear();
  }

  /** The text of a state listing. */
  info(): string {
    return this.receiveDump(this.control.ask([["request", "info"]]));
  }

  /** What follows the reply to somebody's `info` or `dump`. */
  receiveDump(reply: string): string {
    return receiveDump(this.#dump, reply);
  }

  /** Polls the listing until it has some property; throws after ten seconds. */
  until(wanted: (info: Info) => boolean): Info {
    const end = performance.now() + 10_000;
    for (;;) {
      const text = this.info();
      const info = parseInfo(text);
      if (wanted(info)) return info;
      if (performance.now() > end) throw new Broken(`the state does not settle:\n${text}`);
      libc.waitReadable([], pause);
    }
  }

  /** The connection of a script client, made when it is first needed. */
  client(number: number): Client {
    let client = this.clients.get(number);
    if (client === undefined) {
      this.opened.push(number);
      client = { number, id: this.controlId + this.opened.length, channel: this.#connect() };
      this.clients.set(number, client);
    }
    return client;
  }

  /** Clients whose requests are unanswered. */
  waiting(): Client[] {
    return [...this.clients.values()].filter((client) => client.asked !== undefined);
  }

  /** Closes a client's connection without a word. */
  disconnect(client: Client): void {
    client.channel.close();
    this.#channels.delete(client.channel);
    this.clients.delete(client.number);
  }

  /** Waits until the daemon has dealt with the end of a connection. */
  untilForgotten(client: Client): void {
    this.until((info) => !info.clients.some((row) => row.id === String(client.id)));
  }

  #connect(): Channel {
    const channel = new Channel(this.#path);
    this.#channels.add(channel);
    return channel;
  }
}
