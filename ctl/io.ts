/**
 * What the control tool needs of the process around it: its output, its name and its environment.
 * Tests hand in their own.
 *
 * @module
 */
import { argv0 } from "node:process";

/** Surroundings of one run of the control tool. */
export interface CtlIo {
  /** The name we were called by, for messages in the style of getopt. */
  programName: string;
  /** Writes to standard output; text as UTF-8, bytes as they are. */
  out(text: string | Uint8Array): void;
  /** Writes to standard error. */
  err(text: string): void;
  /** Whether standard error is a terminal, so that a line on it can be written over. */
  errIsTerminal: boolean;
  env(name: string): string | undefined;
}

/** Standard output or error was closed by its reader, as in `lvmlockctl -d | head`. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

const encoder = new TextEncoder();

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string | Uint8Array): void {
  let bytes = typeof text === "string" ? encoder.encode(text) : text;
  try {
    while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
    throw error;
  }
}

/** The stock tool's name if that is how we were called, with its directory as getopt shows it. */
function programName(): string {
  const name = argv0.slice(argv0.lastIndexOf("/") + 1);
  return name === "lvmlockctl" ? argv0 : "lvmlockctl";
}

/** The surroundings of this process. */
export function processIo(): CtlIo {
  return {
    programName: programName(),
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
    errIsTerminal: Deno.stderr.isTerminal(),
    env: (name) => Deno.env.get(name),
  };
}
