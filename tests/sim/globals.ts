/**
 * What the product takes from its surroundings, replaced for the time of a simulation: clock, timers
 * and files below one directory. A simulation is synchronous from its beginning to its end, so nobody
 * else sees any of this.
 *
 * @module
 */
import { EPOCH, type Event, type EventQueue } from "./clock.ts";
import type { Disk } from "./disk.ts";

/** Runs `body` in the world of a simulation. */
export function inside<T>(clock: EventQueue, disk: Disk, body: () => T): T {
  const restore = [replaceTimers(clock), disk.install()];
  try {
    return body();
  } finally {
    for (const undo of restore) undo();
  }
}

type Timers = Pick<
  typeof globalThis,
  "setTimeout" | "clearTimeout" | "setInterval" | "clearInterval"
>;

/** A timer belongs to the process that sets it. */
function timersOf(clock: EventQueue): Timers {
  const events = new Map<number, Event>();
  let last = 0;
  const set = (action: (...args: unknown[]) => void, ms = 0, again: boolean, args: unknown[]) => {
    const id = ++last;
    const arm = () => {
      const event = clock.plan(clock.current, ms, () => {
        events.delete(id);
        action(...args);
        if (again && !cleared.delete(id)) arm();
      });
      events.set(id, event);
    };
    arm();
    return id;
  };
  const cleared = new Set<number>();
  const clear = (id?: number) => {
    if (id === undefined) return;
    const event = events.get(id);
    if (event === undefined) cleared.add(id);
    else event.action = undefined;
    events.delete(id);
  };
  return {
    setTimeout: (action: () => void, ms?: number, ...args: unknown[]) =>
      set(action, ms, false, args),
    setInterval: (action: () => void, ms?: number, ...args: unknown[]) =>
      set(action, ms, true, args),
    clearTimeout: clear,
    clearInterval: clear,
  } as unknown as Timers;
}

function replaceTimers(clock: EventQueue): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const real = { setTimeout, clearTimeout, setInterval, clearInterval };
  const dateNow = Date.now;
  const performanceNow = performance.now;
  Object.assign(globalThis, timersOf(clock));
  Date.now = () => clock.now();
  performance.now = () => clock.now() - EPOCH;
  return () => {
    Object.assign(globalThis, real);
    Date.now = dateNow;
    performance.now = performanceNow;
  };
}
