/**
 * The setting global/lvmlockctl_kill_command: how it is read from LVM's configuration and how its
 * text becomes the words of a command.
 *
 * @module
 */
import { findProgram, runProgram } from "../child.ts";
import type { CtlIo } from "../io.ts";

const configWords = ["config", "--typeconfig", "full", "global/lvmlockctl_kill_command"];
const configLimitMs = 30_000;

/** Splits at white space; a backslash takes the special meaning of white space, `\` and `"`. */
export function splitCommand(command: string): string[] {
  const words = command.match(/(?:\\[\s\\"]|\S)+/g) ?? [];
  return words.map((word) => word.replace(/\\([\s\\"])/g, "$1"));
}

/**
 * The setting as configured, or undefined where there is none that can be run, which is said on
 * standard output in the stock tool's words.
 */
export async function readKillCommand(io: CtlIo): Promise<string | undefined> {
  const words = [await findProgram("lvm"), ...configWords];
  const outcome = await runProgram(words, { collect: true, limitMs: configLimitMs });
  if (outcome.kind !== "exit") {
    io.out(`failed to run ${words.join(" ")}\n`);
    return undefined;
  }
  const line = new TextDecoder().decode(outcome.output).split("\n")[0]!;
  const command = line && parseSetting(line, words.join(" "));
  if (line === "") io.out(`no output from ${words.join(" ")}\n`);
  else if (typeof command !== "string") io.out(`${command.problem}\n`);
  if (outcome.code !== 0) io.out(`child exit error ${outcome.code}\n`);
  return typeof command === "string" && command && outcome.code === 0 ? command : undefined;
}

/** Reads `lvmlockctl_kill_command="…"`. */
export function parseSetting(line: string, source: string): string | { problem: string } {
  const command = /^lvmlockctl_kill_command="((?:[^"\\]|\\.)+)/.exec(line)?.[1];
  if (command === undefined) return { problem: `unrecognized config value from ${source}` };
  if (!command.startsWith("/")) return { problem: "lvmlockctl_kill_command must be full path" };
  return command;
}
