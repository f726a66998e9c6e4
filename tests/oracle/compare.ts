/**
 * Compares what two daemons did with the same script: every reply key by key, who waits after each
 * step, and the listings.
 *
 * @module
 */
import { differences, ignoredLockspace, type ReplyPair } from "./differences.ts";
import { isGone, parseInfo } from "./info.ts";
import type { Reply } from "./message.ts";
import { normaliseInfo, ReplyNormaliser, withoutVersions } from "./normalise.ts";
import { field, type Script } from "./script.ts";
import type { ReplyRecord, StepRecord, Transcript } from "./transcript.ts";

export interface Finding {
  /** Step at which it showed; the number of steps for the end of the script. */
  step: number;
  /** What differs, one line or a few. */
  detail: string;
  /** The kind of failure, equal for a script and its cut down form. */
  signature: string;
  /** Id of the rule that explains it; absent: unexplained. */
  rule?: string;
}

export interface Comparison {
  findings: Finding[];
  /** Steps that were compared. */
  compared: number;
  /** Replies that were compared. */
  replies: number;
}

/** Compares two transcripts of a script. */
export function compare(script: Script, stock: Transcript, ours: Transcript): Comparison {
  return new Comparer(script, stock, ours).run();
}

function show(reply: Reply | undefined): string {
  if (reply === undefined) return "(none)";
  return [...reply].map(([key, value]) => `${key}=${value}`).join(" ");
}

function differingKeys(stock: Reply | undefined, ours: Reply | undefined): string[] {
  const keys = new Set([...(stock?.keys() ?? []), ...(ours?.keys() ?? [])]);
  return [...keys].filter((key) => stock?.get(key) !== ours?.get(key));
}

const equal = (left: string[], right: string[]) => left.join("\n") === right.join("\n");

const hasSanlock = (lines: string[]) => lines.some((line) => line.includes(" lm_type=sanlock "));

