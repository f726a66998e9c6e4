/**
 * Explores a world of two hosts, each with a table of its own, and a lock manager between them. A
 * table's steps are the same whatever the other host does, so they are found once and then combined:
 * a state is a state of each table, and one of the manager. That is compared exactly.
 *
 * @module
 */
import { LmCall } from "../../core/records.ts";
import { Found, HostGraph } from "./graph.ts";
import type { Limits, Result } from "./one_host.ts";
import * as manager from "./manager.ts";
import { grown, TripleSet } from "./states.ts";
import type { World } from "./world.ts";

/** What a step of one host means to the manager. */
const Meaning = { nothing: 0, granted: 1, refused: 2, left: 3 } as const;

/** A step: the event's place in the list, or that the manager does what the host asked for. */
export interface Step {
  /** 0 or 1, as the hosts are placed in the state before the step. */
  host: number;
  /** The hosts change places after the step: of two mirrored states only one is kept. */
  exchanged: boolean;
  /** Place in the list of events, or -1. */
  event: number;
  /** The resource whose call is done; -1 for an event. */
  done: number;
}

const DONE = 0x1000;
const EXCHANGED = 0x2000;
const SECOND = 0x4000;

/** A violation between two hosts, and how it was reached. */
export class FoundBetween extends Error {
  override name = "FoundBetween";
  constructor(message: string, readonly steps: readonly Step[]) {
    super(message);
  }
}

class Pair {
  readonly graph: HostGraph;
  readonly states = new TripleSet();
  transitions = 0;
  readonly #resources: number;
  /** Does the resource have a value block? */
  readonly #blocks: boolean[];
  #parents = new Uint32Array(1 << 12);
  #via = new Uint16Array(1 << 12);
  /** Steps of tables expanded: the first one's place; 0 is not expanded. */
  #first = new Uint32Array(1 << 12);
  #counts = new Uint16Array(1 << 12);
  #next = new Uint32Array(1 << 14);
  /** Meaning | resource << 4 | version << 8. */
  #meanings = new Uint32Array(1 << 14);
  #steps = 1;

  constructor(module: WebAssembly.Module, world: World) {
    this.graph = new HostGraph(module, world);
    this.#resources = world.resources.length;
    this.#blocks = world.resources.map((name) => /\/(VGLK|GLLK)$/.test(name));
    this.#reach(0, 0, 0, -1, 0);
  }

  /** Expands one state. @throws {FoundBetween} */
  expand(number: number): void {
    const [a = 0, b = 0, state = 0] = this.states.triples.subarray(number * 3, number * 3 + 3);
    for (let host = 0; host < 2; host++) {
      const own = host === 0 ? a : b;
      const other = host === 0 ? b : a;
      this.#expandTable(own, number, host);
      this.#manage(number, host, own, other, state);
      const end = this.#first[own]! + this.#counts[own]!;
      for (let i = this.#first[own]!; i < end; i++) {
        const after = this.#meant(this.#meanings[i]!, own, host, state);
        if (after === undefined) continue;
        this.#go(number, host, this.#next[i]!, other, after, i - this.#first[own]!);
      }
    }
  }

