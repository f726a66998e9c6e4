/**
 * Runs a burst against one daemon: every client sends its next request as soon as the last one is
 * answered, whatever the others do.
 *
 * @module
 */
import { type BurstScript, type BurstStep, burstVg } from "./burst_script.ts";
import { Broken } from "./channel.ts";
import { isGone, parseInfo, type ResourceInfo } from "./info.ts";
import * as libc from "./libc.ts";
import type { LockEvent } from "./linear.ts";
import { result } from "./message.ts";
import { startRequest } from "./requests.ts";
import type { Client, Session } from "./session.ts";
import { untilRunning } from "./settler.ts";

export interface BurstOutcome {
  /** What happened to each lock. */
  events: Record<string, LockEvent[]>;
  /** Persistent locks at the end: mode by lock. */
  persistent: Record<string, string>;
  /** What should not be there at the end. */
  leftovers: string[];
  /** The daemon failed: what happened. */
  failure?: string;
}

/** Longest time without any reply; microseconds. */
const patience = 10e6;

/** Runs a burst from a clean state. A daemon that failed must not be used again. */
export function runBurst(session: Session, script: BurstScript): BurstOutcome {
  const outcome: BurstOutcome = { events: {}, persistent: {}, leftovers: [] };
  try {
    session.begin({ seed: 0, base: "dlm", steps: [] });
    session.control.ask(startRequest(burstVg, "none"));
    untilRunning(session.control, { gl: false, vg: burstVg.name });
    untilRunning(session.control, { gl: true });
    new Burst(session, script, outcome).run();
  } catch (error) {
    outcome.failure = error instanceof Error ? error.message : String(error);
  }
  session.end();
  return outcome;
}

class Burst {
  readonly #session: Session;
  readonly #script: BurstScript;
  readonly #outcome: BurstOutcome;
  readonly #next: number[];
  #id = 0;

  constructor(session: Session, script: BurstScript, outcome: BurstOutcome) {
    this.#session = session;
    this.#script = script;
    this.#outcome = outcome;
    this.#next = script.map(() => 0);
  }

  run(): void {
    const clients = this.#script.map((_, number) => this.#session.client(number));
    for (const client of clients) this.#advance(client);
    while (this.#session.clients.size > 0) this.#collect();
    this.#session.until((info) => info.clients.length === 1);
    untilRunning(this.#session.control, { gl: false, vg: burstVg.name });
    untilRunning(this.#session.control, { gl: true });
    this.#look();
  }

  #note(lock: string, event: LockEvent): void {
    (this.#outcome.events[lock] ??= []).push(event);
  }

  #step(client: Client): BurstStep | undefined {
    return this.#script[client.number]![this.#next[client.number]!];
  }

  /** Sends a client's next request, or closes its connection after the last. */
  #advance(client: Client): void {
    const step = this.#step(client);
    if (step === undefined) return this.#close(client);
    client.asked = this.#id++;
    this.#note(step.lock, { kind: "ask", id: client.asked, wish: step.wish });
    client.channel.request(step.fields);
    if (step.dies) this.#close(client);
  }

  #close(client: Client): void {
    for (const lock of Object.keys(this.#outcome.events)) {
      this.#note(lock, { kind: "close", client: client.number });
    }
    this.#session.disconnect(client);
  }

  /** Waits for replies and lets those that got one go on. */
  #collect(): void {
    const clients = [...this.#session.clients.values()];
    const ready = libc.waitReadable(clients.map(({ channel }) => channel.fd), patience);
    if (ready.length === 0) throw new Broken("nobody gets an answer any more");
    for (const client of clients.filter(({ channel }) => ready.includes(channel.fd))) {
      client.channel.pump();
      const text = client.channel.take();
      if (text === undefined) continue;
      const { lock } = this.#step(client)!;
      this.#note(lock, { kind: "answer", id: client.asked!, result: result(text) });
      this.#next[client.number]!++;
      this.#advance(client);
    }
  }

  /** Notes what is held at the end. */
  #look(): void {
    const names = new Map(this.#script.flat().map((step) => [resourceName(step), step.lock]));
    const lockspaces = parseInfo(this.#session.info()).lockspaces.filter((entry) =>
      !isGone(entry) && entry.row.vg_name !== "base"
    );
    for (const { row, resources } of lockspaces) {
      for (const resource of resources) {
        const lock = names.get(`${row.vg_name} ${resource.row.name}`);
        if (lock !== undefined) this.#lookAt(lock, resource);
      }
    }
  }

  #lookAt(lock: string, { row, locks, actions }: ResourceInfo): void {
    const persistent = locks.filter(({ flags }) => (Number(flags) & 1) === 1);
    if (persistent.length > 0) this.#outcome.persistent[lock] = persistent[0]!.mode!;
    const ok = actions.length === 0 && locks.length === persistent.length;
    if (!ok) this.#outcome.leftovers.push(`${lock}: mode ${row.mode}, ${locks.length} locks`);
  }
}

/** Name of the VG and of the resource in a listing. */
function resourceName({ fields }: BurstStep): string {
  const value = (key: string) => String(fields.find(([k]) => k === key)?.[1] ?? "");
  const request = value("request");
  if (request === "lock_gl") return " GLLK";
  return `${value("vg_name")} ${request === "lock_vg" ? "VGLK" : value("lv_uuid")}`;
}
