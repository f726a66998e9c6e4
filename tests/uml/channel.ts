/**
 * The line protocol between the host and a guest: how the guest is told to run a command, and how its
 * report is read. The texts themselves, the script and what it prints, are files in a folder that both
 * see: a guest that had to encode them would spend more time on that than on most commands. The other
 * end is guest_init.sh.
 *
 * @module
 */

/** What a command did in the guest. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
  /** Milliseconds by the guest's clock. */
  ms: number;
}

/** A line from the guest: it serves commands now, or command `id` has ended. */
export type Event = { kind: "ready" } | { kind: "done"; id: number; code: number; ms: number };

/** The folder of scripts and outputs, in the guest's directory. */
export const COMMANDS = "commands";

/** Writes the bash script of command `id`; returns the line that makes the guest run it. */
export function giveCommand(directory: string, id: number, script: string): string {
  Deno.writeTextFileSync(`${directory}/${COMMANDS}/${id}`, script);
  return `${id}\n`;
}

/** Takes what command `id` has printed, and removes its files. */
export function takeResult(directory: string, { id, code, ms }: Event & { kind: "done" }): Result {
  const at = `${directory}/${COMMANDS}/${id}`;
  const result = { code, ms, stdout: read(`${at}.out`), stderr: read(`${at}.err`) };
  for (const file of [at, `${at}.out`, `${at}.err`]) Deno.removeSync(file);
  return result;
}

/** A program may print anything; what is no UTF-8 becomes U+FFFD. */
function read(file: string): string {
  return new TextDecoder().decode(Deno.readFileSync(file));
}

/** Reads one line of the guest; `undefined` if it is not of the protocol (a kernel in panic). */
export function parseEvent(line: string): Event | undefined {
  if (line === "@ready") return { kind: "ready" };
  // Where a step sets the clock, its time may be anything.
  const match = /^@done (\d+) (\d+) (-?\d+)$/.exec(line);
  if (!match) return undefined;
  const [, id, code, us] = match;
  return { kind: "done", id: Number(id), code: Number(code), ms: Number(us) / 1000 };
}
