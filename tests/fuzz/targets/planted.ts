/**
 * Targets with a defect on purpose, one for each way in which a target can fail. The tests demand
 * that each is found, and that without coverage the deepest is not.
 *
 * @module
 */
import { Coverage } from "../engine/coverage.ts";
import { instrumentWasm } from "../engine/instrument_wasm.ts";
import { demand, Finding, type Target } from "../engine/target.ts";
import { textTarget } from "../engine/text_target.ts";

const modules = ["tests/fuzz/planted.ts"];

/** A parser that throws. */
export const plantedParser = textTarget({
  name: "planted-parser",
  about: "throws after five bytes",
  modules,
  seeds: ["xxxxxxxx"],
  maxLength: 16,
  check: ({ planted }, input) => void planted.parseWithDefect(input),
});

/** A parser that takes quadratic time. */
export const plantedCost = textTarget({
  name: "planted-cost",
  about: "walks back for every comma",
  modules,
  seeds: ["a,b,c"],
  cost: (length) => 1000 + 20 * length,
  check: ({ planted }, input) => void planted.splitSlowly(input),
});

/** A conversation that gets no answer in one state. */
export const plantedProtocol = textTarget({
  name: "planted-protocol",
  about: "gives no answer after four messages",
  modules,
  seeds: ["open\nlock\nclose", "stop"],
  words: ["\n"],
  check({ planted }, input) {
    const state = new planted.StateWithDefect();
    for (const message of input.split("\n")) {
      demand(state.handle(message), "a request is not answered");
    }
  },
});

/**
 * A module in WebAssembly that traps if the first four bytes of its memory are A, B, C, D:
 * `(func (export "run") (if byte 0 is A (if byte 1 is B …  unreachable)))`.
 */
function trapping(): Uint8Array {
  const byteIs = (at: number, byte: number) => [0x41, 0, 0x2d, 0, at, 0x41, ...signed(byte), 0x46];
  const signed = (n: number) => [n & 0x7f | 0x80, n >> 7];
  const open = [0, 1, 2, 3].flatMap((i) => [...byteIs(i, 65 + i), 0x04, 0x40]);
  const code = [0, ...open, 0x00, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b];
  const section = (id: number, ...content: number[]) => [id, content.length, ...content];
  const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name("run"), 0, 0, ...name("memory"), 2, 0),
    ...section(10, 1, code.length, ...code),
  ]);
}

interface TrappingExports {
  memory: WebAssembly.Memory;
  probe: WebAssembly.Memory;
  run(): void;
}

/** A table that traps. */
export const plantedTable: Target = {
  name: "planted-table",
  about: "traps in WebAssembly after four bytes",
  maxLength: 16,
  seeds: () => ["xxxxxxxx"],
  open() {
    const { binary, places } = instrumentWasm(trapping());
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
    const { memory, probe, run } = instance.exports as unknown as TrappingExports;
    const counters = new Uint32Array(probe.buffer, 16, places);
    return Promise.resolve({
      coverage: new Coverage(counters),
      words: [],
      run(input) {
        const bytes = new Uint8Array(memory.buffer);
        for (let i = 0; i < 16; i++) bytes[i] = input.charCodeAt(i);
        try {
          run();
        } catch (error) {
          throw new Finding("a trap", String(error));
        }
      },
    });
  },
};
