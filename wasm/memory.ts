/**
 * The table's memory: how it is taken and given back, and who owns what. There is no garbage
 * collector; the build fails as soon as anything needs one.
 *
 * Every object has one owner, which gives it back ("retires" it) when it lets go of it:
 *
 *   owner                      owns
 *   table                      lockspaces, clients, timers, its two queues, the name `glSanlock`
 *   calls.ts                   calls, from the effect to its answer
 *   Lockspace                  its resources, their index, its queue, its name and three texts
 *   Resource                   its locks, its queue, its name, its lock args
 *   the table as a whole       actions, from the request to `dropAction` in effects.ts
 *   Action                     its lock args, the name and state of an owner elsewhere
 *   Index                      its buckets
 *
 * All other references are borrowed, and are cleared before, or together with, what they refer to.
 * Texts are never shared, only copied; the one exception is EMPTY, which is nobody's.
 *
 * What is retired while an input is handled stays readable until the next input, which frees it
 * first of all. So code may go on with an object that it has just dropped, but nothing may keep it:
 * invariants.ts proves after every input that all references lead to living objects and that every
 * living object is reached.
 */

/** Kinds of objects, counted while they live. */
export const ACTION: u32 = 1;
export const BUCKETS: u32 = 2;
export const BYTES: u32 = 3;
export const CALL: u32 = 4;
export const CLIENT: u32 = 5;
export const INDEX: u32 = 6;
export const LOCK: u32 = 7;
export const LOCKSPACE: u32 = 8;
export const QUEUE: u32 = 9;
export const RESOURCE: u32 = 10;
export const TIMER: u32 = 11;
export const TOUCHED: u32 = 12;
export const KINDS: u32 = 13;

/** Blocks up to this size are multiples of the grain; larger ones are powers of two. */
const SMALL: usize = 256;
const GRAIN: usize = 8;
const SMALL_LISTS: u32 = 32;
const LISTS: i32 = 56;
const PAGE: usize = 65536;
/** With one page more, addresses past the end would not fit 32 bits. */
const MAX_PAGES: i32 = 65535;
/** Memory grows by this part of what there is, so that little of it lies idle. */
const GROWTH: i32 = 32;

/** First free and first retired block of every size; the blocks are chained by their first word. */
const free: usize = memory.data(LISTS * 4, 8);
const retired: usize = memory.data(LISTS * 4, 8);
/** Bit 1 << list for each size of which blocks were retired. */
let pending: u64 = 0;
/** Living objects of every kind. */
const living: usize = memory.data(KINDS * 4, 8);

/** Memory from here to the limit was never used. */
let top: usize = (__heap_base + GRAIN - 1) & ~(GRAIN - 1);
let limit: usize = <usize> memory.size() << 16;

/** Something that is retired when its owner lets go of it. */
@unmanaged
export class Owned {
  /** Its kind while it lives, afterwards an address or 0. */
  mark: u32;

  constructor(kind: u32) {
    this.mark = born(kind);
  }

  /** It was not given back yet. */
  get lives(): bool {
    return this.mark > 0 && this.mark < KINDS;
  }
}

function listOf(size: usize): u32 {
  if (size <= SMALL) return <u32> ((size + GRAIN - 1) / GRAIN);
  return SMALL_LISTS + 24 - clz<u32>(<u32> size - 1);
}

/** Bytes of the blocks of a list. */
function sizeOf(list: u32): usize {
  return list <= SMALL_LISTS ? GRAIN * list : (<usize> 1) << (list - SMALL_LISTS + 8);
}

/** A block of at least `size` bytes, not zeroed. `new` takes its memory here. */
export function take(size: usize): usize {
  const list = listOf(size);
  const head = free + (list << 2);
  const block = load<usize>(head);
  if (block == 0) return carve(sizeOf(list));
  store<usize>(head, load<usize>(block));
  return block;
}

function carve(size: usize): usize {
  if (size > limit - top) grow(size);
  const block = top;
  top += size;
  return block;
}

function grow(size: usize): void {
  const pages = memory.size();
  const needed = <i32> ((size + PAGE - 1) / PAGE);
  const wanted = min<i32>(needed + pages / GROWTH, MAX_PAGES - pages);
  const grown = wanted >= needed && (memory.grow(wanted) >= 0 || memory.grow(needed) >= 0);
  assert(grown, "the table is out of memory");
  limit = <usize> memory.size() << 16;
}

/** Everything below `end` was copied from another instance: what is taken from now on lies above. */
export function takeAbove(end: usize): void {
  memory.fill(free, 0, LISTS * 4);
  top = end;
  limit = <usize> memory.size() << 16;
}

/** Gives a block back; freed when the next input begins. */
export function retireBlock(block: usize, size: usize): void {
  const list = listOf(size);
  const head = retired + (list << 2);
  store<usize>(block, load<usize>(head));
  store<usize>(head, block);
  pending |= <u64> 1 << list;
}

/** Counts a new object; returns its mark. */
export function born(kind: u32): u32 {
  const counter = living + (kind << 2);
  store<i32>(counter, load<i32>(counter) + 1);
  return kind;
}

/** Counts an object out. */
export function dead(kind: u32): void {
  assert(kind > 0 && kind < KINDS, "an object is retired once");
  const counter = living + (kind << 2);
  store<i32>(counter, load<i32>(counter) - 1);
}

/** Gives an object back, with the `more` bytes that follow it. */
export function retire<T extends Owned>(object: T, more: i32 = 0): void {
  dead(object.mark);
  retireBlock(changetype<usize>(object), offsetof<T>() + more);
}

/** Frees what was retired up to now. Called first of all when an input comes. */
export function freeRetired(): void {
  while (pending != 0) {
    const list = <u32> ctz<u64>(pending);
    pending &= pending - 1;
    const head = retired + (list << 2);
    for (let block = load<usize>(head); block != 0;) {
      const next = load<usize>(block);
      freeBlock(block, list);
      block = next;
    }
    store<usize>(head, 0);
  }
}

function freeBlock(block: usize, list: u32): void {
  if (ASC_OPTIMIZE_LEVEL == 0) memory.fill(block, 0xdd, sizeOf(list));
  const head = free + (list << 2);
  store<usize>(block, load<usize>(head));
  store<usize>(head, block);
}

/** Number of living objects of a kind. */
export function livingOf(kind: u32): i32 {
  return load<i32>(living + (kind << 2));
}
