/**
 * What a step may expect of a text, and how a text that does not fit is reported.
 *
 * @module
 */

/** A string must be contained, a pattern must match, `{ not }` must not; of a list, each holds. */
export type Expected = string | RegExp | { not: string | RegExp } | readonly Expected[];

/** One sentence for each expectation that `text` (called `what`) does not meet. */
export function complaints(what: string, text: string, expected: Expected): string[] {
  if (typeof expected === "string") {
    return text.includes(expected) ? [] : [`${what} does not contain ${JSON.stringify(expected)}`];
  }
  if (expected instanceof RegExp) {
    return expected.test(text) ? [] : [`${what} does not match ${expected}`];
  }
  if ("not" in expected) {
    const found = complaints(what, text, expected.not).length === 0;
    return found ? [`${what} must not have ${expected.not}`] : [];
  }
  return expected.flatMap((each) => complaints(what, text, each));
}

/** One sentence for each entry of `expected` that `actual` does not have. */
export function missing(
  what: string,
  actual: Record<string, string>,
  expected: Record<string, string>,
): string[] {
  return Object.entries(expected)
    .filter(([key, value]) => (actual[key] ?? "") !== value)
    .map(([key, value]) =>
      `${what} ${key} is ${actual[key] || "absent"}, not ${value || "absent"}`
    );
}
