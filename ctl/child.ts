/**
 * Runs other programs: to read what they print, or for what they do.
 *
 * @module
 */
import { osErrno, osReason } from "./native_client.ts";

const ENOEXEC = 8;
/** Between the request to end and the order to. */
const termToKillMs = 5000;
/** Texts in English, and device names spelt the same way everywhere. */
const plainEnvironment = { LC_ALL: "C", DM_DEFAULT_NAME_MANGLING_MODE: "auto" };
const decoder = new TextDecoder();

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

/** How a run of {@link runPatiently} ended; `late` if it was not waited for any longer. */
export type RunEnd =
  | { kind: "exit"; code: number; stdout: string; stderr: string }
  | { kind: "signal"; signal: string }
  | { kind: "late"; ended: Promise<unknown> };

/**
 * Runs a program of which the kernel may hold on to the process: after `limitMs` it is killed, and not
 * waited for whether that helps or not. Without a limit it is never killed, and goes on even when this
 * process ends. Its output is English, its input empty.
 */
export async function runPatiently(words: readonly string[], limitMs?: number): Promise<RunEnd> {
  const [program = "", ...args] = words;
  const env = { ...Deno.env.toObject(), ...plainEnvironment };
  const options = { args, env, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, options).spawn();
  } catch (error) {
    const stderr = `${program}: ${osReason(error)}`;
    return { kind: "exit", code: osErrno(error), stdout: "", stderr };
  }
  const ended = child.output().then(({ code, signal, stdout, stderr }): RunEnd => {
    if (signal) return { kind: "signal", signal };
    return { kind: "exit", code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  });
  if (limitMs === undefined) return await ended;
  const { promise: late, resolve } = Promise.withResolvers<RunEnd>();
  const timer = setTimeout(() => {
    terminate(child, "SIGKILL");
    resolve({ kind: "late", ended });
  }, limitMs);
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  return end;
}

/** The path of a program for administrators, or its bare name if it is in none of their places. */
export async function findProgram(name: string): Promise<string> {
  for (const path of [`/sbin/${name}`, `/usr/sbin/${name}`]) {
    const found = await Deno.stat(path).then(() => true, () => false);
    if (found) return path;
  }
  return name;
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
