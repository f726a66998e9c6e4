/**
 * Medians and ratios of repeated measurements.
 *
 * @module
 */

/** The middle value; of an even number of values the mean of the two middle ones. Throws if empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("Cannot take a median: no values");
  }
  return (lower + upper) / 2;
}

/** `ours[i] / theirs[i]` of each pair, in order. Throws if the lists differ in length. */
export function pairRatios(ours: readonly number[], theirs: readonly number[]): number[] {
  if (ours.length !== theirs.length) {
    throw new RangeError(`Cannot pair ${ours.length} values with ${theirs.length}`);
  }
  return ours.map((value, i) => value / theirs[i]!);
}
