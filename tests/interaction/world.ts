/**
 * A lock manager with other hosts in it, for the model and the table alike: which modes other hosts
 * hold, and what is broken, changes only by command, so that both get the same answers.
 *
 * @module
 */
import { Errno } from "../../core/errno.ts";
import { Mode } from "../../core/types.ts";
import type { LmAnswer } from "./inputs.ts";

/** A VG's lock or an LV, by name: `a/VGLK`, `b/L3`. */
export type ResourceName = string;

export class World {
  readonly #remote = new Map<ResourceName, Mode>();
  readonly #stuck = new Set<ResourceName>();
  readonly #versions = new Map<ResourceName, number>();
  /** Conflicts over LVs are called passing. */
  passing = false;

  /** Another host holds the resource in this mode; `un`: none does. */
  setRemote(name: ResourceName, mode: Mode): void {
    this.#remote.set(name, mode);
  }

  /** Releases and conversions of the resource fail, or work again. */
  setStuck(name: ResourceName, stuck: boolean): void {
    if (stuck) this.#stuck.add(name);
    else this.#stuck.delete(name);
  }

  /** Another host wrote the value block. */
  setVersion(name: ResourceName, version: number): void {
    this.#versions.set(name, version);
  }

  lock(name: ResourceName, mode: Mode): LmAnswer & { version: number } {
    const version = this.#versions.get(name) ?? 0;
    if (this.#conflicts(name, mode)) {
      return { result: -Errno.EAGAIN, retry: this.passing, version };
    }
    const valueBlock = { version: 0x0101, flags: 0, resourceVersion: version };
    return { result: 0, valueBlock, version };
  }

  convert(name: ResourceName, mode: Mode, version: number): LmAnswer {
    if (this.#stuck.has(name)) return { result: -Errno.ELMERR };
    if (this.#conflicts(name, mode)) return { result: -Errno.EAGAIN, retry: this.passing };
    if (version !== 0) this.#versions.set(name, version);
    return { result: 0 };
  }

  unlock(name: ResourceName, version: number): LmAnswer {
    if (this.#stuck.has(name)) return { result: -Errno.ELMERR };
    if (version !== 0) this.#versions.set(name, version);
    return { result: 0 };
  }

  #conflicts(name: ResourceName, mode: Mode): boolean {
    const remote = this.#remote.get(name) ?? Mode.un;
    return remote === Mode.ex || (remote === Mode.sh && mode === Mode.ex);
  }
}
