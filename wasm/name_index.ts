/** An index of named things. A name is compared where it is: in the inbox, mostly. */
import { Bytes, dataOf, hashOf, sameBytes } from "./bytes";
import { Entry, Index } from "./index";

/** Something with a name, which it owns. */
@unmanaged
export class Named extends Entry {
  constructor(kind: u32, public name: Bytes) {
    super(kind, hashOf(dataOf(name), name.length));
  }
}

@unmanaged
export class NameIndex<T extends Named> extends Index<T> {
  find(at: usize, length: i32): T | null {
    const hash = hashOf(at, length);
    let entry = this.candidates(hash);
    while (entry != null) {
      if (entry.hash == hash && sameBytes(entry.name, at, length)) return entry;
      entry = changetype<T | null>(entry.hashNext);
    }
    return null;
  }
}
