/**
 * Runs a script one step at a time, in such a way that the outcome is determined although requests
 * of several clients overlap: after each step every request is either answered or known to wait.
 *
 * @module
 */
import { Broken } from "./channel.ts";
import { guardAllows } from "./guard.ts";
import { parseInfo } from "./info.ts";
import * as libc from "./libc.ts";
import { parseReply } from "./message.ts";
import { terminator } from "./render.ts";
import { field, type Script, type Step } from "./script.ts";
import type { Client, Session } from "./session.ts";
import { Settler } from "./settler.ts";
import { changesLockspaces, lockOf, placesOf } from "./target.ts";
import type { ReplyRecord, StepRecord, Transcript } from "./transcript.ts";

/** How long an answer is waited for before it is found out whether the request waits; us. */
const patience = 3000;
/** How long a request that cannot wait may take; us. */
const longest = 10e6;

type SendStep = Step & { kind: "send" };

/** Runs a script from a clean state. A daemon that failed must not be used again. */
export function runScript(session: Session, script: Script): Transcript {
  const transcript: Transcript = {
    steps: [],
    controlId: 0,
    opened: [],
    final: "",
    finalReplies: [],
    stuck: [],
  };
  try {
    session.begin(script);
    new StepRun(session, transcript).run(script);
  } catch (error) {
    transcript.failure = error instanceof Error ? error.message : String(error);
  }
  transcript.controlId = session.controlId;
  transcript.opened = session.opened;
  session.end();
  return transcript;
}

class StepRun {
  readonly #session: Session;
  readonly #transcript: Transcript;
  readonly #settler: Settler;
  #replies: ReplyRecord[] = [];

  constructor(session: Session, transcript: Transcript) {
    this.#session = session;
    this.#transcript = transcript;
    this.#settler = new Settler(session.control, () => this.#collect());
    this.#settler.add({ gl: true });
    this.#settler.add({ gl: false, vg: "base" });
    this.#settler.settleAll();
  }

  run(script: Script): void {
    for (const [index, step] of script.steps.entries()) {
      this.#transcript.steps.push(this.#step(index, step));
      if (this.#transcript.death !== undefined) break;
    }
    this.#finish();
  }

  #step(index: number, step: Step): StepRecord {
    const skipped = this.#act(index, step);
    const record: StepRecord = { step: index, replies: this.#takeReplies(), waiting: [] };
    if (skipped !== undefined) record.skipped = skipped;
    if (step.kind === "info") {
      this.#settler.settleAll();
      record.info = this.#session.info();
    }
    record.waiting = this.#waitingNumbers();
    return record;
  }

  #act(index: number, step: Step): StepRecord["skipped"] {
    if (step.kind === "info") return undefined;
    if (step.kind === "close") return this.#close(index, step);
    if (this.#session.clients.get(step.client)?.asked !== undefined) return "waiting";
    const client = this.#session.client(step.client);
    if (step.kind === "noise") this.#noise(client, index, step.text);
    else if (!this.#allowed(step, client)) return "guard";
    else this.#send(client, index, step);
    return undefined;
  }

  #allowed(step: SendStep, client: Client): boolean {
    if (step.guard === undefined) return true;
    this.#settler.settleAll();
    return guardAllows(step.guard, step.fields, parseInfo(this.#session.info()), client.id);
  }

  #send(client: Client, index: number, step: SendStep): void {
    const places = placesOf(step.fields);
    const lock = lockOf(step.fields);
    this.#settler.beforeRequest(places);
    client.channel.request(step.fields, step.style, step.chunking);
    client.asked = index;
    if (lock !== undefined) client.lock = lock;
    this.#settler.touch(places);
    const mayWait = lock !== undefined && places.length > 0;
    const reply = client.channel.await(!mayWait ? longest : step.waits === true ? 0 : patience);
    if (reply !== undefined) this.#answered(client, step, reply);
    else if (!mayWait) throw new Broken(`no reply to step ${index}`);
    else {
      client.channel.untilRead();
      this.#settler.settle(places);
    }
    if (changesLockspaces(step.fields)) {
      for (const place of places) this.#settler.add(place);
      this.#settler.touchAll();
      this.#settler.settleAll();
    } else if (lock !== undefined && this.#somebodyElseWaits(client, lock)) {
      this.#settler.settle(places);
    }
  }

  #somebodyElseWaits(client: Client, lock: string): boolean {
    return this.#session.waiting().some((other) => other !== client && other.lock === lock);
  }

  #answered(client: Client, step: SendStep, text: string): void {
    if (parseReply(text).has("dump_len")) {
      const listing = this.#session.receiveDump(text);
      if (field(step.fields, "request") === "info") parseInfo(listing);
    }
    this.#replies.push({ client: client.number, toStep: client.asked!, text });
    delete client.asked;
  }

  /** Something that may never be answered: a hello on the same connection shows when it is over. */
  #noise(client: Client, index: number, text: string): void {
    client.channel.write(text + terminator);
    client.channel.untilRead();
    client.channel.request([["request", "hello"]]);
    for (;;) {
      const reply = client.channel.await(longest);
      if (reply === undefined) throw new Broken(`no reply to the hello after step ${index}`);
      if (parseReply(reply).has("protocol")) return;
      this.#replies.push({ client: client.number, toStep: index, text: reply });
    }
  }

  #close(index: number, step: Step & { kind: "close" }): StepRecord["skipped"] {
    const client = this.#session.clients.get(step.client);
    if (client?.asked !== undefined && step.polite) return "waiting";
    if (client === undefined) return undefined;
    if (client.asked === undefined) this.#hangUp(client);
    else {
      this.#transcript.death = index;
      this.#session.disconnect(client);
    }
    return undefined;
  }

  #hangUp(client: Client): void {
    this.#session.disconnect(client);
    this.#session.untilForgotten(client);
    this.#settler.touchAll();
    if (this.#session.waiting().length > 0) this.#settler.settleAll();
  }

  /** Takes the replies that have arrived at any client; false if there were none. */
  #collect(): boolean {
    const before = this.#replies.length;
    const asking = this.#session.waiting();
    const ready = libc.waitReadable(asking.map((client) => client.channel.fd), 0);
    for (const client of asking) {
      if (ready.includes(client.channel.fd)) client.channel.pump();
      for (let text; (text = client.channel.take()) !== undefined;) {
        this.#replies.push({ client: client.number, toStep: client.asked ?? -1, text });
        delete client.asked;
      }
    }
    return this.#replies.length > before;
  }

  #takeReplies(): ReplyRecord[] {
    const replies = this.#replies.sort((a, b) => a.client - b.client);
    this.#replies = [];
    return replies;
  }

  #waitingNumbers(): number[] {
    return this.#session.waiting().map((client) => client.number).sort((a, b) => a - b);
  }

  /** Closes the connections: first, repeatedly, all that wait for nothing, then the others. */
  #finish(): void {
    const session = this.#session;
    for (;;) {
      const idle = [...session.clients.values()].find((client) => client.asked === undefined);
      if (idle === undefined) break;
      this.#hangUp(idle);
    }
    this.#settler.settleAll();
    this.#transcript.final = session.info();
    this.#transcript.finalReplies = this.#takeReplies();
    this.#transcript.stuck = this.#waitingNumbers();
    if (!session.noticesHangup) return;
    for (const client of [...session.clients.values()]) session.disconnect(client);
    session.until((info) => info.clients.length === 1);
    this.#settler.touchAll();
    this.#settler.settleAll();
    this.#transcript.afterDeath = session.info();
  }
}
