/**
 * The line protocol between the host and a guest: how a command is written to the guest's console and
 * how its report is read. The other end is guest_init.sh.
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
export type Event = { kind: "ready" } | { kind: "done"; id: number; result: Result };

/** The line that makes the guest run a bash script as command `id`. */
export function commandLine(id: number, script: string): string {
  return `${id} ${new TextEncoder().encode(script).toBase64()}\n`;
}

/** Reads one line of the guest; `undefined` if it is not of the protocol (a kernel in panic). */
export function parseEvent(line: string): Event | undefined {
  if (line === "@ready") return { kind: "ready" };
  const match = /^@done (\d+) (\d+) (\d+) \.(\S*) \.(\S*)$/.exec(line);
  if (!match) return undefined;
  const [, id, code, us, stdout = "", stderr = ""] = match;
  const result = {
    code: Number(code),
    stdout: decode(stdout),
    stderr: decode(stderr),
    ms: Number(us) / 1000,
  };
  return { kind: "done", id: Number(id), result };
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(base64));
}
