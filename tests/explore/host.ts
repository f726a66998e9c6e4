/**
 * One host: a lock table, and everything that may happen to it next.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { Field } from "../../core/records.ts";
import { Mode } from "../../core/types.ts";
import * as input from "./inputs.ts";
import { ClientNote, Note } from "./notes.ts";
import { prepareWorld } from "./setup.ts";
import { Violation, Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** What may happen. Clients by slot, calls and timers by the table's numbers. */
export interface Event {
  kind: "ask" | "cancel" | "gone" | "answer" | "timer" | "delivered" | "undelivered" | "shutdown";
  /** Slot, or number of the call or the timer. */
  who: number;
  /** Which request, or which answer. */
  which: number;
}

export class Host extends Watch {
  /** How the world was set up, in the words of an interaction script. */
  readonly setupLines: readonly string[];
  /** Index in `ints` of the state's hashes, four words. */
  readonly hashes: number;
  readonly #asks: readonly (readonly input.Ask[])[];
  readonly #outcomes: input.Outcomes;
  readonly #inbox: number;

  constructor(module: WebAssembly.Module, world: World) {
    super(module, world);
    this.#inbox = this.table.inbox();
    this.hashes = this.table.hashAt() >> 2;
    this.#asks = input.asksOf(world);
    this.#outcomes = input.outcomesOf(world);
    this.setupLines = prepareWorld(this, world);
    this.table.begin();
  }

  /** All that may happen in the current state, in an order that does not depend on numbers. */
  events(): Event[] {
    const { table } = this;
    table.write();
    const events: Event[] = [];
    for (let i = 0; i < table.callsWritten(); i++) {
      const call = table.callAt(i);
      const { length } = this.#outcomes[this.callInfo(call).op]!;
      for (let which = 0; which < length; which++) {
        events.push({ kind: "answer", who: call, which });
      }
    }
    for (let i = 0; i < table.timersWritten(); i++) {
      events.push({ kind: "timer", who: table.timerAt(i), which: 0 });
    }
    for (let i = 0; i < table.clients(); i++) this.#clientEvents(table.clientAt(i) - 1, events);
    if (this.world.shutdown && this.note(Note.ended) === 0) {
      events.push({ kind: "shutdown", who: 0, which: 0 });
    }
    return events;
  }

