/**
 * Runs other programs: to read what they print, or for what they do.
 *
 * @module
 */
import { osErrno } from "./native_client.ts";

const ENOEXEC = 8;
/** Between the request to end and the order to. */
const termToKillMs = 5000;

/** How a program ended. A program that could not be started exits with the errno of the attempt. */
export type Outcome =
  | { kind: "exit"; code: number; output: Uint8Array }
  | { kind: "signal"; signal: string }
  | { kind: "timeout" };

/**
 * Runs `words[0]` with the other words as arguments, without a shell, its input empty and its error
 * output ours. What it prints is collected if `collect`, else dropped: either way it cannot block on
 * a full pipe. After `limitMs` it is told to end, and 5 s later made to.
 */
export async function runProgram(
  words: readonly string[],
  { collect, limitMs }: { collect: boolean; limitMs: number },
): Promise<Outcome> {
  let child: Deno.ChildProcess;
  try {
    child = spawn(words, collect);
  } catch (error) {
    return { kind: "exit", code: osErrno(error), output: new Uint8Array() };
  }
  let late = false;
  const timers = [
    setTimeout(() => (late = true, terminate(child, "SIGTERM")), limitMs),
    setTimeout(() => terminate(child, "SIGKILL"), limitMs + termToKillMs),
  ];
  const output = collect ? await child.output() : undefined;
  const status = await child.status;
  timers.forEach(clearTimeout);
  if (late) return { kind: "timeout" };
  if (status.signal) return { kind: "signal", signal: status.signal };
  return { kind: "exit", code: status.code, output: output?.stdout ?? new Uint8Array() };
}

/** Like execvp, gives a file that is no program to the shell. */
function spawn(words: readonly string[], collect: boolean): Deno.ChildProcess {
  const [program = "", ...args] = words;
  const options = { stdin: "null", stdout: collect ? "piped" : "null", stderr: "inherit" } as const;
  try {
    return new Deno.Command(program, { args, ...options }).spawn();
  } catch (error) {
    if (osErrno(error) !== ENOEXEC) throw error;
    return new Deno.Command("/bin/sh", { args: [program, ...args], ...options }).spawn();
  }
}

function terminate(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended meanwhile.
  }
}
