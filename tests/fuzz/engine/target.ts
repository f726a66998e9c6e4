/**
 * What is fuzzed: a target turns an input, a byte string, into calls of the code under test, and
 * knows what must hold whatever the input is.
 *
 * @module
 */
import type { Prng } from "../../oracle/prng.ts";
import type { Coverage } from "./coverage.ts";

/** Something that must hold did not. `kind` tells findings from one another. */
export class Finding extends Error {
  override name = "Finding";
  constructor(readonly kind: string, message = kind) {
    super(message);
  }
}

/** @throws {Finding} unless `condition` holds. `details` says more of this one input. */
export function demand(
  condition: unknown,
  kind: string,
  details?: () => unknown,
): asserts condition {
  if (condition) return;
  throw new Finding(kind, details ? `${kind}: ${JSON.stringify(details())}` : kind);
}

/** The code under test, ready to be run. */
export interface Subject {
  coverage: Coverage;
  /** Words for the mutator, besides those of the target. */
  words: readonly string[];
  /** @throws {Finding} or any other error if something does not hold. */
  run(input: string): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface Target {
  name: string;
  /** One line for people. */
  about: string;
  /** Bytes of a record, 1 for text. */
  unit?: number;
  /** Longest input, bytes. */
  maxLength?: number;
  /** Inputs to begin with. */
  seeds(): readonly string[];
  /** Words that mean something to it. */
  words?: readonly string[];
  /** Makes an input that is well formed, or nearly. */
  generate?(random: Prng): string;
  open(): Promise<Subject>;
}

export const DEFAULT_MAX_LENGTH = 4096;

/** Tells failures of the same sort from others: by the finding's kind, or message and place. */
export function kindOf(error: unknown): string {
  if (error instanceof Finding) return error.kind;
  if (!(error instanceof Error)) return String(error);
  const place = /\n\s+at (?:async )?([\w.#$<>]+)/.exec(error.stack ?? "")?.[1] ?? "";
  const message = error.message.split("\n")[0]!.replace(/\d+/g, "N").replace(/"[^"]*"/g, '"…"');
  return `${error.name}: ${message.slice(0, 80)} in ${place}`;
}
