/**
 * A part of a plan, spelled as the numbers of its decisions: `3,17,20-25`, or `none`.
 *
 * @module
 */
export function spelled(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length;) {
    let end = at;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    parts.push(end === at ? `${numbers[at]}` : `${numbers[at]}-${numbers[end]}`);
    at = end + 1;
  }
  return parts.join(",") || "none";
}

/** @throws {Error} for what is no such text. */
export function keptOf<T>(text: string, all: readonly T[]): T[] {
  if (text === "none") return [];
  return text.split(",").flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) throw new Error(`"${part}" is no selection`);
    const from = Number(match[1]);
    return all.slice(from, Number(match[2] ?? from) + 1);
  });
}
