/**
 * What a readable command is made of, and what it is given to work with.
 *
 * @module
 */
import type { ApiClient } from "../../core/api/client.ts";
import type { Deadline } from "../deadline.ts";
import { CtlExit, Exit } from "../exit.ts";
import type { OptionSpec } from "../getopt.ts";
import type { CtlIo } from "../io.ts";

/** One readable command; the registry gives it its name. */
export interface Command {
  /** What follows the name in its usage line, without the options that all commands have. */
  arguments: string;
  /** What it does, in whole sentences. */
  about: string;
  /** Its own options; `value` names the argument, `help` is one line. */
  options: readonly (OptionSpec & { value?: string; help: string })[];
  /** Least and greatest number of words after the name. */
  words: readonly [number, number];
  /** Whether `-- PROGRAM ARGUMENT…` may follow. */
  takesProgram?: boolean;
  run(run: CommandRun): Promise<number>;
}

export interface CommandRun {
  io: CtlIo;
  words: string[];
  /** Words after `--`; empty if there are none. */
  program: string[];
  /** Options that were given, by long name. */
  flags: ReadonlyMap<string, string>;
  json: boolean;
  deadline: Deadline;
  daemon: ApiClient;
}

/** Ends a run whose words make no sense. */
export function usageError(run: CommandRun, text: string): CtlExit {
  return new CtlExit(Exit.usage, `${run.io.programName}: ${text}\n`);
}

/** Prints a result: as it is with `--json`, else what `show` makes of it. */
export function print<T>(run: CommandRun, result: T, show: (result: T) => string): void {
  run.io.out(run.json ? `${JSON.stringify(result)}\n` : show(result));
}