/** Takes from a list every line of another, each as often as it is there. */
function without(lines: string[], others: string[]): string[] {
  const left = others.slice();
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Lines that only one of two lists has, marked like a diff. */
function lineDifference(stock: string[], ours: string[]): string {
  const lines = [
    ...without(stock, ours).map((line) => `  stock: ${line}`),
    ...without(ours, stock).map((line) => `  ours:  ${line}`),
  ];
  if (lines.length > 0) return lines.join("\n");
  const first = stock.findIndex((line, i) => line !== ours[i]);
  const some = (list: string[]) => list.slice(first, first + 4).join("\n         ");
  return `  the order of lines:\n  stock: ${some(stock)}\n  ours:  ${some(ours)}`;
}

const endingRules = new Set(differences.filter(({ ends }) => ends).map(({ id }) => id));

class Comparer {
  readonly #result: Comparison = { findings: [], compared: 0, replies: 0 };
  readonly #stockReplies = new ReplyNormaliser();
  readonly #ourReplies = new ReplyNormaliser();
  #ended = false;

  constructor(
    readonly script: Script,
    readonly stock: Transcript,
    readonly ours: Transcript,
  ) {}

  run(): Comparison {
    for (const [index, stock] of this.stock.steps.entries()) {
      const ours = this.ours.steps[index];
      if (ours === undefined || this.#ended) break;
      this.#step(stock, ours);
    }
    this.#failures();
    if (!this.#ended) this.#finish();
    this.#afterDeath();
    return this.#result;
  }

  #unexplained(step: number, detail: string, signature = detail.slice(0, 16)): void {
    this.#result.findings.push({ step, detail, signature });
    this.#ended = true;
  }

  #failures(): void {
    const { stock, ours } = this;
    if (stock.failure !== undefined && !this.#ended) {
      this.#unexplained(stock.steps.length, `the stock daemon failed: ${stock.failure}`);
    }
    if (ours.failure !== undefined) {
      this.#unexplained(ours.steps.length, `our daemon failed: ${ours.failure}`);
    }
  }

  #step(stock: StepRecord, ours: StepRecord): void {
    this.#result.compared++;
    if (stock.skipped !== ours.skipped) {
      const say = (skipped = "run") => skipped;
      return this.#unexplained(
        stock.step,
        `step is ${say(stock.skipped)} / ${say(ours.skipped)} (stock / ours)`,
      );
    }
    this.#replies(stock.step, stock.replies, ours.replies);
    if (this.#ended) return;
    if (String(stock.waiting) !== String(ours.waiting)) {
      const both = `stock: ${stock.waiting.join(" ")}; ours: ${ours.waiting.join(" ")}`;
      return this.#unexplained(stock.step, `clients that wait differ. ${both}`);
    }
    if (stock.info !== undefined) this.#info(stock.step, stock.info, ours.info ?? "");
  }

  #replies(step: number, stock: ReplyRecord[], ours: ReplyRecord[]): void {
    const earlier = this.#result.findings.length;
    const name = (record: ReplyRecord) => `${record.client} ${record.toStep}`;
    for (const key of new Set([...stock, ...ours].map(name))) {
      const left = stock.filter((record) => name(record) === key);
      const right = ours.filter((record) => name(record) === key);
      for (let i = 0; i < Math.max(left.length, right.length); i++) {
        this.#reply(step, left[i], right[i]);
      }
    }
    const found = this.#result.findings.splice(earlier);
    const ending = found.some(({ rule }) => endingRules.has(rule ?? ""));
    // What else differs in the same step follows from a difference that lets the states part.
    this.#result.findings.push(...found.filter(({ rule }) => !ending || rule !== undefined));
  }

  #reply(step: number, left: ReplyRecord | undefined, right: ReplyRecord | undefined): void {
    this.#result.replies++;
    const stock = left && this.#stockReplies.normalise(left.text);
    const ours = right && this.#ourReplies.normalise(right.text);
    const keys = differingKeys(stock, ours);
    const order = [...(stock?.keys() ?? [])].join() === [...(ours?.keys() ?? [])].join();
    if (keys.length === 0 && order) return;
    const sent = (left ?? right)!;
    const pair: ReplyPair = {
      script: this.script,
      step: this.script.steps[sent.toStep]!,
      stock,
      ours,
      keys,
    };
    const rule = keys.length === 0 ? undefined : differences.find((rule) => rule.explains(pair));
    const detail = `client ${sent.client}, reply to step ${sent.toStep} ` +
      `${JSON.stringify(pair.step)}\n  stock: ${show(stock)}\n  ours:  ${show(ours)}`;
    const name = pair.step.kind === "send" ? field(pair.step.fields, "request") : pair.step.kind;
    const results = [stock?.get("op_result"), ours?.get("op_result")];
    const signature = [name, ...keys, ...results].join();
    if (rule === undefined) return this.#unexplained(step, detail, signature);
    this.#result.findings.push({ step, detail, signature, rule: rule.id });
    this.#ended ||= rule.ends;
  }

  #info(step: number, stockText: string, ourText: string): void {
    const stock = normaliseInfo(stockText, this.stock, ignoredLockspace);
    const ours = normaliseInfo(ourText, this.ours, ignoredLockspace);
    if (equal(stock, ours)) return;
    if (hasSanlock(stock) && equal(withoutVersions(stock), withoutVersions(ours))) {
      const rule = "sanlock-test-versions";
      this.#result.findings.push({ step, detail: "versions in a listing", signature: rule, rule });
      return;
    }
    const difference = lineDifference(stock, ours);
    const signature = difference.split(/\s+/).slice(1, 4).join(" ");
    this.#unexplained(step, `listings differ\n${difference}`, signature);
  }

  #finish(): void {
    const end = this.script.steps.length;
    if (this.stock.death !== undefined) {
      const detail = "a client died while it waited";
      const rule = "waiting-client-dies";
      this.#result.findings.push({ step: this.stock.death, detail, signature: rule, rule });
      return;
    }
    this.#replies(end, this.stock.finalReplies, this.ours.finalReplies);
    if (this.#ended) return;
    if (String(this.stock.stuck) !== String(this.ours.stuck)) {
      return this.#unexplained(end, `stuck: ${this.stock.stuck} / ${this.ours.stuck}`);
    }
    this.#info(end, this.stock.final, this.ours.final);
  }

  /** When everybody has gone, nothing may wait and only persistent locks may be left. */
  #afterDeath(): void {
    if (this.ours.afterDeath === undefined) return;
    const lockspaces = parseInfo(this.ours.afterDeath).lockspaces.filter((ls) => !isGone(ls));
    for (const { locks, actions, row } of lockspaces.flatMap((ls) => ls.resources)) {
      const transient = locks.filter((lock) => (Number(lock.flags) & 1) === 0);
      if (actions.length + transient.length === 0) continue;
      this.#unexplained(this.script.steps.length, `dead clients hold or want ${row.name}`);
    }
  }
}
