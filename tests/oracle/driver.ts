/**
 * Runs a script against one daemon, one step at a time, in such a way that the outcome is
 * determined although requests of several clients overlap: after each step the driver knows that
 * every request is either answered or waits for a lock.
 *
 * @module
 */
import { Broken, Channel, receiveDump } from "./channel.ts";
import type { Daemon } from "./daemon.ts";
import { type Info, isGone, parseInfo } from "./info.ts";
import * as libc from "./libc.ts";
import { parseReply, result } from "./message.ts";
import { lockRequest, sanlockVg, startRequest } from "./requests.ts";
import { dlmVg } from "./requests.ts";
import { terminator } from "./render.ts";
import type { Script, Step } from "./script.ts";
import { pause, Settler } from "./settler.ts";
import { changesLockspaces, lockOf, placesOf } from "./target.ts";
import { guardAllows } from "./guard.ts";
import type { ReplyRecord, StepRecord, Transcript } from "./transcript.ts";

/** How long an answer is waited for before it is asked whether the request waits; microseconds. */
const patience = 3000;

interface Client {
  number: number;
  id: number;
  channel: Channel;
  /** The step whose request is unanswered. */
  asked?: number;
  /** The lock it waits for. */
  lock?: string;
}

/** A driver for one daemon; scripts run one after the other. */
export class Driver {
  readonly #path: string;
  readonly #noticesHangup: boolean;
  readonly #dump: number;
  #control!: Channel;
  #controlId = 0;
  readonly #channels = new Set<Channel>();
  #clients = new Map<number, Client>();
  #opened: number[] = [];
  #settler!: Settler;
  #replies: ReplyRecord[] = [];

  constructor(daemon: Daemon) {
    this.#path = daemon.socket;
    this.#noticesHangup = daemon.kind.name === "ours";
    this.#dump = libc.bindDumpSocket(daemon.pid, 10);
  }

  close(): void {
    libc.close(this.#dump);
  }

  /** Runs a script from a clean state. A daemon that failed must not be used again. */
  run(script: Script): Transcript {
    const transcript: Transcript = {
      steps: [],
      controlId: 0,
      opened: [],
      final: "",
      finalReplies: [],
      stuck: [],
    };
    try {
      this.#begin(script);
      for (const [index, step] of script.steps.entries()) {
        const record = this.#step(index, step);
        transcript.steps.push(record);
        if (this.#clientDied) {
          transcript.death = index;
          break;
        }
      }
      this.#finish(transcript);
    } catch (error) {
      transcript.failure = error instanceof Error ? error.message : String(error);
    }
    transcript.controlId = this.#controlId;
    transcript.opened = this.#opened;
    for (const channel of this.#channels) channel.close();
    this.#channels.clear();
    return transcript;
  }

  #connect(): Channel {
    const channel = new Channel(this.#path);
    this.#channels.add(channel);
    return channel;
  }

  #disconnect(client: Client): void {
    client.channel.close();
    this.#channels.delete(client.channel);
    this.#clients.delete(client.number);
  }

  #clientDied = false;

  /** A new control connection, no lockspace but the base one, which cannot be stopped. */
  #begin(script: Script): void {
    this.#clients = new Map();
    this.#opened = [];
    this.#replies = [];
    this.#clientDied = false;
    this.#control = this.#connect();
    this.#control.ask([["request", "hello"]]);
    this.#control.ask([["request", "stop_all"], ["opts", "force"]]);
    const alone = this.#until((info) => info.clients.length === 1 && info.lockspaces.every(isGone));
    this.#controlId = Number(alone.clients[0]!.id);
    const base = script.base === "sanlock" ? sanlockVg("base", 9) : dlmVg("base", 9);
    const held = { kind: "lv", vg: base, lv: 99 } as const;
    this.#settler = new Settler(this.#control, () => this.#collect());
    this.#settler.add({ gl: true });
    this.#settler.add({ gl: false, vg: "base" });
    this.#control.ask(startRequest(base, "none"));
    this.#settler.settleAll();
    const locked = this.#control.ask(lockRequest(held, "ex", "persistent", "control"));
    if (result(locked) !== 0) throw new Broken(`the base VG does not work: ${locked}`);
  }

