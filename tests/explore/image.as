/**
 * The whole state of the table as bytes: copied out, put back, and packed as the difference to the
 * state in which a world begins. Compiled together with wasm/*.ts; see build.ts.
 *
 * State is: the heap without the outbox, the variables of all modules and the static memory that
 * memory.ts uses (both copied by generated code, `globals`), and what the explorer itself notes.
 */
import { outboxAddress } from "./frame";
import { heapTop, loadGlobals, saveGlobals } from "./globals";
import { NOTES, NOTES_BYTES } from "./notes";

const LIMIT: i32 = 65536;
/** Bytes of the outbox, which must not grow: twenty effects of one input are far from reached. */
const OUTBOX: usize = 16384;

/** The state that is being explored, the state in which the world begins, and two buffers. */
const current: usize = memory.data(LIMIT, 8);
const first: usize = memory.data(LIMIT, 8);
const other: usize = memory.data(LIMIT, 8);
const packed: usize = memory.data(LIMIT, 8);

/** Copies the state to `at`, followed by zeros up to a multiple of 64 words. Returns its bytes. */
function save(at: usize): usize {
  let to = saveGlobals(at);
  memory.copy(to, NOTES, NOTES_BYTES);
  to += NOTES_BYTES;
  const heap = (__heap_base + 7) & ~7;
  const before = outboxAddress() - heap;
  memory.copy(to, heap, before);
  to += before;
  const behind = outboxAddress() + OUTBOX;
  const after = heapTop() - behind;
  memory.copy(to, behind, after);
  to += after;
  const bytes = to - at;
  assert(bytes + 512 <= <usize> LIMIT, "the state is too large to be explored");
  memory.fill(to, 0, 512 - (bytes & 511));
  return bytes;
}

/** Ends the setting up of a world: this is where it begins. */
export function begin(): void {
  memory.fill(first, 0, LIMIT);
  save(first);
  save(current);
}

/** Back to the current state. */
export function reset(): void {
  let from = loadGlobals(current);
  memory.copy(NOTES, from, NOTES_BYTES);
  from += NOTES_BYTES;
  const heap = (__heap_base + 7) & ~7;
  const before = outboxAddress() - heap;
  memory.copy(heap, from, before);
  from += before;
  const behind = outboxAddress() + OUTBOX;
  memory.copy(behind, from, heapTop() - behind);
}

/** Where `pack` leaves, and `unpack` expects, a packed state. */
export function packedAt(): usize {
  return packed;
}

/** Packs the state that the table is in. Returns the bytes. */
export function pack(): i32 {
  const words = <i32> (save(other) >> 3);
  store<i32>(packed, words);
  let bits = packed + 8;
  let to = bits + ((<usize> (words + 63) >> 6) << 3);
  for (let i = 0; i < words; i += 64, bits += 8) {
    let map: u64 = 0;
    for (let j = 0; j < 64; j++) {
      const at = <usize> (i + j) << 3;
      const word = load<u64>(other + at);
      if (word == load<u64>(first + at)) continue;
      map |= <u64> 1 << j;
      store<u64>(to, word);
      to += 8;
    }
    store<u64>(bits, map);
  }
  assert(to - packed <= <usize> LIMIT, "the packed state is too large");
  return <i32> (to - packed);
}

/** The packed state becomes the current one. */
export function unpack(): void {
  const words = load<i32>(packed);
  memory.copy(current, first, <usize> (words + 63) << 3);
  let bits = packed + 8;
  let from = bits + ((<usize> (words + 63) >> 6) << 3);
  for (let i = 0; i < words; i += 64, bits += 8) {
    for (let map = load<u64>(bits); map != 0; map &= map - 1) {
      store<u64>(current + (<usize> (i + <i32> ctz(map)) << 3), load<u64>(from));
      from += 8;
    }
  }
}
