/**
 * Long work in slices, so that the event loop serves others in between.
 *
 * @module
 */
import { afterTurns } from "./turns.ts";

/** Milliseconds after which others have their turn. */
const SLICE_MS = 1;
/** Turns between two slices: what comes from outside waits for four slices, if nobody uses them. */
const TURNS = 16;
/** Milliseconds for them all: whoever uses them leaves the work its third of the time. */
const REST_MS = 2;

let resting = 0;

/** Work rests and goes on in one of the event loop's next turns: nobody should sleep now. */
export function workWaits(): boolean {
  return resting > 0;
}

/** Looked at now and then by work that takes long. */
export class Slices {
  #until = performance.now() + SLICE_MS;

  /** The slice is over: {@link rest} comes next. */
  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets the event loop run; a new slice begins then. */
  async rest(): Promise<void> {
    const until = performance.now() + REST_MS;
    resting++;
    await new Promise<void>((resume) => afterTurns(TURNS, resume, until));
    resting--;
    this.#until = performance.now() + SLICE_MS;
  }
}

/** Uses one item after the other, and looks at the clock before every `each`-th. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  each: number,
  use: (item: Item) => void,
): Promise<void> {
  const slices = new Slices();
  let count = 0;
  for (const item of items) {
    if (++count % each === 0 && slices.over) await slices.rest();
    use(item);
  }
}
