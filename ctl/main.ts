/**
 * The control tool, `lvmlockctl`: options as those of the stock tool, and commands for people.
 *
 * @module
 */
import { commands } from "./commands/registry.ts";
import { CtlExit, Exit } from "./exit.ts";
import { type CtlIo, OutputClosed, processIo } from "./io.ts";
import { parseStockOptions, pickAction, type StockCommandLine } from "./options.ts";
import { nativeSocketPath } from "./sockets.ts";
import { runStock } from "./stock/main.ts";
import { usage } from "./usage.ts";

/** What a process that a closed pipe ended exits with (128 + SIGPIPE). */
const brokenPipe = 141;

/** Runs the control tool with the arguments after its name and returns the exit code. */
export async function runCtl(args: string[], io: CtlIo = processIo()): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof OutputClosed) return brokenPipe;
    if (!(error instanceof CtlExit)) throw error;
    io.err(error.stderr);
    io.out(error.stdout);
    return error.code;
  }
}

async function dispatch(args: string[], io: CtlIo): Promise<number> {
  const [name = "", ...rest] = args;
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load) {
    const { runCommand } = await import("./commands/main.ts");
    return await runCommand(name, await load(), rest, io);
  }
  const line = parseStockOptions(args);
  if (args.length === 0 || line.options.help) {
    io.out(usage);
    return Exit.ok;
  }
  if (isUnknownCommand(name, line)) {
    const known = Object.keys(commands).join(", ");
    throw new CtlExit(Exit.usage, `${io.programName}: no command ${name}; there are ${known}\n`);
  }
  if (line.mistake !== undefined) return mistaken(line, io);
  return await runStock(line.options, nativeSocketPath(line.options.socketPath, io), io);
}

/** The stock tool ignores words; one in front without an action behind it is a misspelt command. */
function isUnknownCommand(name: string, line: StockCommandLine): boolean {
  const isWord = name !== "" && !name.startsWith("-");
  return isWord && (line.mistake !== undefined || pickAction(line.options) === "none");
}

function mistaken({ mistake }: StockCommandLine, io: CtlIo): number {
  io.err(`${io.programName}: ${mistake}\n`);
  io.out(usage);
  return Exit.usage;
}
