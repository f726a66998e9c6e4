/** An index of things that the host knows by a number: clients, calls, timers. */
import { Entry, Index } from "./index";

@unmanaged
export class Numbered extends Entry {
  constructor(kind: u32, public id: u32) {
    super(kind, spread(id));
  }
}

/** Two numbers that differ have hashes that differ; the factor is 2³² divided by the golden ratio. */
function spread(id: u32): u32 {
  const hash = id * 0x9e3779b1;
  return hash ^ (hash >>> 15);
}

@unmanaged
export class NumberIndex<T extends Numbered> extends Index<T> {
  find(id: u32): T | null {
    let entry = this.candidates(spread(id));
    while (entry != null && entry.id != id) entry = changetype<T | null>(entry.hashNext);
    return entry;
  }
}
