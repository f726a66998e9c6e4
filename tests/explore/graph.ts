/**
 * The states of one host and the steps between them, found as far as they are asked for.
 *
 * @module
 */
import { type Event, Host } from "./host.ts";
import { grown, PackedStates, StateSet } from "./states.ts";
import { Violation } from "./watch.ts";
import type { World } from "./world.ts";

/** A violation, and how it was reached: which event of each state's list, one after the other. */
export class Found extends Error {
  override name = "Found";
  constructor(message: string, readonly steps: readonly number[]) {
    super(message);
  }
}

/** No state; in `progress`: nothing is under way. */
export const NONE = 0xffffffff;

export class HostGraph {
  readonly host: Host;
  readonly #states = new StateSet();
  readonly #packed = new PackedStates();
  #parents = new Uint32Array(1 << 12);
  #via = new Uint16Array(1 << 12);
  /** Where a state gets to if what is under way ends well. */
  #progress = new Uint32Array(1 << 12);
  /** What each state relies on and its version, by resource. */
  #relies = new Uint32Array(1 << 12);
  readonly #resources: number;
  transitions = 0;

  /** The steps from the state expanded last: the event and where it leads. */
  events: Event[] = [];
  readonly next = new Uint32Array(1024);

  constructor(module: WebAssembly.Module, world: World) {
    this.host = new Host(module, world);
    this.#resources = world.resources.length;
    this.host.settle();
    this.#find(NONE, 0);
  }

  /** How many states were found. */
  get size(): number {
    return this.#states.size;
  }

  /** Bytes of states that are kept to be looked at. */
  get bytes(): number {
    return this.#packed.bytes;
  }

  /** The state the table is in, by number. */
  #find(parent: number, via: number): number {
    const { host } = this;
    const before = this.#states.size;
    const number = this.#states.add(host.ints, host.hashes);
    if (number < before) return number;
    const at = host.table.packedAt();
    this.#packed.add(host.bytes.subarray(at, at + host.table.pack()));
    this.#parents = grown(this.#parents, number + 1);
    this.#via = grown(this.#via, number + 1);
    this.#progress = grown(this.#progress, number + 1);
    this.#parents[number] = parent;
    this.#via[number] = via;
    this.#relies = grown(this.#relies, (number + 1) * this.#resources * 2);
    for (let i = 0; i < this.#resources; i++) {
      const at = (number * this.#resources + i) * 2;
      this.#relies[at] = host.table.relies(i);
      this.#relies[at + 1] = host.table.versionOf(i);
    }
    return number;
  }

  /** What `relies` of verify.as said of a state and a resource. */
  relies(number: number, resource: number): number {
    return this.#relies[(number * this.#resources + resource) * 2]!;
  }

  /** Version of a resource that the table knew in a state. */
  version(number: number, resource: number): number {
    return this.#relies[(number * this.#resources + resource) * 2 + 1]!;
  }

  /** Puts the table into a state that was found. */
  restore(number: number): void {
    const { table, bytes } = this.host;
    bytes.set(this.#packed.get(number), table.packedAt());
    table.unpack();
    table.reset();
  }

  /** Lets everything happen that may happen in a state. @throws {Found} */
  expand(number: number): void {
    const { host } = this;
    this.restore(number);
    const events = this.events = host.events();
    for (let i = 0; i < events.length; i++) {
      if (i > 0) host.table.reset();
      try {
        host.perform(events[i]!);
        host.settle();
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        throw new Found(error.message, [...this.pathTo(number), i]);
      }
      this.next[i] = this.#find(number, i);
    }
    this.transitions += events.length;
    const ends = events.length > 0 && ["answer", "timer"].includes(events[0]!.kind);
    this.#progress[number] = ends ? this.next[0]! : NONE;
  }

  /** States before this one are not expanded any more. */
  dropBefore(number: number): void {
    this.#packed.dropBefore(number);
  }

  pathTo(number: number): number[] {
    const path: number[] = [];
    for (let at = number; this.#parents[at] !== NONE; at = this.#parents[at]!) {
      path.push(this.#via[at]!);
    }
    return path.reverse();
  }

  /**
   * From each of the states before `end`, all of them expanded: answers what is under way with
   * success, and lets timers fire, until nothing is under way. Returns the most steps that took.
   * States that lead beyond `end` are left out, and counted.
   * @throws {Found} if that never ends.
   */
  longestEnding(end: number): { steps: number; unknown: number } {
    const distance = new Uint16Array(end);
    let steps = 0;
    let unknown = 0;
    const chain: number[] = [];
    for (let number = 0; number < end; number++) {
      chain.length = 0;
      let at = number;
      while (at < end && distance[at] === 0 && this.#progress[at] !== NONE) {
        if (chain.length > 10_000) {
          throw new Found("what is under way never ends", this.pathTo(number));
        }
        chain.push(at);
        at = this.#progress[at]!;
      }
      const known = at < end && distance[at] !== 0xffff;
      let left = known ? distance[at]! : 0;
      if (!known && chain.length > 0) unknown += chain.length;
      while (chain.length > 0) distance[chain.pop()!] = known ? ++left : 0xffff;
      if (known) steps = Math.max(steps, distance[number]!);
    }
    return { steps, unknown };
  }
}
