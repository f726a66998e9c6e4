/**
 * Virtual time: one queue of events, ordered by time and then by when they were planned. Every event
 * belongs to a process; events of a dead one never happen, those of a machine that stands still happen
 * when it goes on. After each event all microtasks run, so promises settle in the same order always.
 *
 * @module
 */
import type { Clock } from "./manager.ts";

/** A computer that can stand still. */
export interface Machine {
  paused: boolean;
  /** Events that came due meanwhile. */
  readonly backlog: Event[];
}

/** Something that can be killed: a daemon, a client. Without a machine: the world outside. */
export class Process {
  alive = true;
  constructor(readonly name: string, readonly machine?: Machine) {}
}

export interface Event {
  at: number;
  order: number;
  process: Process;
  action: (() => void) | undefined;
}

interface DenoInternals {
  core: { runMicrotasks(): void };
}
const { internal } = Deno as unknown as { internal: symbol };
const { core } = (Deno as unknown as Record<symbol, DenoInternals>)[internal]!;

/** The simulation starts at this time, milliseconds since the epoch. */
export const EPOCH = 1_800_000_000_000;

export class EventQueue implements Clock {
  /** Whoever is not simulated: managers, faults. */
  readonly outside = new Process("outside");
  /** The process whose event happens now. */
  current: Process = this.outside;
  #now = EPOCH;
  #order = 0;
  readonly #heap: Event[] = [];

  now(): number {
    return this.#now;
  }

  /** Milliseconds since the simulation began. */
  get elapsed(): number {
    return this.#now - EPOCH;
  }

  after(ms: number, action: () => void): () => void {
    const event = this.plan(this.outside, ms, action);
    return () => event.action = undefined;
  }

  /** Plans an event of a process. It is called off by setting its `action` to undefined. */
  plan(process: Process, ms: number, action: () => void): Event {
    const at = this.#now + (ms > 0 ? ms : 0);
    const event = { at, order: ++this.#order, process, action };
    this.#push(event);
    return event;
  }

  /** Lets what a machine missed happen now, in order. */
  resume(machine: Machine): void {
    machine.paused = false;
    for (const { process, action } of machine.backlog.splice(0)) {
      if (action !== undefined) this.plan(process, 0, action);
    }
  }

  /** Lets the next event happen. False if there is none until `limit`, which is the time then. */
  step(limit: number): boolean {
    for (let event = this.#heap[0]; event !== undefined; event = this.#heap[0]) {
      if (event.at > limit) break;
      this.#pop();
      const { process, action } = event;
      if (action === undefined || !process.alive) continue;
      this.#now = event.at;
      if (process.machine?.paused) {
        process.machine.backlog.push(event);
        continue;
      }
      this.current = process;
      action();
      core.runMicrotasks();
      this.current = this.outside;
      return true;
    }
    this.#now = Math.max(this.#now, limit);
    return false;
  }

  /** Microtasks that are left of something outside any event. */
  settle(): void {
    core.runMicrotasks();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up]!;
      if (before(above, event)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let down = 1; down < size; down = 2 * at + 1) {
      if (down + 1 < size && before(heap[down + 1]!, heap[down]!)) down++;
      if (before(last, heap[down]!)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