  /** The manager does what the host asked for, and does not say so yet. */
  #manage(number: number, host: number, own: number, other: number, state: number): void {
    for (let resource = 0; resource < this.#resources; resource++) {
      const call = manager.pendingOf(this.graph.relies(own, resource));
      if (call === undefined || manager.isDone(state, resource, host)) continue;
      const after = manager.done(state, resource, host, call);
      if (after !== undefined) this.#go(number, host, own, other, after, DONE | resource);
    }
  }

  /** The manager after a step; undefined if it would not let that happen. */
  #meant(label: number, own: number, host: number, state: number): number | undefined {
    const resource = (label >> 4) & 0xf;
    switch (label & 0xf) {
      case Meaning.granted: {
        const version = label >>> 8;
        const call = manager.pendingOf(this.graph.relies(own, resource))!;
        const reads = call.op === LmCall.lock && this.#blocks[resource];
        if (reads && version !== manager.blockOf(state, resource)) return undefined;
        const after = manager.isDone(state, resource, host)
          ? state
          : manager.done(state, resource, host, call);
        return after === undefined ? undefined : manager.answered(after, resource, host);
      }
      case Meaning.refused:
        return manager.isDone(state, resource, host) ? undefined : state;
      case Meaning.left:
        for (let i = 0; i < this.#resources; i++) state = manager.left(state, i, host);
        return state;
      default:
        return state;
    }
  }

  #go(from: number, host: number, own: number, other: number, state: number, via: number): void {
    this.transitions++;
    if (host === 0) this.#reach(own, other, state, from, via);
    else this.#reach(other, own, state, from, via | SECOND);
  }

  #reach(a: number, b: number, state: number, from: number, via: number): void {
    const mirrored = a > b || (a === b && manager.exchanged(state) < state);
    const before = this.states.size;
    const number = mirrored
      ? this.states.add(b, a, manager.exchanged(state))
      : this.states.add(a, b, state);
    if (number < before) return;
    this.#parents = grown(this.#parents, number + 1);
    this.#via = grown(this.#via, number + 1);
    this.#parents[number] = from;
    this.#via[number] = via | (mirrored ? EXCHANGED : 0);
    this.#check(a, b, state, number);
  }

  #check(a: number, b: number, state: number, number: number): void {
    for (let resource = 0; resource < this.#resources; resource++) {
      const block = manager.blockOf(state, resource);
      const modes = [a, b].map((table, host) => {
        const relies = this.graph.relies(table, resource);
        const mode = relies & 0xf;
        if (mode > manager.heldBy(state, resource, host)) {
          throw new FoundBetween("a host relies on more than it was granted", this.pathTo(number));
        }
        const reads = this.#blocks[resource] && mode > 0 && relies >>> 4 === 0 && block !== 0;
        if (reads && this.graph.version(table, resource) !== block) {
          throw new FoundBetween("a host does not know the version", this.pathTo(number));
        }
        return mode;
      });
      if (!manager.compatible(modes[0]!, modes[1]!)) {
        throw new FoundBetween("two hosts hold what excludes each other", this.pathTo(number));
      }
    }
  }

  /** Finds the steps of a table, the first time that it is come by in this state. */
  #expandTable(table: number, number: number, host: number): void {
    this.#first = grown(this.#first, this.graph.size);
    this.#counts = grown(this.#counts, this.graph.size);
    if (this.#first[table] !== 0) return;
    const { graph } = this;
    try {
      graph.expand(table);
    } catch (error) {
      if (!(error instanceof Found)) throw error;
      const last: Step = { host, event: error.steps.at(-1)!, done: -1, exchanged: false };
      throw new FoundBetween(error.message, [...this.pathTo(number), last]);
    }
    const { events } = graph;
    this.#first[table] = this.#steps;
    this.#counts[table] = events.length;
    this.#next = grown(this.#next, this.#steps + events.length);
    this.#meanings = grown(this.#meanings, this.#steps + events.length);
    graph.restore(table);
    for (let i = 0; i < events.length; i++) {
      this.#next[this.#steps] = graph.next[i]!;
      this.#meanings[this.#steps++] = this.#meaningOf(i);
    }
  }

  #meaningOf(i: number): number {
    const { host, events } = this.graph;
    const event = events[i]!;
    if (event.kind !== "answer") return Meaning.nothing;
    const { op, resource } = host.callInfo(event.who);
    const { answer } = host.outcome(event);
    if (op === LmCall.leave && answer.result >= 0) return Meaning.left;
    const known = op === LmCall.lock || op === LmCall.convert || op === LmCall.unlock;
    if (!known || resource < 0) return Meaning.nothing;
    if (answer.result < 0) return Meaning.refused | resource << 4;
    return Meaning.granted | resource << 4 | (answer.valueBlock?.resourceVersion ?? 0) << 8;
  }

  pathTo(number: number): Step[] {
    const path: Step[] = [];
    for (let at = number; at !== 0; at = this.#parents[at]!) {
      const via = this.#via[at]!;
      const event = via & (DONE - 1);
      path.push({
        host: (via & SECOND) === 0 ? 0 : 1,
        exchanged: (via & EXCHANGED) !== 0,
        event: (via & DONE) === 0 ? event : -1,
        done: (via & DONE) === 0 ? -1 : event,
      });
    }
    return path.reverse();
  }
}

/** @throws {FoundBetween} */
export function exploreTwoHosts(module: WebAssembly.Module, world: World, limits: Limits): Result {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const pair = new Pair(module, world);
  let depth = 0;
  let levelEnd = pair.states.size;
  let next = 0;
  for (; next < pair.states.size && depth < limits.depth; next++) {
    if ((next & 255) === 0) {
      const bytes = pair.graph.bytes + pair.states.size * 30;
      if (seconds() > limits.seconds || bytes > limits.bytes) break;
    }
    pair.expand(next);
    if (next + 1 < levelEnd) continue;
    levelEnd = pair.states.size;
    depth++;
  }
  return {
    world: world.name,
    depth,
    states: pair.states.size,
    transitions: pair.transitions,
    seconds: seconds(),
    exhausted: next === pair.states.size,
    ending: 0,
    tables: pair.graph.size,
  };
}
