/**
 * Drives with mutexes: who holds which, until when, and the value that is kept with each.
 *
 * @module
 */
import { Mode } from "../../../../core/types.ts";

/** Lease of a mutex that is not renewed. */
export const LEASE_MS = 60_000;
/** What is read of a mutex whose dead holder was removed. */
export const BROKEN_VALUE = (1n << 64n) - 1n;

/** Whom the drives take for one host: a process that uses one life of the manager. */
export interface Identity {
  host: number;
  /** Of the manager. */
  life: number;
}

/** A mutex as a manager has it for one of its connections. */
export interface Holding {
  readonly identity: Identity;
  readonly key: string;
  readonly lockspace: string;
  readonly resource: string;
  /** All that vote. */
  readonly drives: readonly Drive[];
  /** Those that have given it. */
  readonly taken: Set<Drive>;
  mode: Mode;
  /** Written to the drives with the release. */
  value: bigint;
  /** One of its drives had a dead holder: what its value was is not known. */
  broken: boolean;
  /** When its lease runs out; `Infinity` while it is renewed. */
  endsMs: number;
  /** Its connection has it; otherwise it is only what drives have not been told of yet. */
  live: boolean;
}

interface Mutex {
  mode: Mode;
  value: bigint;
  holders: Holding[];
}

/** `busy`: a host that is alive has it. */
export type Taken = "taken" | "broken" | "busy";

export class Drive {
  readonly #mutexes = new Map<string, Mutex>();
  /** It answers nobody. */
  failing = false;

  constructor(readonly path: string) {}

  #of(key: string): Mutex {
    let mutex = this.#mutexes.get(key);
    if (mutex === undefined) {
      mutex = { mode: Mode.un, value: 0n, holders: [] };
      this.#mutexes.set(key, mutex);
    }
    return mutex;
  }

  take(holding: Holding, now: number): Taken {
    const mutex = this.#of(holding.key);
    let result: Taken = "taken";
    if (mutex.holders.length > 0) {
      // What it has of the same host is given up first.
      mutex.holders = mutex.holders.filter(({ identity }) => identity !== holding.identity);
      const joins = mutex.mode === Mode.sh && holding.mode === Mode.sh;
      if (mutex.holders.length > 0 && !joins) {
        if (mutex.holders.some(({ endsMs }) => endsMs >= now)) return "busy";
        mutex.holders = [];
        result = "broken";
      }
    }
    mutex.holders.push(holding);
    mutex.mode = holding.mode;
    return result;
  }

  /** @param value is kept, if it is given. False if it does not have it (any more). */
  drop(holding: Holding, value?: bigint): boolean {
    const mutex = this.#of(holding.key);
    const at = mutex.holders.indexOf(holding);
    if (at < 0) return false;
    mutex.holders.splice(at, 1);
    if (value !== undefined) mutex.value = value;
    if (mutex.holders.length === 0) mutex.mode = Mode.un;
    return true;
  }

  has(holding: Holding): boolean {
    return this.#mutexes.get(holding.key)?.holders.includes(holding) === true;
  }

  /** To exclusive: is it the only one that is alive? Others are removed then. */
  raise(holding: Holding, now: number): boolean {
    const mutex = this.#of(holding.key);
    if (mutex.holders.some((other) => other !== holding && other.endsMs >= now)) return false;
    mutex.holders = [holding];
    mutex.mode = Mode.ex;
    return true;
  }

  lower({ key }: Holding): void {
    this.#of(key).mode = Mode.sh;
  }

  value(key: string): bigint {
    return this.#of(key).value;
  }

  /** A drive that forgets a mutex which nobody has. */
  forgetValue(key: string): void {
    const mutex = this.#of(key);
    if (mutex.holders.length === 0) mutex.value = 0n;
  }

  /** Hosts that are alive and hold a mutex. */
  holders(key: string, now: number): Holding[] {
    return this.#of(key).holders.filter(({ endsMs }) => endsMs >= now);
  }

  /** All that are held on it, once each. */
  *held(): Generator<Holding> {
    for (const { holders } of this.#mutexes.values()) yield* holders;
  }
}

/** So many drives of `count` must agree. */
export const majority = (count: number): number => Math.floor(count / 2) + 1;

/** So many drives of `count` are enough to keep others out, or to make a call fail. */
export const blocking = (count: number): number => count - Math.floor(count / 2);

/** So many drives of `count` must take a renewal. */
export const renewing = (count: number): number => count % 2 === 0 ? count / 2 : majority(count);
