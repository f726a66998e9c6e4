/**
 * The control tool, `lvmlockctl`: options as those of the stock tool, and commands for people.
 *
 * @module
 */
import { CtlExit, Exit } from "./exit.ts";
import { type CtlIo, OutputClosed, processIo } from "./io.ts";
import { parseStockOptions, type StockCommandLine } from "./options.ts";
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
  const line = parseStockOptions(args);
  if (args.length === 0 || line.options.help) {
    io.out(usage);
    return Exit.ok;
  }
  if (line.mistake !== undefined) return mistaken(line, io);
  return await runStock(line.options, nativeSocketPath(line.options.socketPath, io), io);
}

function mistaken({ mistake }: StockCommandLine, io: CtlIo): number {
  io.err(`${io.programName}: ${mistake}\n`);
  io.out(usage);
  return Exit.usage;
}
