/**
 * One lock table, met at its boundary: records in, records out, nothing in between.
 *
 * @module
 */
import { STRIDE } from "../../../core/records.ts";
import { COUNTERS_AT, PROBE } from "../engine/instrument_wasm.ts";
import { demand, Finding } from "../engine/target.ts";

interface Exports {
  memory: WebAssembly.Memory;
  inbox(): number;
  outbox(): number;
  submit(): number;
  check(): void;
  inspectBegin(): void;
  inspectBeginResource(): void;
  inspectNext(): number;
  lockspaceCount(): number;
  lockCount(): number;
  requestCount(): number;
}

/** What a table says to a host that does not do its duty. After it, the table is not used any more. */
export const refusals: ReadonlySet<string> = new Set([
  "a text of the record does not fit its slot",
  "client 0 stands for nobody",
  "the host keeps the number of clients below MAX_CLIENTS",
  "no such input",
  "a lockspace is restored once",
  "a lock is restored into a restored lockspace",
  "a lock is restored in a mode that is held",
  "a lock is restored once",
  "locks of a VG are restored into its lockspace",
  "what was there before is restored before the first request",
  "a lockspace is restored under a name that can be started",
  "a lockspace is restored with its lock type",
]);

/** The table refused an input that its host must not hand in. */
export class Refusal extends Error {
  override name = "Refusal";
}

const TEXTS = 192;
const SLOT = 64;
const LENGTHS = 33;

/** The part of a record that means something: numbers, and texts as far as they reach. */
function meaningOf(memory: Uint8Array, at: number): string {
  const view = new DataView(memory.buffer, at, STRIDE);
  const parts = [String.fromCharCode(...memory.subarray(at, at + TEXTS))];
  for (let slot = 0; slot < (STRIDE - TEXTS) / SLOT; slot++) {
    const length = view.getInt32(4 * (LENGTHS + slot), true);
    demand(length >= 0 && length <= SLOT, "a text of an effect is longer than its slot");
    const from = at + TEXTS + slot * SLOT;
    parts.push(String.fromCharCode(...memory.subarray(from, from + length)));
  }
  return parts.join("");
}

export class TableInstance {
  readonly #exports: Exports;

  constructor(module: WebAssembly.Module) {
    const abort = (message: number, _file: number, line: number) => {
      const text = this.#string(message);
      if (refusals.has(text)) throw new Refusal(text);
      throw new Finding(`the table stopped: ${text}`, `${text} (line ${line})`);
    };
    const instance = new WebAssembly.Instance(module, { env: { abort } });
    this.#exports = instance.exports as unknown as Exports;
  }

  /** An AssemblyScript string: UTF-16, its length in bytes before it. */
  #string(at: number): string {
    if (at === 0) return "";
    const { buffer } = this.#exports.memory;
    const length = new Uint32Array(buffer)[(at - 4) >> 2]!;
    return new TextDecoder("utf-16le").decode(new Uint8Array(buffer, at, length));
  }

  /** Counters of an instrumented module. */
  get counters(): Uint32Array {
    const memory = (this.#exports as unknown as Record<string, WebAssembly.Memory>)[PROBE]!;
    return new Uint32Array(memory.buffer, COUNTERS_AT);
  }

  /** Steps that an instrumented module may take. */
  allow(steps: number): void {
    const memory = (this.#exports as unknown as Record<string, WebAssembly.Memory>)[PROBE]!;
    new Int32Array(memory.buffer)[0] = steps;
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  get counts(): { lockspaces: number; locks: number; requests: number } {
    const { lockspaceCount, lockCount, requestCount } = this.#exports;
    return { lockspaces: lockspaceCount(), locks: lockCount(), requests: requestCount() };
  }

  /**
   * Hands in a record and returns the effects.
   * @throws {Refusal} if the host must not hand it in.
   */
  submit(record: Uint8Array): string[] {
    const { memory, inbox, outbox, submit } = this.#exports;
    new Uint8Array(memory.buffer).set(record, inbox());
    const count = submit();
    const bytes = new Uint8Array(memory.buffer);
    const from = outbox();
    demand(count >= 0 && (count === 0 || from + count * STRIDE <= bytes.length), "effects outside");
    return Array.from({ length: count }, (_, i) => meaningOf(bytes, from + i * STRIDE));
  }

  /** Everything in the table; of one resource and its lockspace if a record names it. */
  rows(record?: Uint8Array, most = Infinity): string[] {
    const { memory, inbox, inspectBegin, inspectBeginResource, inspectNext, outbox } =
      this.#exports;
    if (record === undefined) inspectBegin();
    else {
      new Uint8Array(memory.buffer).set(record, inbox());
      inspectBeginResource();
    }
    const rows: string[] = [];
    while (rows.length < most && inspectNext() !== 0) {
      rows.push(meaningOf(new Uint8Array(memory.buffer), outbox()));
    }
    return rows;
  }

  check(): void {
    this.#exports.check();
  }
}
