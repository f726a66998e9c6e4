/**
 * Manuals and completions say what the programs accept, and are well formed.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { completions } from "../../scripts/completions.ts";
import { type Option, type Programs, readPrograms } from "../../scripts/option_tables.ts";
import { options as daemonOptions } from "../../core/options.ts";
import { commands } from "../../ctl/commands/registry.ts";
import { clean, root, run } from "./run.ts";

const programs: Programs = await readPrograms();
const manual = (name: string) => `${root}packaging/man/${name}.8`;

/** Paragraph heads of a manual, as they are read: `--pid-file path, -p path`. */
async function heads(name: string): Promise<string[]> {
  const text = await clean(["man", "-l", manual(name)], { MANWIDTH: "200", LC_ALL: "C.UTF-8" });
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/.\x08/g, "").replace(/[‐−]/g, "-");
  return plain.split("\n").flatMap((line) => /^ {7}(\S.*)$/.exec(line)?.slice(1) ?? []);
}

/** Options in those heads: long name to short one, `""` for none. */
function optionsIn(heads: string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const head of heads.filter((line) => line.startsWith("--"))) {
    const long = /^--([a-z-]+)/.exec(head)![1]!;
    options.set(long, options.get(long) || (/, -(\w)\b/.exec(head)?.[1] ?? ""));
  }
  return options;
}

const table = (options: Option[]) =>
  new Map(options.map(({ long, short = "" }) => [long, short] as const));
const sorted = (map: ReadonlyMap<string, string>) => [...map].sort();

Deno.test("--help of the daemon is read whole", () => {
  const expected = daemonOptions.map(({ long, short = "" }) => [long, short] as const);
  assertEquals(sorted(table(programs.lvmlockd)), sorted(new Map(expected)));
});

Deno.test("--help of the control tool is read whole", async () => {
  assertEquals(programs.lvmlockctl.commands.map(({ name }) => name), Object.keys(commands));
  for (const { name, options } of programs.lvmlockctl.commands) {
    const own = (await commands[name]!()).options.map(({ long }) => long);
    assert(own.every((long) => options.some((option) => option.long === long)), name);
  }
});

Deno.test("lvmlockd(8) has every option of the daemon, and no other", async () => {
  assertEquals(sorted(optionsIn(await heads("lvmlockd"))), sorted(table(programs.lvmlockd)));
});

Deno.test("lvmlockctl(8) has every option and command of the control tool, and no other", async () => {
  const { options, commands } = programs.lvmlockctl;
  const found = await heads("lvmlockctl");
  const all = new Map([
    ...table(commands.flatMap(({ options }) => options)),
    ...table(options),
  ]);
  assertEquals(sorted(optionsIn(found)), sorted(all));
  const names = found.map((head) => head.split(" ")[0]!);
  for (const { name } of commands) assert(names.includes(name), `command ${name}`);
});

for (const name of ["lvmlockd", "lvmlockctl"]) {
  Deno.test(`the manual ${name}(8) is well formed`, async () => {
    const path = manual(name);
    assertEquals((await run(["groff", "-ww", "-man", "-Tutf8", path])).stderr, "");
    assertEquals((await run(["man", "--warnings", "-l", path])).stderr, "");
    assertEquals((await run(["mandoc", "-T", "lint", "-W", "warning", path])).stdout, "");
  });
}

Deno.test("the completions are those of the programs", () => {
  for (const [name, text] of Object.entries(completions(programs))) {
    const path = `${root}packaging/completions/${name}`;
    assertEquals(Deno.readTextFileSync(path), text, "deno run -A scripts/completions.ts");
  }
});

for (
  const { shell, files } of [
    { shell: "bash", files: ["lvmlockd.bash", "lvmlockctl.bash"] },
    { shell: "zsh", files: ["_lvmlockd", "_lvmlockctl"] },
    { shell: "fish", files: ["lvmlockd.fish", "lvmlockctl.fish"] },
  ]
) {
  Deno.test(`${shell} understands its completions`, async () => {
    for (const file of files) await clean([shell, "-n", `${root}packaging/completions/${file}`]);
  });
}

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const text = await clean([
    "bash",
    "-c",
    `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lvmlockctl; echo "\${COMPREPLY[@]}"`,
    `${root}packaging/completions/lvmlockctl.bash`,
    ...words,
  ]);
  return text.trim().split(" ");
}

Deno.test("bash completes commands, their options, and arguments of those", async () => {
  assertEquals(await offered("lvmlockctl", "lockspa"), ["lockspaces"]);
  assertEquals(await offered("lvmlockctl", "locks", "--ty"), ["--type"]);
  assertEquals(await offered("lvmlockctl", "locks", "--type", "l"), ["lv"]);
  assertEquals(await offered("lvmlockctl", "--stop"), ["--stop-lockspaces"]);
});
