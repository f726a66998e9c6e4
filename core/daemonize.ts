/**
 * Runs the daemon in the background: starts this program again as its own session and waits until
 * that one serves or fails, so that the caller knows which when it returns.
 *
 * @module
 */
import { closeStreams, leaveSession } from "./os/process.ts";

/** Set for the background process; it reports on stdout. */
const MARK = "LVMLOCKD_BACKGROUND";
const READY = "ready\n";

/** Are we the background process? Forgets it, so that our own children are not. */
export function inBackground(): boolean {
  const marked = Deno.env.get(MARK) === "1";
  Deno.env.delete(MARK);
  return marked;
}

/**
 * Starts the background process and waits for it.
 * @param command the program and the arguments that come before the daemon's own.
 * @returns the exit status: 0 once it serves, else its own.
 */
export async function startInBackground(command: string[], args: string[]): Promise<number> {
  const child = new Deno.Command(command[0]!, {
    args: [...command.slice(1), ...args],
    env: { [MARK]: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  if (await firstWords(child.stdout) === READY) {
    child.unref();
    return 0;
  }
  const { code } = await child.status;
  return code === 0 ? 1 : code;
}

/** What is written before READY is complete, or the end. */
async function firstWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length >= READY.length) break;
  }
  return text;
}

/** Called by the background process when it serves. The starter hears of it when all else is done. */
export function reportReady(): void {
  leaveSession();
  closeStreams([0, 2]);
  Deno.stdout.writeSync(new TextEncoder().encode(READY));
  closeStreams([1]);
}
