/**
 * The loop: takes an input that reached something new, changes it, and keeps the result if it reaches
 * something new itself. Everything follows from the seed; only where to end may depend on a clock.
 *
 * @module
 */
import { Prng } from "../../oracle/prng.ts";
import { minimiseInput } from "./minimise.ts";
import { Mutator } from "./mutate.ts";
import { DEFAULT_MAX_LENGTH, kindOf, type Subject, type Target } from "./target.ts";

/** An input for which something does not hold. */
export interface Failure {
  kind: string;
  error: unknown;
  /** As small as it could be made. */
  input: string;
}

export interface Limits {
  /** Inputs to run, besides seeds and corpus. */
  runs: number;
  /** Ends earlier when it says so; asked now and then. */
  enough?: () => boolean;
  /** Different failures after which it ends. */
  failures?: number;
  /** Keep nothing that reaches something new: to show what coverage is good for. */
  blind?: boolean;
}

export interface Outcome {
  runs: number;
  reached: number;
  total: number;
  /** Inputs that reached something new, oldest first; the corpus and the seeds are among them. */
  kept: string[];
  failures: Failure[];
}

/** How often a fresh input is made from the grammar, if the target has one. */
const GENERATED = 0.1;
/** How often one of the newest inputs is chosen. */
const RECENT = 0.4;

class Campaign {
  readonly kept: string[] = [];
  readonly failures = new Map<string, Failure>();
  runs = 0;
  readonly #random: Prng;
  readonly #mutator: Mutator;

  constructor(
    private readonly target: Target,
    private readonly subject: Subject,
    seed: number,
    private readonly limits: Limits,
  ) {
    this.#random = new Prng(seed);
    this.#mutator = new Mutator(this.#random, {
      maxLength: target.maxLength ?? DEFAULT_MAX_LENGTH,
      unit: target.unit ?? 1,
      words: [...target.words ?? [], ...subject.words],
    });
  }

  async #try(input: string, always = false): Promise<void> {
    const { coverage } = this.subject;
    coverage.clear();
    const error = await failureOf(this.subject, input);
    if (error !== undefined) return await this.#failed(input, error);
    if (coverage.isNew() && !this.limits.blind || always) this.kept.push(input);
  }

  async #failed(input: string, error: unknown): Promise<void> {
    const kind = kindOf(error);
    if (this.failures.has(kind)) return;
    const unit = this.target.unit ?? 1;
    const small = await minimiseInput(input, unit, async (shorter) => {
      const again = await failureOf(this.subject, shorter);
      return again !== undefined && kindOf(again) === kind;
    });
    this.failures.set(kind, { kind, error, input: small });
  }

  #next(): string {
    const { target, kept } = this;
    const random = this.#random;
    if (target.generate !== undefined && random.chance(GENERATED)) return target.generate(random);
    return this.#mutator.mutate(this.#chosen(), random.pick(kept));
  }

  /** The shorter one of two, often: a change in it is more likely to matter. */
  #chosen(): string {
    const random = this.#random;
    const from = random.chance(RECENT) ? Math.floor(this.kept.length * 0.8) : 0;
    const one = this.kept[from + random.below(this.kept.length - from)]!;
    const other = this.kept[from + random.below(this.kept.length - from)]!;
    return random.chance(0.7) && other.length < one.length ? other : one;
  }

  async run(corpus: readonly string[]): Promise<void> {
    const { runs, enough, failures = 1 } = this.limits;
    for (const input of corpus) await this.#try(input, this.limits.blind);
    if (this.kept.length === 0) this.kept.push("");
    while (this.runs < runs && this.failures.size < failures) {
      if (this.runs % 64 === 0 && enough?.()) break;
      this.runs++;
      await this.#try(this.#next());
    }
  }
}

/** What went wrong; undefined if nothing did. */
export async function failureOf(subject: Subject, input: string): Promise<unknown> {
  try {
    const done = subject.run(input);
    if (done !== undefined) await done;
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

/** Fuzzes one target, beginning with its seeds and `corpus`. */
export async function fuzz(
  target: Target,
  subject: Subject,
  corpus: readonly string[],
  seed: number,
  limits: Limits,
): Promise<Outcome> {
  const campaign = new Campaign(target, subject, seed, limits);
  await campaign.run(["", ...target.seeds(), ...corpus]);
  const { reached, total } = subject.coverage;
  const { runs, kept, failures } = campaign;
  return { runs, reached, total, kept, failures: [...failures.values()] };
}
