/**
 * Which resources a lock manager call is under way for.
 *
 * @module
 */
import type { Call } from "../checker.ts";
import type { SimDaemon } from "../daemon.ts";

export class UnderWay {
  readonly #calls = new Map<SimDaemon, Set<string>>();

  /** False if there is one already. */
  begin({ daemon, lockspace, resource }: Call): boolean {
    if (resource === "") return true;
    let calls = this.#calls.get(daemon);
    if (calls === undefined) this.#calls.set(daemon, calls = new Set());
    const key = `${lockspace}/${resource}`;
    if (calls.has(key)) return false;
    calls.add(key);
    return true;
  }

  end({ daemon, lockspace, resource }: Call): void {
    this.#calls.get(daemon)?.delete(`${lockspace}/${resource}`);
  }

  has(daemon: SimDaemon, lockspace: string, resource: string): boolean {
    return this.#calls.get(daemon)?.has(`${lockspace}/${resource}`) ?? false;
  }

  forget(daemon: SimDaemon): void {
    this.#calls.delete(daemon);
  }
}
