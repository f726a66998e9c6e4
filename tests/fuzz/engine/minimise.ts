/**
 * Makes an input that fails as small as it goes, and a corpus as small as it can be without reaching
 * less.
 *
 * @module
 */
import type { Subject } from "./target.ts";

/** Attempts made for one input. */
const MOST_ATTEMPTS = 10_000;

/**
 * Leaves out more and more of the input, then replaces its bytes by plain ones, as long as it fails.
 *
 * @param unit bytes of a record; only whole records are left out.
 */
export async function minimiseInput(
  input: string,
  unit: number,
  fails: (input: string) => Promise<boolean>,
): Promise<string> {
  let best = input;
  let attempts = 0;
  const take = async (candidate: string) => {
    if (attempts++ >= MOST_ATTEMPTS || !await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let part = Math.ceil(best.length / unit / 2); part > 0;) {
    const before = best.length;
    for (let at = 0; at < best.length;) {
      if (!await take(best.slice(0, at) + best.slice(at + part * unit))) at += part * unit;
    }
    // What was left out last may have been in the way of something before.
    if (part > 1 || best.length === before) part = part >> 1;
  }
  const plain = unit > 1 ? "\0" : "a";
  for (let at = 0; at < best.length; at++) {
    if (best[at] !== plain) await take(best.slice(0, at) + plain + best.slice(at + 1));
  }
  return best;
}

/** The shortest inputs that together reach all that `inputs` reach, in a fixed order. */
export async function minimiseCorpus(
  subject: Subject,
  inputs: readonly string[],
  mostBytes: number,
): Promise<string[]> {
  const reached = new Set<number>();
  const byLength = [...new Set(inputs)].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const chosen: string[] = [];
  let bytes = 0;
  for (const input of byLength) {
    subject.coverage.clear();
    const done = subject.run(input);
    if (done !== undefined) await done;
    const fresh = subject.coverage.features().filter((feature) => !reached.has(feature));
    if (fresh.length === 0 || bytes + input.length > mostBytes) continue;
    for (const feature of fresh) reached.add(feature);
    bytes += input.length;
    chosen.push(input);
  }
  return chosen;
}
