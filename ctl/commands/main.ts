/**
 * The readable face: reads the options of a command and runs it.
 *
 * @module
 */
import { connectApi } from "../../core/api/client.ts";
import { Deadline } from "../deadline.ts";
import { CtlExit, Exit } from "../exit.ts";
import { getopt } from "../getopt.ts";
import type { CtlIo } from "../io.ts";
import { parseSeconds } from "../options.ts";
import { apiSocketPath, nativeSocketPath } from "../sockets.ts";
import { failureExit } from "./call.ts";
import type { Command, CommandRun } from "./command.ts";
import { table } from "./text.ts";

const common: Command["options"] = [
  { long: "json", help: "Print JSON" },
  { long: "deadline", argument: true, value: "SECONDS", help: "Give up after this time" },
  { long: "api-socket", argument: true, value: "PATH", help: "Socket of the HTTP interface" },
  { long: "socket-path", argument: true, value: "PATH", help: "Native socket, to tell why not" },
  { long: "help", short: "h", help: "Show this" },
];

interface Arguments {
  words: string[];
  program: string[];
  flags: Map<string, string>;
  deadlineMs: number | undefined;
}

/** Runs `command`; `args` are the words after its name. Returns the exit code. */
export async function runCommand(
  name: string,
  command: Command,
  args: string[],
  io: CtlIo,
): Promise<number> {
  const { words, program, flags, deadlineMs } = readArguments(name, command, args, io);
  if (flags.has("help")) {
    io.out(helpText(name, command));
    return Exit.ok;
  }
  const sockets = {
    api: apiSocketPath(flags.get("api-socket") ?? "", io),
    native: nativeSocketPath(flags.get("socket-path") ?? "", io),
  };
  using deadline = new Deadline(deadlineMs);
  using daemon = connectApi(sockets.api);
  const json = flags.has("json");
  const run: CommandRun = { io, words, program, flags, json, deadline, daemon };
  try {
    return await command.run(run);
  } catch (error) {
    throw await failureExit(run, error, sockets);
  }
}

function readArguments(name: string, command: Command, args: string[], io: CtlIo): Arguments {
  const dashes = command.takesProgram ? args.indexOf("--") : -1;
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const program = dashes < 0 ? [] : args.slice(dashes + 1);
  const refuse = (text: string) =>
    new CtlExit(Exit.usage, `${io.programName} ${name}: ${text}\n${usageLine(name, command)}`);
  const { options, words, mistake } = getopt(own, [...command.options, ...common]);
  const flags = new Map(options.map(({ long, value }) => [long, value]));
  if (flags.has("help")) return { words, program, flags, deadlineMs: undefined };
  if (mistake !== undefined) throw refuse(mistake);
  const [least, most] = command.words;
  if (words.length < least || words.length > most) throw refuse("wrong number of words");
  if (dashes >= 0 && program.length === 0) throw refuse("no program after --");
  try {
    const seconds = flags.get("deadline");
    const deadlineMs = seconds === undefined ? undefined : parseSeconds(seconds);
    return { words, program, flags, deadlineMs };
  } catch (error) {
    if (error instanceof RangeError) throw refuse(`--deadline: ${error.message}`);
    throw error;
  }
}

function usageLine(name: string, command: Command): string {
  const words = command.arguments && ` ${command.arguments}`;
  return `Usage: lvmlockctl ${name} [OPTION…]${words}\n`;
}

/** What `--help` prints. */
export function helpText(name: string, command: Command): string {
  const rows = [...command.options, ...common].map(({ long, value, help }) => {
    return [`  --${long}${value ? ` ${value}` : ""}`, help];
  });
  return `${usageLine(name, command)}\n${command.about}\n\n${table(rows)}`;
}
