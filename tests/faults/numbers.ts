/**
 * Command lines that consist of options with a number.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

/**
 * @param defaults names of the options, and what they are if they are not given.
 * @returns undefined if the command line cannot be understood.
 */
export function numbersOf<Name extends string>(
  args: string[],
  defaults: Record<Name, number>,
): Record<Name, number> | undefined {
  const names = Object.keys(defaults) as Name[];
  const parsed = parseArgs(args, { string: names }) as Record<string, unknown> & { _: unknown[] };
  if (parsed._.length > 0) return undefined;
  const found = { ...defaults };
  for (const [name, value] of Object.entries(parsed)) {
    if (name === "_") continue;
    const valid = typeof value === "string" && /^[0-9]{1,9}$/.test(value);
    if (!valid || !(name in defaults)) return undefined;
    found[name as Name] = Number(value);
  }
  return found;
}
