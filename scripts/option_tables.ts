/**
 * The options and commands of the two programs, read from what their `--help` prints: what an
 * operator sees is what manuals and completions are made of and compared with.
 *
 * @module
 */
import { join } from "node:path";

/** One option; names are without dashes. */
export interface Option {
  long: string;
  short?: string;
  /** What its argument is called; absent if it takes none. */
  argument?: string;
  help: string;
}

export interface Subcommand {
  name: string;
  /** What follows the name in its usage line, without the options. */
  words: string;
  about: string;
  options: Option[];
}

export interface Programs {
  lvmlockd: Option[];
  lvmlockctl: { options: Option[]; commands: Subcommand[] };
}

const main = join(import.meta.dirname!, "../main.ts");
const fromSources = [Deno.execPath(), "run", "-A", "--quiet", main];

/** Asks the programs. `program` is the daemon's command line. */
export async function readPrograms(program: string[] = fromSources): Promise<Programs> {
  const [daemon, ctl] = await Promise.all([
    output([...program, "--help"]),
    output([...program, "ctl", "--help"]),
  ]);
  const names = /^Commands .*:\n([\s\S]*)$/m.exec(ctl)?.[1]?.trim().split(/\s+/) ?? [];
  const commands: Subcommand[] = [];
  for (const name of names) {
    commands.push(subcommand(name, await output([...program, "ctl", name, "--help"])));
  }
  const options = parseUsage(ctl.slice(0, ctl.indexOf("\nCommands ")));
  return { lvmlockd: parseUsage(daemon), lvmlockctl: { options, commands } };
}

async function output([command, ...args]: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command!, {
    args,
    env: { NO_COLOR: "1" },
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** `--long | -x <argument>`, and its explanation in the next line. */
export function parseUsage(text: string): Option[] {
  const found = new Map<string, Option>();
  const add = (option: Option) => {
    if (!found.has(option.long)) found.set(option.long, option);
  };
  for (const [, line = "", help = ""] of text.matchAll(/^ *(--.*)\n +(\S.*)$/gm)) {
    for (const [, long = "", short, name, choice] of line.matchAll(optionPattern)) {
      const argument = name ?? choice;
      add({ long, ...short && { short }, ...argument && { argument }, help });
    }
  }
  return [...found.values()];
}

const optionPattern = /--([a-z-]+)(?: \| -(\w))?(?: (?:<([^>]+)>|(0\|1|sh\|ex\|un)))?/g;

/** Usage line, what it does, then `  --long ARGUMENT  help`. */
function subcommand(name: string, text: string): Subcommand {
  const [usage = "", about = "", rows = ""] = text.split("\n\n");
  const words = usage.replace(/^Usage: \S+ \S+ \[OPTION…\] ?/, "").trim();
  const options = [...rows.matchAll(/^ *--([a-z-]+)(?: (\S+))?  +(\S.*)$/gm)]
    .map(([, long = "", argument, help = ""]): Option => {
      return { long, ...argument && { argument }, help: help.trim() };
    });
  return { name, words, about: about.replaceAll("\n", " "), options };
}