  /** Polls the listing until it has some property; throws after ten seconds. */
  #until(wanted: (info: Info) => boolean): Info {
    const end = performance.now() + 10_000;
    for (;;) {
      const text = this.#info();
      const info = parseInfo(text);
      if (wanted(info)) return info;
      if (performance.now() > end) throw new Broken(`the state does not settle:\n${text}`);
      libc.waitReadable([], pause);
    }
  }

  #info(): string {
    return receiveDump(this.#dump, this.#control.ask([["request", "info"]]));
  }

  /** Takes the replies that have arrived at any client; false if there were none. */
  #collect(): boolean {
    const before = this.#replies.length;
    const asking = [...this.#clients.values()].filter((client) => client.asked !== undefined);
    const ready = libc.waitReadable(asking.map((client) => client.channel.fd), 0);
    for (const client of asking) {
      if (ready.includes(client.channel.fd)) client.channel.pump();
      this.#accept(client);
    }
    return this.#replies.length > before;
  }

  #accept(client: Client): void {
    for (let text; (text = client.channel.take()) !== undefined;) {
      this.#replies.push({ client: client.number, toStep: client.asked ?? -1, text });
      delete client.asked;
    }
  }

  #step(index: number, step: Step): StepRecord {
    const skipped = this.#act(index, step);
    const record: StepRecord = { step: index, replies: this.#takeReplies(), waiting: [] };
    if (skipped !== undefined) record.skipped = skipped;
    if (step.kind === "info") {
      this.#settler.settleAll();
      record.info = this.#info();
    }
    record.waiting = [...this.#waiting()].map((client) => client.number).sort((a, b) => a - b);
    return record;
  }

  #act(index: number, step: Step): StepRecord["skipped"] {
    if (step.kind === "info") return undefined;
    if (step.kind === "close") return this.#closeStep(step.client, step.polite);
    if (this.#clients.get(step.client)?.asked !== undefined) return "waiting";
    const client = this.#client(step.client);
    if (step.kind === "noise") this.#noise(client, index, step.text);
    else if (step.guard !== undefined && !this.#guardAllows(step, client)) return "guard";
    else this.#sendStep(client, index, step);
    return undefined;
  }

  #guardAllows(step: Step & { kind: "send" }, client: Client): boolean {
    this.#settler.settleAll();
    return guardAllows(step.guard!, step.fields, parseInfo(this.#info()), client.id);
  }

  #takeReplies(): ReplyRecord[] {
    const replies = this.#replies.sort((a, b) => a.client - b.client);
    this.#replies = [];
    return replies;
  }

  #waiting(): Client[] {
    return [...this.#clients.values()].filter((client) => client.asked !== undefined);
  }

  #client(number: number): Client {
    let client = this.#clients.get(number);
    if (client === undefined) {
      this.#opened.push(number);
      const id = this.#controlId + this.#opened.length;
      client = { number, id, channel: this.#connect() };
      this.#clients.set(number, client);
    }
    return client;
  }

  #sendStep(client: Client, index: number, step: Step & { kind: "send" }): void {
    const places = placesOf(step.fields);
    const lock = lockOf(step.fields);
    this.#settler.beforeRequest(places);
    client.channel.request(step.fields, step.style, step.chunking);
    client.asked = index;
    if (lock !== undefined) client.lock = lock;
    this.#settler.touch(places);
    const mayWait = lock !== undefined && places.length > 0;
    const reply = client.channel.await(!mayWait ? 10e6 : step.waits === true ? 0 : patience);
    if (reply !== undefined) this.#answered(client, step, reply);
    else if (!mayWait) throw new Broken(`no reply to step ${index}`);
    else {
      client.channel.untilRead();
      this.#settler.settle(places);
    }
    if (changesLockspaces(step.fields)) this.#lifecycle(step);
    else if (lock !== undefined && this.#somebodyElseWaits(client, lock)) {
      this.#settler.settle(places);
    }
  }

  #somebodyElseWaits(client: Client, lock: string): boolean {
    return this.#waiting().some((other) => other !== client && other.lock === lock);
  }

  #answered(client: Client, step: Step & { kind: "send" }, text: string): void {
    const request = step.fields[0]?.[1];
    if (parseReply(text).has("dump_len")) {
      const listing = receiveDump(this.#dump, text);
      if (request === "info") parseInfo(listing);
    }
    this.#replies.push({ client: client.number, toStep: client.asked!, text });
    delete client.asked;
  }

  #lifecycle(step: Step & { kind: "send" }): void {
    for (const place of placesOf(step.fields)) this.#settler.add(place);
    this.#settler.settleAll();
  }

  /** Something that may never be answered: a hello on the same connection shows when it is over. */
  #noise(client: Client, index: number, text: string): void {
    client.channel.write(text + terminator);
    client.channel.untilRead();
    client.channel.request([["request", "hello"]]);
    client.asked = index;
    for (;;) {
      const reply = client.channel.await(10e6);
      if (reply === undefined) throw new Broken(`no reply to the hello after step ${index}`);
      const isHello = parseReply(reply).has("protocol");
      if (!isHello) this.#replies.push({ client: client.number, toStep: index, text: reply });
      if (isHello) break;
    }
    delete client.asked;
  }

  #closeStep(number: number, polite: boolean): StepRecord["skipped"] {
    const client = this.#clients.get(number);
    if (client?.asked !== undefined && polite) return "waiting";
    if (client === undefined) return undefined;
    if (client.asked === undefined) this.#hangUp(client);
    else {
      this.#clientDied = true;
      this.#disconnect(client);
    }
    return undefined;
  }

  /** Closes a connection and waits until the daemon has dealt with that. */
  #hangUp(client: Client): void {
    this.#disconnect(client);
    this.#until((info) => !info.clients.some((row) => row.id === String(client.id)));
    this.#settler.touchByClose();
    if (this.#waiting().length > 0) this.#settler.settleAll();
  }

  /** Closes the connections: first, repeatedly, all that wait for nothing, then the others. */
  #finish(transcript: Transcript): void {
    for (;;) {
      const idle = [...this.#clients.values()].find((client) => client.asked === undefined);
      if (idle === undefined) break;
      this.#hangUp(idle);
    }
    this.#settler.settleAll();
    transcript.final = this.#info();
    transcript.finalReplies = this.#takeReplies();
    transcript.stuck = this.#waiting().map((client) => client.number).sort((a, b) => a - b);
    if (!this.#noticesHangup) return;
    for (const client of [...this.#clients.values()]) this.#disconnect(client);
    this.#until((info) => info.clients.length === 1);
    this.#settler.settleAll();
    transcript.afterDeath = this.#info();
  }
}
