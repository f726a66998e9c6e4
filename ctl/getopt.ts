/**
 * Reads options the way GNU getopt_long does: bundled short options, long options that may be
 * shortened, words anywhere among them, and the same messages.
 *
 * @module
 */

export interface OptionSpec {
  long: string;
  /** One character; absent for options that have only a long name. */
  short?: string;
  /** Whether it needs an argument. */
  argument?: boolean;
  /** Only the whole name counts, so that it does not take prefixes from older options. */
  wholeName?: boolean;
}

/** One option as it was met; `value` is `""` where it takes none. */
export interface FoundOption {
  long: string;
  value: string;
}

export interface ParsedArguments {
  /** In the order of the command line, up to the first mistake. */
  options: FoundOption[];
  /** Everything that is no option, in order. */
  words: string[];
  /** getopt's message about the first mistake, without the program's name. */
  mistake?: string;
}

class Mistake extends Error {}

/** Reads `args`, stopping at the first mistake. */
export function getopt(args: string[], specs: readonly OptionSpec[]): ParsedArguments {
  const parsed: ParsedArguments = { options: [], words: [] };
  const rest = [...args];
  try {
    for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
      if (arg === "--") {
        parsed.words.push(...rest.splice(0));
      } else if (arg.startsWith("--")) {
        parsed.options.push(longOption(arg, rest, specs));
      } else if (arg.startsWith("-") && arg.length > 1) {
        shortOptions(arg.slice(1), rest, specs, parsed.options);
      } else {
        parsed.words.push(arg);
      }
    }
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    parsed.mistake = error.message;
  }
  return parsed;
}

function longOption(arg: string, rest: string[], specs: readonly OptionSpec[]): FoundOption {
  const sign = arg.indexOf("=");
  const spec = findLong(sign < 0 ? arg.slice(2) : arg.slice(2, sign), arg, specs);
  if (sign >= 0) {
    if (!spec.argument) throw new Mistake(`option '--${spec.long}' doesn't allow an argument`);
    return { long: spec.long, value: arg.slice(sign + 1) };
  }
  if (!spec.argument) return { long: spec.long, value: "" };
  const value = rest.shift();
  if (value === undefined) throw new Mistake(`option '--${spec.long}' requires an argument`);
  return { long: spec.long, value };
}

function findLong(name: string, arg: string, specs: readonly OptionSpec[]): OptionSpec {
  const whole = specs.find((spec) => spec.long === name);
  if (whole) return whole;
  const begun = specs.filter((spec) => !spec.wholeName && spec.long.startsWith(name));
  if (begun.length === 1) return begun[0]!;
  if (begun.length === 0) throw new Mistake(`unrecognized option '${arg}'`);
  const names = begun.map((spec) => ` '--${spec.long}'`).join("");
  throw new Mistake(`option '${arg}' is ambiguous; possibilities:${names}`);
}

function shortOptions(
  letters: string,
  rest: string[],
  specs: readonly OptionSpec[],
  found: FoundOption[],
): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i]!;
    const spec = specs.find((candidate) => candidate.short === letter);
    if (!spec) throw new Mistake(`invalid option -- '${letter}'`);
    if (!spec.argument) {
      found.push({ long: spec.long, value: "" });
      continue;
    }
    const value = i + 1 < letters.length ? letters.slice(i + 1) : rest.shift();
    if (value === undefined) throw new Mistake(`option requires an argument -- '${letter}'`);
    found.push({ long: spec.long, value });
    return;
  }
}
