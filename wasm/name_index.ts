/**
 * A hash index of named things that compares bytes in place, so that looking up a name which came
 * in with a request allocates nothing and does not slow down as entries accumulate.
 */
import { Bytes, hashOf, sameBytes } from "./bytes";

/** Something with a name that never changes. */
export class Named {
  hash: u32 = 0;
  hashNext: Named | null = null;
  constructor(public name: Bytes) {
    this.hash = hashOf(changetype<usize>(name), name.length);
  }
}

const LEAST: i32 = 16;

export class NameIndex<T extends Named> {
  private buckets: StaticArray<Named | null> = new StaticArray<Named | null>(LEAST);
  size: i32 = 0;

  find(at: usize, length: i32): T | null {
    const hash = hashOf(at, length);
    let entry = this.buckets[hash & (this.buckets.length - 1)];
    while (entry != null) {
      if (entry.hash == hash && sameBytes(entry.name, at, length)) return <T> entry;
      entry = entry.hashNext;
    }
    return null;
  }

  /** The name must not be in the index yet. */
  add(entry: T): void {
    if (this.size >= this.buckets.length) this.resize(this.buckets.length * 2);
    this.link(this.buckets, entry);
    this.size++;
  }

  remove(entry: T): void {
    const slot = entry.hash & (this.buckets.length - 1);
    let at = this.buckets[slot];
    let before: Named | null = null;
    while (at != null && at != entry) {
      before = at;
      at = at.hashNext;
    }
    assert(at != null, "the index does not hold what is removed from it");
    if (before == null) this.buckets[slot] = entry.hashNext;
    else before.hashNext = entry.hashNext;
    entry.hashNext = null;
    this.size--;
    if (this.buckets.length > LEAST && this.size * 8 < this.buckets.length) {
      this.resize(this.buckets.length / 2);
    }
  }

  private link(buckets: StaticArray<Named | null>, entry: Named): void {
    const slot = entry.hash & (buckets.length - 1);
    entry.hashNext = buckets[slot];
    buckets[slot] = entry;
  }

  private resize(length: i32): void {
    const old = this.buckets;
    const buckets = new StaticArray<Named | null>(length);
    for (let i = 0; i < old.length; i++) {
      let entry = old[i];
      while (entry != null) {
        const next = entry.hashNext;
        this.link(buckets, entry);
        entry = next;
      }
    }
    this.buckets = buckets;
  }
}
