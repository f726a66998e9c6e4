/** Resources that have to be looked at after something is over, in order. */
import { Owned, retire, TOUCHED } from "./memory";
import { Resource } from "./resource";
import { sweep } from "./sweep";

/** One place in the list. */
@unmanaged
class Touched extends Owned {
  next: Touched | null = null;
  constructor(public resource: Resource) {
    super(TOUCHED);
  }
}

@unmanaged
export class TouchedList extends Owned {
  private first: Touched | null = null;
  private last: Touched | null = null;

  constructor() {
    super(TOUCHED);
  }

  add(resource: Resource): void {
    const entry = new Touched(resource);
    const last = this.last;
    if (last == null) this.first = entry;
    else last.next = entry;
    this.last = entry;
  }

  /** Sweeps each of them, unless an earlier sweep has given it back, and gives the list back. */
  sweepAll(): void {
    for (let next = this.first; next != null;) {
      const entry = next;
      next = entry.next;
      if (entry.resource.lives) sweep(entry.resource);
      retire<Touched>(entry);
    }
    retire<TouchedList>(this);
  }
}
