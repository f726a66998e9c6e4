/**
 * Judges who held what when. It is told only what a holder can be certain of: a lock is held from the
 * moment its reply has been read until just before its release is sent. Two holders that were certain of
 * incompatible locks at the same moment are a violation, whatever the daemons believe.
 *
 * Times are milliseconds of one clock, the test's own.
 *
 * @module
 */

export type HeldMode = "sh" | "ex";

interface Span {
  from: number;
  /** Infinity while it lasts. */
  to: number;
}

/** A lock in the hands of one holder, from its grant to its end. */
export interface Holding extends Span {
  readonly resource: string;
  /** A client, or a host for the locks that clients of it share. */
  readonly holder: string;
  /** Within the time it is held: when it is exclusive. */
  readonly exclusive: Span[];
}

/** Two holdings of one resource, one of them exclusive, at the same time. */
export interface Violation {
  resource: string;
  one: Holding;
  other: Holding;
  from: number;
  to: number;
}

interface Note {
  atMs: number;
  /** `""` for what concerns all. */
  resource: string;
  text: string;
}

export class Referee {
  readonly #holdings = new Map<string, Holding[]>();
  readonly #notes: Note[] = [];

  /** Writes down what happened, for people who want to know how it came to a violation. */
  note(atMs: number, resource: string, text: string): void {
    this.#notes.push({ atMs, resource, text });
  }

  /** The holder is certain to have the lock from `atMs` on. */
  granted(holder: string, resource: string, mode: HeldMode, atMs: number): Holding {
    const holding: Holding = { holder, resource, from: atMs, to: Infinity, exclusive: [] };
    this.#of(resource).push(holding);
    if (mode === "ex") this.exclusive(holding, atMs);
    return holding;
  }

  /** It is certainly exclusive from now on. */
  exclusive(holding: Holding, atMs: number): void {
    if (holding.to > atMs) holding.exclusive.push({ from: atMs, to: holding.to });
  }

  /** It may be shared from now on, and goes on being held. */
  shared(holding: Holding, atMs: number): void {
    for (const span of holding.exclusive) span.to = Math.min(span.to, atMs);
  }

  /** It may not be held any more from `atMs` on, which may lie ahead; an earlier end stays. */
  ended(holding: Holding, atMs: number): void {
    holding.to = Math.min(holding.to, atMs);
    this.shared(holding, atMs);
  }

  /** All that was ever held. */
  *holdings(): Generator<Holding> {
    for (const list of this.#holdings.values()) yield* list;
  }

  violations(): Violation[] {
    return [...this.#holdings.values()].flatMap(conflicts);
  }

  /** What happened to a resource, a line each, oldest first; also what concerned all. */
  history(resource: string): string[] {
    return this.#notes
      .filter((note) => note.resource === resource || note.resource === "")
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, text }) => `${atMs.toFixed(1).padStart(10)} ${text}`);
  }

  #of(resource: string): Holding[] {
    let list = this.#holdings.get(resource);
    if (list === undefined) this.#holdings.set(resource, list = []);
    return list;
  }
}

/** Holdings of one resource against each other. */
function conflicts(holdings: Holding[]): Violation[] {
  const found: Violation[] = [];
  const sorted = holdings.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  let open: Holding[] = [];
  for (const other of sorted) {
    open = open.filter(({ to }) => to > other.from);
    for (const one of open) {
      const span = conflict(one, other) ?? conflict(other, one);
      if (span !== undefined) found.push({ resource: one.resource, one, other, ...span });
    }
    open.push(other);
  }
  return found;
}

/** When `one` was exclusive while `other` had the lock too. */
function conflict(one: Holding, other: Holding): Span | undefined {
  for (const span of one.exclusive) {
    const from = Math.max(span.from, other.from);
    const to = Math.min(span.to, other.to);
    if (from < to) return { from, to };
  }
  return undefined;
}

/** A violation with all that happened to the resource around it. */
export function describe(violation: Violation, referee: Referee): string {
  const { resource, one, other, from, to } = violation;
  const span = (at: Span) => `${at.from.toFixed(1)} to ${at.to.toFixed(1)}`;
  const about = (holding: Holding) =>
    `  ${holding.holder}: held ${span(holding)}, exclusive ` +
    (holding.exclusive.map(span).join(", ") || "never");
  const history = referee.history(resource).filter((line) => {
    const atMs = Number(line.slice(0, 10));
    return atMs >= from - HISTORY_MS && atMs <= Math.min(to, from + HISTORY_MS) + HISTORY_MS;
  });
  return [
    `${resource} was held by two, ${span({ from, to })} ms:`,
    about(one),
    about(other),
    ...history.map((line) => `  ${line}`),
  ].join("\n");
}

/** What is shown before and after a violation. */
const HISTORY_MS = 15_000;
