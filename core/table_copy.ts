/**
 * Listings of a large table that hold nobody up. Going through all rows takes several times as long as
 * a client should wait, and in between the table changes. So the memory of the table is copied, which
 * is one moment and short, and the rows are read from the copy, a slice at a time.
 *
 * @module
 */
import { Engine } from "./engine.ts";
import { Slices } from "./os/slices.ts";
import type { InspectRow } from "./types.ts";

/** Tables up to this many bytes are read as they are: it takes a millisecond or two. */
const SMALL = 512 * 1024;
const WASM_PAGE = 65536;
/** Memory is given to a process by pages of this size, when they are first touched. */
const PAGE = 4096;

export class TableCopies {
  /** Used again while it is there, else left to the garbage collector. */
  #spare: WeakRef<Engine> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly original: Engine) {}

  /**
   * Hands all rows of one moment to `use`, when earlier listings are done. `atMoment` is called at that
   * moment.
   */
  listing<Result>(
    use: (rows: Iterable<InspectRow>) => Promise<Result>,
    atMoment: () => void = () => {},
  ): Promise<Result> {
    const result = this.#last.then(async () => await use(await this.#rows(atMoment)));
    // Nothing of the result is kept: it may be large.
    const nothing = () => {};
    this.#last = result.then(nothing, nothing);
    return result;
  }

  async #rows(atMoment: () => void): Promise<Iterable<InspectRow>> {
    if (this.original.memoryBytes <= SMALL) {
      atMoment();
      return [...this.original.inspect()];
    }
    const copy = this.#spare?.deref() ?? new Engine(this.original.module);
    this.#spare = new WeakRef(copy);
    await makeRoom(copy.memory, this.original);
    copy.become(this.original);
    atMoment();
    return copy.inspect();
  }
}

/** Makes the memory as large as the original's. To copy into pages that are there is five times faster. */
async function makeRoom(memory: WebAssembly.Memory, original: Engine): Promise<void> {
  const slices = new Slices();
  for (;;) {
    const from = memory.buffer.byteLength;
    const missing = original.memoryBytes - from;
    if (missing <= 0) return;
    memory.grow(missing / WASM_PAGE);
    const bytes = new Uint8Array(memory.buffer);
    for (let at = from; at < bytes.length; at += PAGE) {
      bytes[at] = 1;
      if (at % (16 * PAGE) === 0 && slices.over) await slices.rest();
    }
  }
}
