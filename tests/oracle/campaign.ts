/**
 * Runs many scripts against a pair of daemons for each kind of base lockspace, keeps count, and
 * says what differs and how to see it again.
 *
 * @module
 */
import { compare, type Comparison, type Finding } from "./compare.ts";
import { minimise } from "./minimise.ts";
import type { Options } from "./options.ts";
import { Runner } from "./runner.ts";
import { formatScript, type Script } from "./script.ts";
import type { Transcript } from "./transcript.ts";

/** A stock daemon and ours, with the global lock in the same place. */
interface Pair {
  stock: Runner;
  ours: Runner;
}

export interface Totals {
  passed: number;
  failed: number;
  steps: number;
  replies: number;
  /** How often the stock daemon failed. */
  crashes: number;
  /** How often each known difference was met. */
  known: Map<string, number>;
}

/** Longest text shown of one finding, in characters. */
const shown = 3000;

export class Campaign {
  readonly totals: Totals = {
    passed: 0,
    failed: 0,
    steps: 0,
    replies: 0,
    crashes: 0,
    known: new Map(),
  };
  readonly #options: Options;
  readonly #pairs = new Map<string, Pair>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Runs one script and counts it; `again` is the command that repeats it. */
  async check(script: Script, again: string): Promise<void> {
    const { findings, compared, replies } = await this.#compare(script);
    this.totals.steps += compared;
    this.totals.replies += replies;
    for (const { rule } of findings) {
      if (rule !== undefined) this.totals.known.set(rule, (this.totals.known.get(rule) ?? 0) + 1);
    }
    const failure = unexplained(findings);
    if (failure === undefined) {
      this.totals.passed++;
      return;
    }
    this.totals.failed++;
    const name = script.seed === 0 ? "script" : `seed ${script.seed}`;
    console.log(`${name}, step ${failure.step}: ${failure.detail.slice(0, shown)}`);
    console.log(`  again: ${again}`);
    if (this.#options.minimise !== undefined && this.totals.failed === 1) {
      await this.#minimise(script, failure, this.#options.minimise);
    }
  }

  async #compare(script: Script): Promise<Comparison> {
    const { base } = script;
    const { stock, ours } = base === "none" ? this.#newPair(script.globalLock) : this.#pair(base);
    const [left, right] = await Promise.all([this.#runStock(stock, script), ours.run(script)]);
    if (base === "none") await Promise.all([stock.stop(), ours.stop()]);
    return compare(script, left, right);
  }

  /** The stock daemon crashes now and then, often through what an earlier script did to it. */
  async #runStock(stock: Runner, script: Script): Promise<Transcript> {
    for (let attempt = 1;; attempt++) {
      const transcript = await stock.run(script);
      if (transcript.failure === undefined || attempt === 3) return transcript;
      this.totals.crashes++;
    }
  }

  /** The daemons that run all scripts with this base. */
  #pair(base: "dlm" | "sanlock"): Pair {
    let pair = this.#pairs.get(base);
    if (pair === undefined) {
      pair = this.#newPair(base);
      this.#pairs.set(base, pair);
    }
    return pair;
  }

  #newPair(globalLock: "dlm" | "sanlock" | undefined): Pair {
    const option = globalLock === undefined ? {} : { globalLock };
    const { stock, ours, itself } = this.#options;
    const second = itself
      ? { name: "stock", command: stock } as const
      : { name: "ours", command: ours } as const;
    return {
      stock: new Runner({ name: "stock", command: stock, ...option }),
      ours: new Runner({ ...second, ...option }),
    };
  }

  async #minimise(script: Script, failure: Finding, path: string): Promise<void> {
    const upTo = { ...script, steps: script.steps.slice(0, failure.step + 1) };
    const small = await minimise(upTo, async (candidate) => {
      const found = unexplained((await this.#compare(candidate)).findings);
      return found?.signature === failure.signature;
    });
    await Deno.writeTextFile(path, formatScript(small));
    console.log(`  cut down to ${small.steps.length} steps: --replay ${path}`);
  }

  /** Counts what was run elsewhere. */
  add({ passed, failed }: { passed: number; failed: number }): void {
    this.totals.passed += passed;
    this.totals.failed += failed;
  }
}

function unexplained(findings: Finding[]): Finding | undefined {
  return findings.find((finding) => finding.rule === undefined);
}
