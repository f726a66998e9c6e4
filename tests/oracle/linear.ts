/**
 * Checks what concurrent clients saw of one lock against the model: there must be an order of the
 * requests, each taking effect at some moment between being sent and being answered, in which every
 * answer is one that the model allows.
 *
 * @module
 */
import { nothingHeld, outcomes, type State, type Wish, withoutClient } from "./model.ts";

/** Something a client did or saw, in the order in which the driver did or saw it. */
export type LockEvent =
  | { kind: "ask"; id: number; wish: Wish }
  | { kind: "answer"; id: number; result: number }
  /** The connection ends: what was asked may still happen until its locks are released. */
  | { kind: "close"; client: number };

/** One way in which things may have happened so far. */
interface History {
  state: State;
  /** Requests that have taken effect without being answered yet: id and result. */
  done: ReadonlyMap<number, number>;
  /** Requests that have not taken effect. */
  open: ReadonlyMap<number, Wish>;
  /** Clients whose connection has ended while their locks may still be there. */
  closing: ReadonlySet<number>;
}

/** A lock's events allow too many histories to follow them all. */
export class Unclear extends Error {}

/** Most histories that are followed at once. */
const mostHistories = 300_000;

export interface Verdict {
  /** What was wrong; absent if nothing was. */
  wrong?: string;
  /** Modes in which the persistent lock may be held at the end. */
  persistent: Set<string>;
}

function nameOf({ state, done, open, closing }: History): string {
  const sorted = <T>(items: Iterable<T>) => [...items].map(String).sort().join(";");
  const held = [sorted(state.holders), state.persistent, state.surplus];
  return [...held, sorted(done), sorted(open.keys()), sorted(closing)].join("|");
}

/**
 * All histories that can follow when any number of open requests and closings take effect. One that
 * is `reached` is not followed further: what else may take effect can do so later as well.
 */
function expand(
  histories: Iterable<History>,
  mayRepeat: boolean,
  reached: (history: History) => boolean,
): History[] {
  const found = new Map<string, History>();
  const todo = [...histories];
  for (let history; (history = todo.pop()) !== undefined;) {
    const name = nameOf(history);
    if (found.has(name)) continue;
    if (found.size >= mostHistories) throw new Unclear("too many histories to follow");
    found.set(name, history);
    if (!reached(history)) todo.push(...successors(history, mayRepeat));
  }
  return [...found.values()];
}

function successors(history: History, mayRepeat: boolean): History[] {
  const next: History[] = [];
  for (const [id, wish] of history.open) {
    const open = new Map(history.open);
    open.delete(id);
    for (const { result, state } of outcomes(history.state, wish, mayRepeat)) {
      const told = !history.closing.has(wish.client);
      const done = told ? new Map([...history.done, [id, result]] as const) : history.done;
      next.push({ ...history, state, done, open });
    }
  }
  for (const client of history.closing) {
    const closing = new Set(history.closing);
    closing.delete(client);
    const open = new Map([...history.open].filter(([, wish]) => wish.client !== client));
    next.push({ ...history, state: withoutClient(history.state, client), open, closing });
  }
  return next;
}

function ask(history: History, id: number, wish: Wish): History {
  return { ...history, open: new Map([...history.open, [id, wish] as const]) };
}

/** The histories in which that request has had that result, followed just so far. */
function answered(
  histories: History[],
  id: number,
  result: number,
  mayRepeat: boolean,
): History[] {
  const followed = expand(histories, mayRepeat, (history) => history.done.has(id));
  return followed.filter((history) => history.done.get(id) === result).map((history) => {
    const done = new Map(history.done);
    done.delete(id);
    return { ...history, done };
  });
}

/**
 * Checks the events of one lock. Throws {@link Unclear} when that would take too long.
 * @param mayRepeat see {@link outcomes}
 */
export function checkLinear(events: readonly LockEvent[], mayRepeat = false): Verdict {
  const start: History = {
    state: nothingHeld,
    done: new Map(),
    open: new Map(),
    closing: new Set(),
  };
  let histories = [start];
  for (const [index, event] of events.entries()) {
    if (event.kind === "ask") {
      histories = histories.map((history) => ask(history, event.id, event.wish));
    } else if (event.kind === "answer") {
      histories = answered(histories, event.id, event.result, mayRepeat);
    } else {
      histories = histories.map((history) => {
        return { ...history, closing: new Set([...history.closing, event.client]) };
      });
    }
    if (histories.length === 0) {
      const wrong = `event ${index}: ${JSON.stringify(event)} fits no order of the requests`;
      return { wrong, persistent: new Set() };
    }
  }
  const ends = expand(histories, mayRepeat, () => false).filter(({ closing }) =>
    closing.size === 0
  );
  return { persistent: new Set(ends.map(({ state }) => state.persistent ?? "un")) };
}
