/**
 * What a small world is: who is there, what they may ask, what the lock manager may answer. Requests
 * and answers are words of the interaction scripts (tests/interaction).
 *
 * @module
 */

/** Clients that may ask for the same things. */
export interface Role {
  clients: number;
  /** Requests that each of them may make. */
  budget: number;
  requests: readonly string[];
}

export interface World {
  name: string;
  about: string;
  /** With two hosts, a lock manager between them decides; with one, any answer may come. */
  hosts: 1 | 2;
  lockType: "dlm" | "sanlock";
  /** Script lines before the beginning; calls are answered `ok`, or with the words behind `=>`. */
  setup: readonly string[];
  /** `a/L1`, `a/VGLK`, `a/GLLK` (of dlm: `lvm_global/GLLK`). */
  resources: readonly string[];
  roles: readonly Role[];
  /** Unanswered requests of a client at most: 1, as over the native protocol, or 2. */
  atOnce?: 1 | 2;
  /** Requests may be given up. */
  cancels?: boolean;
  /** How many clients may end; none if absent. */
  deaths?: number;
  /** Replies that tell of a new persistent lock may turn out to be undeliverable. */
  undeliverable?: boolean;
  /** The daemon may be asked to end, once. */
  shutdown?: boolean;
  /** What may come instead of plain `ok`, by lock manager call. The first is what ends a call. */
  answers: Readonly<Record<string, readonly string[]>>;
}

/** The world's lockspaces; the global one is the last. */
export function vgsOf({ resources }: World): string[] {
  const named = resources.map((name) => name.split("/")[0]!);
  return [...new Set([...named.filter((name) => name !== "lvm_global"), "lvm_global"])];
}
