/**
 * Makes the shell completions of both programs from their `--help`.
 *
 *     deno run -A scripts/completions.ts            writes packaging/completions/
 *     deno run -A scripts/completions.ts --check    fails unless they are up to date
 *
 * @module
 */
import { join } from "node:path";
import { type Option, type Programs, readPrograms, type Subcommand } from "./option_tables.ts";

const folder = join(import.meta.dirname!, "../packaging/completions");

/** VGs whose locking is started; asks the daemon, not the disks. */
const VGS = "lvmlockctl --info 2>/dev/null | sed -n 's/^VG \\([^ ]*\\) lock_type=.*/\\1/p'";

/** File name → text. */
export function completions(programs: Programs): Record<string, string> {
  return {
    "lvmlockd.bash": bashDaemon(programs),
    "lvmlockctl.bash": bashCtl(programs),
    "_lvmlockd": zshDaemon(programs),
    "_lvmlockctl": zshCtl(programs),
    "lvmlockd.fish": fishDaemon(programs),
    "lvmlockctl.fish": fishCtl(programs),
  };
}

const HEADER = "# Made by scripts/completions.ts from what --help prints.\n";

type Kind = "none" | "file" | "vg" | "words";

/** What the argument of an option is. */
function kindOf({ long, argument }: Option): { kind: Kind; words: string[] } {
  if (argument === undefined) return { kind: "none", words: [] };
  if (/^(path|program)$/i.test(argument)) return { kind: "file", words: [] };
  if (argument === "vgname") return { kind: "vg", words: [] };
  if (argument.includes("|")) return { kind: "words", words: argument.split("|") };
  const known: Record<string, string[]> = {
    "gl-type": ["sanlock", "dlm", "idm"],
    "syslog-priority": ["err", "warning", "notice", "info", "debug"],
    "info-layout": ["2.03.16", "2.03.40"],
  };
  return { kind: "words", words: known[long] ?? [] };
}

const dashed = (options: Option[]) =>
  options.flatMap(({ long, short }) => [`--${long}`, ...short ? [`-${short}`] : []]).join(" ");

/** Branches of a `case` on the word before the cursor. */
function bashArguments(options: Option[]): string {
  const branches = options.filter(({ argument }) => argument !== undefined).map((option) => {
    const names = [`--${option.long}`, ...option.short ? [`-${option.short}`] : []].join(" | ");
    const { kind, words } = kindOf(option);
    const reply = kind === "file"
      ? 'compgen -f -- "$cur"'
      : kind === "vg"
      ? `compgen -W "$(_lvmlock_vgs)" -- "$cur"`
      : `compgen -W "${words.join(" ")}" -- "$cur"`;
    return `    ${names}) mapfile -t COMPREPLY < <(${reply}); return ;;`;
  });
  return `  case $prev in\n${branches.join("\n")}\n  esac\n`;
}

function bashDaemon({ lvmlockd }: Programs): string {
  return `${HEADER}_lvmlockd() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
${bashArguments(lvmlockd)}  mapfile -t COMPREPLY < <(compgen -W "${dashed(lvmlockd)}" -- "$cur")
}
complete -F _lvmlockd lvmlockd
`;
}

/** Words after a command that are not options. */
const wordsOf = ({ words }: Subcommand): string => {
  if (/^gl\|/.test(words)) return `gl vg lv${/sh\|ex/.test(words) ? " sh ex" : ""} $(_lvmlock_vgs)`;
  return words.includes("VG") ? "$(_lvmlock_vgs)" : "";
};

function bashCtl({ lvmlockctl: { options, commands } }: Programs): string {
  const every = unique([...options, ...commands.flatMap(({ options }) => options)]);
  const branches = commands.map((command) => {
    const words = [dashed(command.options), wordsOf(command)].filter((text) => text).join(" ");
    return `    ${command.name}) words="${words}" ;;`;
  });
  const first = [...commands.map(({ name }) => name), dashed(options)].join(" ");
  return `${HEADER}_lvmlock_vgs() {
  ${VGS}
}
_lvmlockctl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words
  COMPREPLY=()
${bashArguments(every)}  case \${COMP_WORDS[1]} in
${branches.join("\n")}
    *) words="${first}" ;;
  esac
  ((COMP_CWORD > 1)) || words="${first}"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _lvmlockctl lvmlockctl
`;
}

function unique(options: Option[]): Option[] {
  return [...new Map(options.map((option) => [option.long, option])).values()];
}

