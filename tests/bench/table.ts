/**
 * The lock table alone: records are copied into its memory and read there, nothing is decoded.
 *
 *     deno run -A tests/bench/table.ts [--held N,N,…] [--steps N] [--rounds N]
 *         [--waiters N] [--table FILE]
 *
 * For each number of held locks (persistent, exclusive, one LV each) it prints
 *
 *     held            locks held meanwhile
 *     bytes/lock      memory that the table took from the host for one of them
 *     steps/s         median of the rounds, by the CPU time of this process. A step is a request in,
 *                     a lock manager call out, its answer in, the reply out; steps take and release
 *                     the lock of one more LV in turn
 *     slowest         the slowest round, and the same by the clock
 *     growth          bytes by which the memory grew from the first step to the last
 *
 * and then how long it takes until every one of `--waiters` clients has had the same lock.
 *
 * The benchmark of the whole daemon uses {@link measureTable}.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { fillRequest } from "../../core/engine.ts";
import { Effect, Field, Input, LmCall, Records, STRIDE, Text } from "../../core/records.ts";
import {
  emptyRequest,
  LockType,
  Mode,
  Op,
  OptionFlag,
  type Request,
  ResourceType,
} from "../../core/types.ts";
import { median } from "./stats.ts";
import { cpuUsage } from "node:process";

interface Exports {
  memory: WebAssembly.Memory;
  inbox(): number;
  outbox(): number;
  submit(): number;
}

const vg = { vgName: "vg0", lockType: LockType.dlm };
const lockVg = { ...emptyRequest, ...vg, op: Op.lock, resourceType: ResourceType.vg };
const lockLv = {
  ...lockVg,
  resourceType: ResourceType.lv,
  vgUuid: "1a2b3c-4d5e-6f7a-8b9c-0d1e-2f3a-4b5c6d",
  lvName: "lv0",
  lvArgs: "dlm",
};

/** An LV UUID of 38 characters. */
function uuidOf(n: number): string {
  const digits = String(n).padStart(12, "0");
  return `abcdef-0000-0000-0000-${digits.slice(0, 4)}-${digits.slice(4, 8)}-00${digits.slice(8)}`;
}

/** A lock table whose lock manager agrees to everything at once. */
class Table {
  readonly #exports: Exports;
  readonly #inbox: number;
  #ints: Int32Array = new Int32Array();
  #bytes: Uint8Array = new Uint8Array();
  readonly #answer = new Uint8Array(STRIDE);
  readonly #answerInts = new Int32Array(this.#answer.buffer);
  #requests = 0;

  constructor(module: WebAssembly.Module) {
    const abort = () => {
      throw new Error("the table stopped");
    };
    const { exports } = new WebAssembly.Instance(module, { env: { abort } });
    this.#exports = exports as unknown as Exports;
    this.#inbox = this.#exports.inbox();
    this.#answerInts[Field.kind] = Input.lmDone;
    this.#submit(recordOf((records) => {
      records.setInt(0, Field.kind, Input.configure);
      records.setInt(0, Field.bits, 1 << LockType.dlm);
      records.setInt(0, Field.flags, 1);
    }));
    this.#submit(recordOf((records) => {
      records.setInt(0, Field.kind, Input.restoreLockspace);
      records.setInt(0, Field.lockspace, 1);
      records.setInt(0, Field.lockType, LockType.dlm);
      records.setText(0, Text.vgName, vg.vgName);
    }));
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  #submit(record: Uint8Array): number {
    if (this.#bytes.length === 0) this.#view();
    this.#bytes.set(record, this.#inbox);
    const effects = this.#exports.submit();
    if (this.#bytes.length === 0) this.#view();
    return effects;
  }

  #view(): void {
    this.#ints = new Int32Array(this.#exports.memory.buffer);
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
  }

  /** Puts a request in; returns the number of the call that the table then wants made, 0 if none. */
  request(record: Int32Array, bytes: Uint8Array): number {
    record[Field.request] = ++this.#requests;
    return this.#callIn(this.#submit(bytes));
  }

  /** Success for a call; returns the number of the next call. */
  answer(call: number): number {
    this.#answerInts[Field.call] = call;
    return this.#callIn(this.#submit(this.#answer));
  }

  #callIn(effects: number): number {
    let at = this.#exports.outbox() >> 2;
    for (let i = 0; i < effects; i++, at += STRIDE >> 2) {
      if (this.#ints[at] !== Effect.lmCall || this.#ints[at + Field.op] === LmCall.forget) continue;
      return this.#ints[at + Field.call]!;
    }
    return 0;
  }

  /** One step: a request, and an answer to every call that follows from it. */
  step(record: Int32Array, bytes: Uint8Array): void {
    let call = this.request(record, bytes);
    while (call !== 0) call = this.answer(call);
  }
}

