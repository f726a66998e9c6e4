/**
 * Hands a sequence of inputs to two builds of the lock table and demands what must hold: the same
 * effects, one answer at most for a request, invariants, bounds; and that nothing is left when all
 * clients are gone.
 *
 * @module
 */
import { Effect, Field, Input, owesAnswer } from "../../../core/records.ts";
import { demand } from "../engine/target.ts";
import { Refusal, type TableInstance } from "./instance.ts";
import { inputOf, InputRecord, STEP, type Surroundings } from "./steps.ts";

/** Most inputs of one sequence. */
const MOST_STEPS = 200;
/** More than any input of a small table causes. */
const MOST_EFFECTS = 2000;
/** Memory that one input may take for good, bytes. */
const BYTES_FOR_A_STEP = 16 * 1024;
/** Memory that a table may have from the start. */
const FIRST_BYTES = 8 * 65536;

const kindOf = (record: Uint8Array) => new DataView(record.buffer).getInt32(4 * Field.kind, true);

function intOf(effect: string, field: number): number {
  const at = 4 * field;
  return effect.charCodeAt(at) | effect.charCodeAt(at + 1) << 8 | effect.charCodeAt(at + 2) << 16 |
    effect.charCodeAt(at + 3) << 24;
}

export class TableRun implements Surroundings {
  now = 1;
  calls: number[] = [];
  timers: number[] = [];
  lastRequest = 0;
  lastLockspace = 0;
  /** Requests of a client and number that were made, less those that were answered. */
  readonly #unanswered = new Map<string, number>();
  readonly #clients = new Set<number>();
  #steps = 0;

  constructor(private readonly tables: readonly TableInstance[]) {}

  /** @throws {Refusal} if the host must not hand this in. */
  submit(record: InputRecord): void {
    this.now++;
    this.#steps++;
    const { bytes } = record;
    if (kindOf(bytes) === Input.request) this.#asked(bytes);
    const all = this.tables.map((table) => outcomeOf(() => table.submit(record.bytes)));
    const [first, ...others] = all;
    for (const other of others) {
      demand(String(other) === String(first), "builds of the table differ", () => [first, other]);
    }
    if (!Array.isArray(first)) throw first;
    demand(first.length <= MOST_EFFECTS, "an input has too many effects", () => first.length);
    for (const effect of first) this.#note(effect);
    this.verify();
  }

  #asked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer);
    const client = view.getInt32(4 * Field.client, true);
    const key = `${client} ${view.getInt32(4 * Field.request, true)}`;
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1);
    this.#clients.add(client);
  }

  #note(effect: string): void {
    const kind = intOf(effect, Field.kind);
    if (kind === Effect.reply) {
      const key = `${intOf(effect, Field.client)} ${intOf(effect, Field.request)}`;
      const left = this.#unanswered.get(key) ?? 0;
      demand(left > 0, "a request is answered twice", () => key);
      this.#unanswered.set(key, left - 1);
    } else if (kind === Effect.lmCall) {
      const call = intOf(effect, Field.call);
      const op = intOf(effect, Field.op);
      if (!owesAnswer(op)) return;
      demand(!this.calls.includes(call), "two calls have one number", () => call);
      this.calls.push(call);
    } else if (kind === Effect.armTimer) {
      this.timers.push(intOf(effect, Field.timer));
      demand(intOf(effect, Field.arg) > 0, "a timer without time", () => effect);
    } else {
      demand(
        kind >= Effect.recordLock && kind <= Effect.lockspaceGone,
        "an unknown effect",
        () => kind,
      );
    }
    const lockspace = intOf(effect, Field.lockspace);
    this.lastLockspace = Math.max(this.lastLockspace, lockspace);
  }

  verify(): void {
    for (const table of this.tables) {
      table.check();
      const bound = FIRST_BYTES + this.#steps * BYTES_FOR_A_STEP;
      demand(table.memoryBytes <= bound, "the table takes more and more memory", () => [
        table.memoryBytes,
        this.#steps,
      ]);
    }
  }

  /** One step of the sequence. */
  step(bytes: readonly number[]): void {
    this.lastRequest++;
    const record = inputOf(bytes, this);
    const view = new DataView(record.bytes.buffer);
    if (kindOf(record.bytes) === Input.lmDone) {
      const call = view.getInt32(4 * Field.call, true);
      this.calls = this.calls.filter((other) => other !== call);
    }
    if (kindOf(record.bytes) === Input.timer) {
      const timer = view.getInt32(4 * Field.timer, true);
      this.timers = this.timers.filter((other) => other !== timer);
    }
    this.submit(record);
    if (bytes[11]! > 240) this.#list(record);
  }

  /** A listing, whole or of one resource, has rows that end. */
  #list(record: InputRecord): void {
    const [first, ...others] = this.tables.map((table) => table.rows(undefined, 5000).join());
    for (const other of others) demand(other === first, "builds list differently");
    const [one, ...more] = this.tables.map((table) => table.rows(record.bytes, 5000).join());
    for (const other of more) demand(other === one, "builds list a resource differently");
  }

  /** All clients go, all calls are answered, all timers run out: no request is left. */
  finish(): void {
    for (const client of this.#clients) {
      this.submit(new InputRecord(Input.clientGone, this.now).int(Field.client, client));
    }
    for (let round = 0; this.calls.length + this.timers.length > 0; round++) {
      // A release that the manager refuses is tried again for ever; here it agrees.
      demand(round < 10_000, "there is no end to calls and timers");
      const call = this.calls.shift();
      const record = call === undefined
        ? new InputRecord(Input.timer, this.now).int(Field.timer, this.timers.shift()!)
        : new InputRecord(Input.lmDone, this.now).int(Field.call, call);
      this.submit(record);
    }
    for (const table of this.tables) {
      demand(table.counts.requests === 0, "requests are left", () => table.counts);
    }
  }
}

/** Effects, or the error; both builds must refuse the same. */
function outcomeOf(submit: () => string[]): string[] | Error {
  try {
    return submit();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Runs the sequence that the bytes describe. */
export function runSequence(tables: readonly TableInstance[], input: string): void {
  const run = new TableRun(tables);
  run.submit(
    new InputRecord(Input.configure, 0).int(Field.bits, 28).int(Field.arg, 20),
  );
  try {
    const end = Math.min(MOST_STEPS * STEP, input.length);
    for (let at = 0; at + STEP <= end; at += STEP) {
      run.step(Array.from({ length: STEP }, (_, i) => input.charCodeAt(at + i)));
    }
    run.finish();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
