/**
 * Puts a counter at every place where a WebAssembly program can take another way: functions, loops,
 * both sides of each condition, what follows a branch. The counters are in a second memory, which is
 * exported, so that the program's own memory is as it would be without. Loops and functions also use
 * up steps; when none is left, the program traps.
 *
 * It understands the instructions that AssemblyScript emits for the lock table; another one is an
 * error, not a guess.
 *
 * @module
 */

/** Name under which the memory with the counters is exported. */
export const PROBE = "probe";
/** Its size in pages of 64 KiB. */
const PROBE_PAGES = 8;
/** Before the counters: steps left (i32, at 0). */
export const COUNTERS_AT = 16;

type Bytes = Uint8Array;

/** Writes an unsigned number as LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value = Math.floor(value / 128);
    if (value === 0) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

class Reader {
  at = 0;
  constructor(readonly bytes: Bytes) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("The module ends too early");
    return byte;
  }

  number(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Bytes {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  vector(): Bytes {
    return this.take(this.number());
  }
}

const END = 0x0b, ELSE = 0x05, IF = 0x04, LOOP = 0x03, BR_IF = 0x0d, EMPTY_TYPE = 0x40;
const UNREACHABLE = 0x00;

/** Passes over what follows an opcode. */
function skipImmediates(code: Reader, opcode: number): void {
  if (opcode === 0xfc) return skipPrefixed(code);
  if (opcode === 0x0e) { // br_table
    for (let i = code.number(); i >= 0; i--) code.number();
  } else if (opcode === 0x11) { // call_indirect
    code.number();
    code.number();
  } else if (opcode === 0x43) code.take(4);
  else if (opcode === 0x44) code.take(8);
  else if (opcode >= 0x28 && opcode <= 0x3e) { // loads and stores
    code.number();
    code.number();
  } else if (hasOneNumber(opcode)) code.number();
  else if (!hasNothing(opcode)) throw new Error(`Unknown instruction 0x${opcode.toString(16)}`);
}

/** br, br_if, call, locals and globals, memory.size and .grow, integer constants; block types. */
function hasOneNumber(opcode: number): boolean {
  return opcode >= 0x02 && opcode <= 0x04 || opcode === 0x0c || opcode === 0x0d ||
    opcode === 0x10 ||
    opcode >= 0x20 && opcode <= 0x24 || opcode >= 0x3f && opcode <= 0x42;
}

function hasNothing(opcode: number): boolean {
  return opcode <= 0x01 || opcode === ELSE || opcode === END || opcode === 0x0f ||
    opcode === 0x1a || opcode === 0x1b || opcode >= 0x45 && opcode <= 0xc4;
}

/** Saturating conversions have nothing; memory.copy two numbers, memory.fill one. */
function skipPrefixed(code: Reader): void {
  const opcode = code.number();
  if (opcode <= 7) return;
  if (opcode === 10) code.number();
  else if (opcode !== 11) throw new Error(`Unknown instruction 0xfc ${opcode}`);
  code.number();
}

class Instrumentor {
  places = 0;
  /** @param probe number of the memory with the counters. */
  constructor(private readonly probe: number) {}

  /** Adds one to the next counter: an i32. */
  #count(): number[] {
    const offset = unsigned(COUNTERS_AT + 4 * this.places++);
    const memory = [0x42, ...unsigned(this.probe), ...offset]; // align 2, with a memory index
    return [0x41, 0, 0x41, 0, 0x28, ...memory, 0x41, 1, 0x6a, 0x36, ...memory];
  }

  /** Takes one step; traps with the last one. A module that starts is given none, and needs none. */
  #step(): number[] {
    const memory = [0x42, ...unsigned(this.probe), 0];
    const less = [0x41, 0, 0x41, 0, 0x28, ...memory, 0x41, 1, 0x6b, 0x36, ...memory];
    return [...less, 0x41, 0, 0x28, ...memory, 0x45, IF, EMPTY_TYPE, UNREACHABLE, END];
  }

  body(bytes: Bytes): number[] {
    const code = new Reader(bytes);
    for (let groups = code.number(); groups > 0; groups--) {
      code.number();
      code.byte();
    }
    const out = [...bytes.subarray(0, code.at), ...this.#step(), ...this.#count()];
    /** For each open block: is it an `if` that gets an `else`? */
    const open: boolean[] = [false];
    while (!code.done) this.#instruction(code, open, out);
    return out;
  }

  #instruction(code: Reader, open: boolean[], out: number[]): void {
    const from = code.at;
    const opcode = code.byte();
    if (opcode === END && open.pop()) out.push(ELSE, ...this.#count());
    if (opcode === ELSE) open[open.length - 1] = false;
    if (opcode >= 0x02 && opcode <= IF) {
      open.push(opcode === IF && code.bytes[code.at] === EMPTY_TYPE);
    }
    skipImmediates(code, opcode);
    out.push(...code.bytes.subarray(from, code.at));
    if (opcode === LOOP) out.push(...this.#step());
    const branches = opcode === LOOP || opcode === IF || opcode === ELSE || opcode === BR_IF;
    if (branches || opcode === END && open.length > 0) out.push(...this.#count());
  }
}

const MEMORIES = 5, EXPORTS = 7, CODE = 10;

function section(id: number, content: ArrayLike<number>): number[] {
  return [id, ...unsigned(content.length), ...Array.from(content)];
}

/** A vector with one entry more. */
function withEntry(vector: Bytes, entry: number[]): number[] {
  const reader = new Reader(vector);
  return [...unsigned(reader.number() + 1), ...vector.subarray(reader.at), ...entry];
}

function codeSection(content: Bytes, instrumentor: Instrumentor): number[] {
  const code = new Reader(content);
  const count = code.number();
  const bodies = unsigned(count);
  for (let i = 0; i < count; i++) {
    const body = instrumentor.body(code.vector());
    // Too long to be spread.
    for (const byte of unsigned(body.length)) bodies.push(byte);
    for (const byte of body) bodies.push(byte);
  }
  return bodies;
}

/** @param binary a module with one memory of its own. */
export function instrumentWasm(binary: Bytes): { binary: Uint8Array<ArrayBuffer>; places: number } {
  const reader = new Reader(binary);
  const out: number[] = [...reader.take(8)];
  const instrumentor = new Instrumentor(1);
  const name = [...new TextEncoder().encode(PROBE)];
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.vector();
    if (id === MEMORIES) out.push(...section(id, withEntry(content, [0, PROBE_PAGES])));
    else if (id === EXPORTS) {
      out.push(...section(id, withEntry(content, [name.length, ...name, 0x02, 1])));
    } else if (id === CODE) {
      const bodies = codeSection(content, instrumentor);
      out.push(id, ...unsigned(bodies.length));
      for (const byte of bodies) out.push(byte);
    } else {
      out.push(id, ...unsigned(content.length));
      for (const byte of content) out.push(byte);
    }
  }
  if (COUNTERS_AT + 4 * instrumentor.places > PROBE_PAGES * 65536) {
    throw new Error(`The probe has no room for ${instrumentor.places} counters`);
  }
  return { binary: new Uint8Array(out), places: instrumentor.places };
}