/** An input record outside the table. */
function recordOf(fill: (records: Records) => void): Uint8Array {
  const buffer = new ArrayBuffer(STRIDE);
  fill(new Records({ buffer } as WebAssembly.Memory));
  return new Uint8Array(buffer);
}

function requestRecord(client: number, request: Request): [Int32Array, Uint8Array] {
  const bytes = recordOf((records) => {
    records.setInt(0, Field.kind, Input.request);
    fillRequest(records, 0, client, 0, request);
  });
  return [new Int32Array(bytes.buffer), bytes];
}

function hold(table: Table, locks: number): void {
  const persistent = { ...lockLv, mode: Mode.ex, flags: OptionFlag.persistent };
  for (let i = 0; i < locks; i++) {
    table.step(...requestRecord(1, { ...persistent, lvUuid: uuidOf(i) }));
  }
}

function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** Steps a second of one round, by CPU time and by the clock. */
function round(table: Table, steps: number): { cpu: number; clock: number } {
  const lvUuid = uuidOf(999_999_999);
  const take = requestRecord(2, { ...lockLv, lvUuid, mode: Mode.ex });
  const release = requestRecord(2, { ...lockLv, lvUuid, mode: Mode.un });
  const [cpu, clock] = [cpuSeconds(), performance.now()];
  for (let i = 0; i < steps; i += 2) {
    table.step(...take);
    table.step(...release);
  }
  return {
    cpu: steps / (cpuSeconds() - cpu),
    clock: steps / ((performance.now() - clock) / 1000),
  };
}

export interface TableRow {
  held: number;
  /** Made altogether. */
  steps: number;
  bytesPerLock: number;
  cpu: number[];
  clock: number[];
  growth: number;
}

/** Measures so many rounds with so many locks held. */
export function measureTable(
  module: WebAssembly.Module,
  held: number,
  steps: number,
  rounds: number,
): TableRow {
  const table = new Table(module);
  const empty = table.memoryBytes;
  hold(table, held);
  round(table, steps / 4);
  const before = table.memoryBytes;
  const samples = Array.from({ length: rounds }, () => round(table, steps));
  return {
    held,
    steps: steps * rounds,
    bytesPerLock: held === 0 ? 0 : (before - empty) / held,
    cpu: samples.map(({ cpu }) => cpu),
    clock: samples.map(({ clock }) => clock),
    growth: table.memoryBytes - before,
  };
}

/** CPU seconds until every one of so many clients has held the VG lock alone. */
function drain(module: WebAssembly.Module, waiters: number): number {
  const table = new Table(module);
  const at = (client: number, mode: Mode) => requestRecord(client, { ...lockVg, mode });
  for (let client = 1; client <= waiters; client++) table.step(...at(client, Mode.ex));
  const begin = cpuSeconds();
  for (let client = 1; client <= waiters; client++) table.step(...at(client, Mode.un));
  return cpuSeconds() - begin;
}

/** The table in a file; that of the project if none is given. */
export function readModule(file?: string): WebAssembly.Module {
  const ours = new URL("../../wasm/lock_table.wasm", import.meta.url);
  return new WebAssembly.Module(Deno.readFileSync(file ?? ours));
}

function print(cells: string[]): void {
  console.log(cells.map((cell) => cell.padStart(14)).join(""));
}

function main(): void {
  const given = parseArgs(Deno.args, {
    string: ["held", "steps", "rounds", "waiters", "table"],
    unknown: (option) => {
      throw new Error(`Unknown option: ${option}`);
    },
  });
  const text = (name: string, otherwise: string) => String(given[name] ?? otherwise);
  const module = readModule(given.table === undefined ? undefined : String(given.table));
  const steps = Number(text("steps", "400000"));
  const rounds = Number(text("rounds", "5"));
  print(["held", "bytes/lock", "steps/s", "slowest", "by the clock", "slowest", "growth"]);
  for (const held of text("held", "0,100000").split(",").map(Number)) {
    const row = measureTable(module, held, steps, rounds);
    const { cpu, clock } = row;
    const figures = [row.bytesPerLock, median(cpu), Math.min(...cpu), median(clock)];
    const whole = [row.held, ...figures, Math.min(...clock), row.growth];
    print(whole.map((value) => value.toFixed(0)));
  }
  const waiters = Number(text("waiters", "4000"));
  const seconds = Array.from({ length: rounds }, () => drain(module, waiters));
  console.log(`${waiters} clients had one lock in turn: ${median(seconds).toFixed(3)} s CPU time`);
}

if (import.meta.main) main();
