/**
 * A hash index of objects that are chained by a field of their own, so that looking up, adding and
 * removing take no memory, and do not slow down as entries accumulate. Only the buckets, an array of
 * first entries, are replaced from time to time.
 */
import { born, BUCKETS, dead, INDEX, Owned, retire, retireBlock, take } from "./memory";

/** Something in an index. Its key never changes. */
@unmanaged
export class Entry extends Owned {
  hashNext: Entry | null = null;
  constructor(kind: u32, public hash: u32) {
    super(kind);
  }
}

const LEAST: i32 = 16;

@unmanaged
export class Index<T extends Entry> extends Owned {
  private buckets: usize = newBuckets(LEAST);
  private length: i32 = LEAST;
  size: i32 = 0;

  constructor() {
    super(INDEX);
  }

  /** The key must not be in the index yet. */
  add(entry: T): void {
    if (this.size >= this.length) this.resize(this.length * 2);
    this.link(entry);
    this.size++;
  }

  remove(entry: T): void {
    const slot = this.slotOf(entry.hash);
    const first = entryAt(slot);
    if (first == entry) {
      putEntry(slot, entry.hashNext);
    } else {
      let before = first;
      while (before != null && before.hashNext != entry) before = before.hashNext;
      assert(before != null, "the index does not hold what is removed from it");
      before!.hashNext = entry.hashNext;
    }
    entry.hashNext = null;
    this.size--;
    if (this.length > LEAST && this.size * 8 < this.length) this.resize(this.length / 2);
  }

  /** The first entry with this hash or another one in the same bucket. */
  protected candidates(hash: u32): T | null {
    return changetype<T | null>(entryAt(this.slotOf(hash)));
  }

  /** Any entry; null when there is none. With `after`, all are visited in no order. */
  first(): T | null {
    return this.firstFrom(0);
  }

  after(entry: T): T | null {
    const next = changetype<T | null>(entry.hashNext);
    return next != null ? next : this.firstFrom((entry.hash & (this.length - 1)) + 1);
  }

  private firstFrom(bucket: i32): T | null {
    for (let i = bucket; i < this.length; i++) {
      const entry = entryAt(this.buckets + (<usize> i << 2));
      if (entry != null) return changetype<T>(entry);
    }
    return null;
  }

  private slotOf(hash: u32): usize {
    return this.buckets + (<usize> (hash & (this.length - 1)) << 2);
  }

  private link(entry: Entry): void {
    const slot = this.slotOf(entry.hash);
    entry.hashNext = entryAt(slot);
    putEntry(slot, entry);
  }

  private resize(length: i32): void {
    const old = this.buckets;
    const oldLength = this.length;
    this.buckets = newBuckets(length);
    this.length = length;
    for (let i = 0; i < oldLength; i++) {
      let entry = entryAt(old + (<usize> i << 2));
      while (entry != null) {
        const next = entry.hashNext;
        this.link(entry);
        entry = next;
      }
    }
    retireBuckets(old, oldLength);
  }

  /** Gives the index back. It must be empty. */
  close(): void {
    assert(this.size == 0, "an index is empty when it is given back");
    retireBuckets(this.buckets, this.length);
    retire<Index<T>>(this);
  }
}

function newBuckets(length: i32): usize {
  born(BUCKETS);
  const buckets = take(<usize> length << 2);
  memory.fill(buckets, 0, <usize> length << 2);
  return buckets;
}

function retireBuckets(buckets: usize, length: i32): void {
  dead(BUCKETS);
  retireBlock(buckets, <usize> length << 2);
}

function entryAt(slot: usize): Entry | null {
  return changetype<Entry | null>(load<usize>(slot));
}

function putEntry(slot: usize, entry: Entry | null): void {
  store<usize>(slot, changetype<usize>(entry));
}