  #clientEvents(who: number, events: Event[]): void {
    if (this.of(who, ClientNote.undelivered) !== 0) {
      events.push({ kind: "undelivered", who, which: 0 }, { kind: "delivered", who, which: 0 });
    }
    if (this.of(who, ClientNote.alive) === 0) return;
    const [first, second] = [0, 1].map((i) => this.of(who, ClientNote.requests + i));
    const unanswered = Number(first !== 0) + Number(second !== 0);
    if (this.of(who, ClientNote.budget) > 0 && unanswered < (this.world.atOnce ?? 1)) {
      const { length } = this.#asksOf(who);
      for (let which = 0; which < length; which++) events.push({ kind: "ask", who, which });
    }
    if (this.world.cancels) {
      for (const which of first! > second! ? [1, 0] : [0, 1]) {
        if ([first, second][which] !== 0) events.push({ kind: "cancel", who, which });
      }
    }
    if (this.note(Note.deathsLeft) > 0) events.push({ kind: "gone", who, which: 0 });
  }

  #asksOf(slot: number): readonly input.Ask[] {
    return this.#asks[this.of(slot, ClientNote.role)]!;
  }

  /** The request whose reply may turn out to be undeliverable. */
  #undeliveredOf(slot: number): input.Ask {
    return this.#asksOf(slot)[this.of(slot, ClientNote.undelivered) - 1]!;
  }

  outcome({ who, which }: Event): input.Outcome {
    return this.#outcomes[this.callInfo(who).op]![which]!;
  }

  /** The event as a line of an interaction script, or as a comment. Clients are C1, C2, … */
  describe(event: Event): string {
    const { kind, who, which } = event;
    const name = `C${who + 1}`;
    switch (kind) {
      case "ask":
        return `client ${name} ${this.#asksOf(who)[which]!.words}`;
      case "answer":
        return `lm ${who} ${this.outcome(event).words}`;
      case "undelivered":
        return `reply_failed ${name} ${this.#undeliveredOf(who).words}`;
      case "timer":
        return `timer ${who}`;
      case "shutdown":
        return "shutdown";
      case "delivered":
        return `# the reply to ${name} was delivered`;
      default:
        return `${kind} ${name}`;
    }
  }

  /** Lets the event happen to the table as it is, and looks at the effects. @throws {Violation} */
  perform(event: Event): void {
    const { who, which } = event;
    switch (event.kind) {
      case "ask":
        return this.#ask(who, which);
      case "cancel":
        return this.#cancel(who, which);
      case "gone":
        return this.#gone(who);
      case "answer":
        return this.answer(who, this.outcome(event));
      case "timer":
        this.#fill(input.timerRecord, Field.timer, who);
        return this.submit();
      case "undelivered":
        this.#fill(this.#undeliveredOf(who).undelivered, Field.client, who + 1);
        this.setOf(who, ClientNote.undelivered, 0);
        return this.submit();
      case "delivered":
        return this.setOf(who, ClientNote.undelivered, 0);
      case "shutdown":
        this.setNote(Note.ended, 1);
        return this.hand(input.shutdownRecord);
    }
  }

  /** Hands in a record as it is. */
  hand(record: input.InputRecord): void {
    this.bytes.set(record, this.#inbox);
    this.submit();
  }

  #fill(record: input.InputRecord, field: Field, value: number): void {
    this.bytes.set(record, this.#inbox);
    this.#setField(field, value);
  }

  #setField(field: Field, value: number): void {
    this.ints[(this.#inbox >> 2) + field] = value;
  }

  #ask(slot: number, which: number): void {
    const id = this.note(Note.lastRequest) + 1;
    this.setNote(Note.lastRequest, id);
    const place = this.of(slot, ClientNote.requests) === 0 ? 0 : 1;
    this.setOf(slot, ClientNote.requests + place, id);
    this.setOf(slot, ClientNote.asked + place, which);
    this.setOf(slot, ClientNote.budget, this.of(slot, ClientNote.budget) - 1);
    // Who asks again has read the reply before.
    this.setOf(slot, ClientNote.undelivered, 0);
    this.#fill(this.#asksOf(slot)[which]!.record, Field.client, slot + 1);
    this.#setField(Field.request, id);
    this.submit();
  }

  /** What is given up is answered, unless the lock manager works on it; nothing else is given up. */
  #cancel(slot: number, place: number): void {
    const calls = this.note(Note.callCount);
    this.#fill(input.cancelRecord, Field.client, slot + 1);
    this.#setField(Field.request, this.of(slot, ClientNote.requests + place));
    this.submit();
    if (this.of(slot, ClientNote.requests + place) === 0) return;
    if (calls === 0) throw new Violation("a request that was given up goes on waiting");
    if (this.replies.some(({ result }) => result === -Errno.ECANCELED)) {
      throw new Violation("another request was given up than was meant");
    }
  }

  #gone(slot: number): void {
    this.setNote(Note.deathsLeft, this.note(Note.deathsLeft) - 1);
    this.setOf(slot, ClientNote.alive, 0);
    for (let i = 0; i < 2; i++) this.setOf(slot, ClientNote.requests + i, 0);
    this.#fill(input.goneRecord, Field.client, slot + 1);
    this.submit();
  }

  override submit(): void {
    super.submit();
    for (const { slot, which, result, created } of this.replies) {
      if (result === 0) this.#confirmed(slot, which, created);
    }
  }

  /** What a client was told is so, unless another reply says something else. */
  #confirmed(slot: number, which: number, created: boolean): void {
    const { lock } = this.#asksOf(slot)[which]!;
    if (lock === undefined || this.replies.length > 1) return;
    const { resources, mode, persistent } = lock;
    const held = resources.map((i) => this.table.heldBy(slot + 1, i, Number(persistent)));
    if (Math.max(Mode.un, ...held) < mode) {
      throw new Violation(`C${slot + 1} was told that it holds what it does not hold`);
    }
    if (!persistent) return;
    // If the reply does not arrive, its client cannot release what it does not know of.
    if (mode !== Mode.un && created !== resources.some((i) => this.kept.has(i))) {
      throw new Violation("a reply does not say whether its persistent lock is new");
    }
    const released = mode === Mode.un;
    if (released && Math.max(...held) > mode) {
      throw new Violation(`C${slot + 1} was told that nothing is held any more`);
    }
  }

  /** The lock manager answers a call. */
  answer(call: number, { record, answer }: input.Outcome): void {
    this.answering(call, answer.result);
    this.#fill(record, Field.call, call);
    this.submit();
  }
}