const zshText = (text: string) => text.replace(/[[\]:'\\`$"]/g, (c) => c === "'" ? "’" : `\\${c}`);

/** Specifications of \`_arguments\`, a line each. */
function zshOptions(options: Option[], indent: string): string {
  return options.map((option) => {
    const { kind, words } = kindOf(option);
    const action = kind === "file"
      ? "_files"
      : kind === "vg"
      ? "_lvmlock_vgs"
      : `(${words.join(" ")})`;
    const argument = kind === "none" ? "" : `:${zshText(option.argument!)}:${action}`;
    const help = `[${zshText(option.help)}]${argument}`;
    return option.short === undefined
      ? `${indent}'--${option.long}${help}'`
      : `${indent}{-${option.short},--${option.long}}'${help}'`;
  }).join(" \\\n");
}

function zshDaemon({ lvmlockd }: Programs): string {
  return `#compdef lvmlockd\n${HEADER}_arguments -s \\\n${zshOptions(lvmlockd, "  ")}\n`;
}

function zshCtl({ lvmlockctl: { options, commands } }: Programs): string {
  const names = commands.map(({ name, about }) => `    '${name}:${zshText(firstSentence(about))}'`);
  const branches = commands.map((command) =>
    `    ${command.name})\n      _arguments \\\n${zshOptions(command.options, "        ")} \\\n` +
    `        '*:word:_lvmlock_words'\n      ;;`
  );
  return `#compdef lvmlockctl
${HEADER}_lvmlock_vgs() {
  local -a vgs
  vgs=(\${(f)"$(${VGS})"})
  compadd -a vgs
}
_lvmlock_words() {
  compadd gl vg lv sh ex
  _lvmlock_vgs
}
_lvmlock_commands() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  _describe command commands
}
if ((CURRENT > 2)); then
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${branches.join("\n")}
    *) words=(lvmlockctl $command $words); ((CURRENT++)) ;;
  esac
  [[ $command == -* ]] || return
fi
_arguments -s \\
${zshOptions(options, "  ")} \\
  '1:command:_lvmlock_commands'
`;
}

const firstSentence = (text: string) => /^.*?[.,;:](?= |$)/.exec(text)?.[0].slice(0, -1) ?? text;
const fishText = (text: string) => `'${text.replace(/['\\]/g, (c) => `\\${c}`)}'`;

function fishOption(program: string, option: Option, condition: string): string {
  const { kind, words } = kindOf(option);
  const action = kind === "none"
    ? " -f"
    : kind === "file"
    ? " -rF"
    : kind === "vg"
    ? " -xa '(__lvmlock_vgs)'"
    : ` -xa ${fishText(words.join(" "))}`;
  const short = option.short ? ` -s ${option.short}` : "";
  return `complete -c ${program}${condition} -l ${option.long}${short}${action} -d ${
    fishText(option.help)
  }\n`;
}

function fishDaemon({ lvmlockd }: Programs): string {
  return HEADER + lvmlockd.map((option) => fishOption("lvmlockd", option, "")).join("");
}

function fishCtl({ lvmlockctl: { options, commands } }: Programs): string {
  const names = commands.map(({ name }) => name).join(" ");
  const none = ` -n 'not __fish_seen_subcommand_from ${names}'`;
  const lines = commands.flatMap((command) => {
    const here = ` -n '__fish_seen_subcommand_from ${command.name}'`;
    const words = wordsOf(command) === ""
      ? []
      : [`complete -c lvmlockctl${here} -xa 'gl vg lv sh ex (__lvmlock_vgs)'\n`];
    return [
      `complete -c lvmlockctl${none} -fa ${command.name} -d ${
        fishText(firstSentence(command.about))
      }\n`,
      ...command.options.map((option) => fishOption("lvmlockctl", option, here)),
      ...words,
    ];
  });
  return `${HEADER}function __lvmlock_vgs
  ${VGS}
end
` + options.map((option) => fishOption("lvmlockctl", option, none)).join("") + lines.join("");
}

/** Runs the command line. Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const texts = completions(await readPrograms());
  let code = 0;
  for (const [name, text] of Object.entries(texts)) {
    const path = join(folder, name);
    if (!args.includes("--check")) {
      Deno.writeTextFileSync(path, text);
    } else if (Deno.readTextFileSync(path) !== text) {
      console.error(`${path} is out of date: deno run -A scripts/completions.ts`);
      code = 1;
    }
  }
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
