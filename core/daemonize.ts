/**
 * Runs the daemon in the background: starts this program again as its own session and waits until
 * that one serves or fails, so that the caller knows which when it returns.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeStreams, leaveSession } from "./os/process.ts";
import type { Program } from "./program.ts";

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
 * @returns the exit status: 0 once it serves, else its own.
 */
export async function startInBackground(program: Program, args: string[]): Promise<number> {
  // Of the two ways to start a program only this one can give it a name of its own.
  const child = spawn(program.file, [...program.args, ...args], {
    argv0: program.name,
    env: { ...Deno.env.toObject(), [MARK]: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  if (await firstWords(child.stdout) === READY) {
    child.unref();
    return 0;
  }
  const [code] = await ended;
  return code || 1;
}

/** What is written before READY is complete, or the end. */
async function firstWords(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
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
